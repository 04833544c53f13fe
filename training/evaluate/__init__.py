"""What a classifier's probabilities are worth: plain functions on arrays, each with its definition and source."""

from training.evaluate.bootstrap import mean_auroc_interval
from training.evaluate.calibration import expected_calibration_error
from training.evaluate.roc import Auroc, auroc, mean_auroc
from training.evaluate.thresholds import balanced_threshold

__all__ = [
    "Auroc",
    "auroc",
    "balanced_threshold",
    "expected_calibration_error",
    "mean_auroc",
    "mean_auroc_interval",
]
