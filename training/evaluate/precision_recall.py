"""The precision-recall curve and the average precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluate.by_patient import ByPatient
from training.evaluate.intervals import area_interval, like_patients
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


def clustered_average_precision(whose: ByPatient) -> tuple[float, float, float]:
    """Give the average precision with a 95 % interval that knows that films of one patient are not independent.

    The variance is the infinitesimal jackknife's over patients (Efron, 1982, chapter 6): by how much each film moves
    the figure, summed a patient. The interval is `training.evaluate.intervals.area_interval`'s.

    Returns
    -------
    value, low, high : float
        The ends are NaN where fewer than two patients have the finding, or none lacks it.
    """
    ranked = whose.ranked
    value = average_precision(ranked)
    with_it = int(np.count_nonzero(whose.positives))
    if with_it < 2 or not ranked.negatives:
        return value, math.nan, math.nan
    gain, loss = _moves(ranked, value)
    off = np.where(whose.positive, gain[whose.places], loss[whose.places])
    sums = np.bincount(whose.owner, off, whose.patients)
    variance = with_it / (with_it - 1) * dot(sums, sums)
    return value, *area_interval(value, variance, like_patients(whose.positives))


def _moves(ranked: Ranked, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Say by how much a film with the finding, and one without, moves the average precision, at each score."""
    with_it, _ = ranked.at_each_score()
    found, raised = (counts[:-1].astype(float) for counts in (ranked.true_positives, ranked.false_positives))
    flagged = found + raised
    # A film counts among those flagged at its own score and at each lower one.
    helps = np.cumsum(with_it * raised / flagged**2)
    hurts = np.cumsum(with_it * found / flagged**2)
    return (found / flagged - value + helps) / ranked.positives, -hurts / ranked.positives
