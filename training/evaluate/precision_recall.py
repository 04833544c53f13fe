"""The precision-recall curve and the average precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluate.ranked import Ranked, dot, thin


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Vertices from nothing flagged (recall 0, precision 1 by convention) to all flagged.

    Attributes
    ----------
    recall, precision : array (vertices,)
        Recall is the sensitivity, precision the PPV.
    thresholds : array (vertices,)
        Lowest score that is flagged; infinity where nothing is.
    prevalence : float
        Precision of a coin: the line to beat.
    """

    recall: np.ndarray
    precision: np.ndarray
    thresholds: np.ndarray
    prevalence: float


def precision_recall_curve(
    ranked: Ranked, points: int | None = None, keep: Sequence[float] = ()
) -> PrecisionRecallCurve:
    """Give the precision-recall curve.

    Precision is not linear between vertices (Davis and Goadrich, ICML 2006); draw it as steps.

    Parameters
    ----------
    ranked : Ranked
    points : int, optional
        For drawing: at most about so many exact vertices, evenly by recall and by the logarithm of the films
        flagged, since precision moves most where few are. None gives all.
    keep : sequence of float
        Thresholds whose vertex must be there.
    """
    found, raised = ranked.true_positives[::-1], ranked.false_positives[::-1]
    flagged = found + raised
    recall = found / ranked.positives if ranked.positives else np.full(len(found), math.nan)
    precision = np.divide(found, flagged, out=np.ones(len(found)), where=flagged > 0)
    thresholds = np.append(np.inf, ranked.scores[::-1])
    chosen = np.arange(len(found))
    if points is not None:
        progress = found / max(ranked.positives, 1) + np.log1p(flagged) / math.log1p(max(ranked.films, 1))
        kept = len(found) - 1 - ranked.position(np.asarray(keep, float)).astype(int)
        chosen = thin(progress, points, kept)
    return PrecisionRecallCurve(recall[chosen], precision[chosen], thresholds[chosen], ranked.prevalence)


def average_precision(ranked: Ranked) -> float:
    """Give the mean of precision over the steps of recall; NaN where no film has the finding.

    The step-wise sum without interpolation, as scikit-learn's ``average_precision_score``.
    """
    return average_precision_of(ranked.true_positives, ranked.false_positives)


def average_precision_of(true_positives: np.ndarray, false_positives: np.ndarray) -> float:
    """Give the average precision of cumulated counts, as `Ranked` holds them; they may be weighted."""
    positives = true_positives[0] if len(true_positives) else 0
    if not positives:
        return math.nan
    found, flagged = true_positives[:-1], true_positives[:-1] + false_positives[:-1]
    precision = np.divide(found, flagged, out=np.zeros(len(found)), where=flagged > 0)
    return -dot(np.diff(true_positives), precision) / float(positives)
