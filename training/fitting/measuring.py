"""Measure probabilities against labels, for a model card."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.patients import count_patients
from training.datasets.table import labels
from training.evaluate import expected_calibration_error, mean_auroc, mean_auroc_interval
from training.evaluate.roc import clustered_auroc

# Below this many positives an AUROC says too little to count in a mean.
FEWEST_POSITIVES = 5
DEFINITIONS = {
    "auroc": "Chance that a film with the finding scores above one without; 95 % interval by Obuchowski, which knows "
    "that films of one patient are alike, and is DeLong's where each has one; a score interval.",
    "mean_auroc": f"Plain mean of the AUROC over findings with at least {FEWEST_POSITIVES} positives; "
    "95 % interval from 500 draws with replacement of patients, or of films where the patient is not known.",
    "sensitivity, specificity": "Shares of the films with and without the finding on the right side of the threshold.",
    "ece": "Expected calibration error: mean gap between predicted and observed share over 10 groups of equal size.",
    "mean_probability": "The share of films that the model expects to have the finding.",
}


def measures(
    films: pd.DataFrame,
    findings: tuple[str, ...],
    probabilities: np.ndarray,
    thresholds: dict[str, float],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Measure probabilities (films, findings) against the labels of films, each finding at its threshold."""
    return measure(labels(films, findings), films["patient"].to_numpy(), findings, probabilities, thresholds, rng)


def measure(
    truth: np.ndarray,
    patients: np.ndarray,
    outputs: tuple[str, ...],
    probabilities: np.ndarray,
    thresholds: dict[str, float],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Measure probabilities against the truth.

    Parameters
    ----------
    truth : array (films, outputs)
        1, 0 or NaN.
    patients : array (films,)
        Whose film it is; none where not known.
    outputs : tuple of str
        What the columns are.
    probabilities : array (films, outputs)
    thresholds : dict of str to float
        Threshold of each output.
    rng : numpy.random.Generator
        Draws patients for the interval of the mean AUROC.

    Returns
    -------
    dict
        What `DEFINITIONS` says, as plain JSON values; null where nothing can be measured. ``patients`` is null where
        not all are known; then ``films_of_unknown_patients`` counts films and ``caution`` says what that means.
    """
    each, whose = {}, count_patients(patients)
    for k, name in enumerate(outputs):
        area = clustered_auroc(truth[:, k], probabilities[:, k], patients)
        flagged, known = probabilities[:, k] >= thresholds[name], ~np.isnan(truth[:, k])
        each[name] = {
            "positives": area.positives,
            "negatives": area.negatives,
            "auroc": number(area.value),
            "auroc_low": number(area.low),
            "auroc_high": number(area.high),
            "ece": number(expected_calibration_error(truth[:, k], probabilities[:, k])),
            "sensitivity": number(mean(flagged[truth[:, k] == 1])),
            "specificity": number(mean(~flagged[truth[:, k] == 0])),
            "mean_probability": number(mean(probabilities[known, k])),
        }
    counted = [k for k, name in enumerate(outputs) if _counts(each[name])]
    interval = (math.nan, math.nan)
    if counted:
        with warnings.catch_warnings():  # few patients may be drawn without any finding of both kinds
            warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
            interval = mean_auroc_interval(truth[:, counted], probabilities[:, counted], patients, rng)
    errors = [one["ece"] for one in each.values() if one["ece"] is not None]
    return {
        "films": len(truth),
        **whose.facts,
        "mean_auroc": number(mean_auroc(truth[:, counted], probabilities[:, counted])),
        "mean_auroc_low": number(interval[0]),
        "mean_auroc_high": number(interval[1]),
        "mean_auroc_findings": [outputs[k] for k in counted],
        "mean_ece": number(mean(np.array(errors))),
        "findings": each,
    }


def mean(values: np.ndarray) -> float:
    """Give the mean; NaN of nothing."""
    return float(values.mean()) if len(values) else math.nan


def number(value: float) -> float | None:
    """Round for the card; what could not be measured is null, since JSON has no NaN."""
    return None if math.isnan(value) else round(value, 4)


def _counts(measured: dict[str, Any]) -> bool:
    return min(measured["positives"], measured["negatives"]) >= FEWEST_POSITIVES
