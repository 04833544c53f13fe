"""The ROC curve, the area under it and its interval."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluate.intervals import area_interval, like_patients
from training.evaluate.ranked import Ranked, dot, numbered, rank, thin


@dataclass(frozen=True)
class Auroc:
    """Area under the ROC curve with its confidence interval.

    Attributes
    ----------
    value : float
        Probability that a film with the finding scores above one without; NaN where either kind is absent.
    low, high : float
        95 % interval; NaN with fewer than two films of either kind.
    positives, negatives : int
        Films that it was measured on.
    variance : float
        Of ``value``; NaN where the interval is.
    """

    value: float
    low: float
    high: float
    positives: int
    negatives: int
    variance: float = math.nan


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Vertices of a ROC curve from (0, 0), nothing flagged, to (1, 1), all flagged.

    Attributes
    ----------
    false_positive_rate, true_positive_rate : array (vertices,)
        NaN throughout where films of one kind are absent.
    thresholds : array (vertices,)
        Lowest score that is flagged; infinity at (0, 0).
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray


def auroc(labels: np.ndarray, scores: np.ndarray) -> Auroc:
    """Measure the AUROC with DeLong's interval.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1); what is missing does not count.
    scores : array (films,)
        Higher means more likely; any monotone scale.

    Returns
    -------
    Auroc
    """
    return area(rank(labels, scores))


def area(ranked: Ranked) -> Auroc:
    """Measure the AUROC of ranked films with DeLong's interval.

    The variance is DeLong's (DeLong et al., Biometrics 1988) by way of ranks (Sun and Xu, IEEE Signal Processing
    Letters 2014). The interval is a score interval that does not shrink to a point where films are perfectly told
    apart, see `training.evaluate.intervals.area_interval`.
    """
    m, n = ranked.positives, ranked.negatives
    if not m or not n:
        return Auroc(math.nan, math.nan, math.nan, m, n)
    with_it, without = ranked.at_each_score()
    above, below = placements(ranked)
    value = dot(with_it, above) / m
    if m < 2 or n < 2:
        return Auroc(value, math.nan, math.nan, m, n)
    variance = dot(with_it, (above - value) ** 2) / (m - 1) / m + dot(without, (below - value) ** 2) / (n - 1) / n
    return Auroc(value, *area_interval(value, variance, min(m, n)), m, n, variance)


def clustered_auroc(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray) -> Auroc:
    """Measure the AUROC with an interval that knows that films of one patient are not independent.

    Obuchowski's variance (Biometrics 1997): DeLong's components, summed a patient. Where each patient has one
    film it is DeLong's.

    Parameters
    ----------
    labels, scores
        As in `auroc`.
    patients : array (films,)
        Patient of each film.
    """
    return clustered_area(rank(labels, scores), labels, patients)


def clustered_area(ranked: Ranked, labels: np.ndarray, patients: np.ndarray) -> Auroc:
    """Measure the AUROC of ranked films as `clustered_auroc` does."""
    plain = area(ranked)
    if math.isnan(plain.low):
        return plain
    ours = np.where(ranked.places < 0, np.nan, labels)
    variance = pooled_variance(deviations(ranked, ours), ours, patients)
    low, high = area_interval(plain.value, variance, fewest_patients(ours, patients))
    return dataclasses.replace(plain, low=low, high=high, variance=variance)


def deviations(ranked: Ranked, labels: np.ndarray) -> np.ndarray:
    """Give each film's DeLong component less the AUROC, divided by the number of films of its kind.

    Parameters
    ----------
    ranked : Ranked
        Both kinds must be there.
    labels : array (films,)
        Of the same films, in the order in which they were ranked.

    Returns
    -------
    array (films,)
        0 for films that are not ranked.
    """
    above, below = placements(ranked)
    value = dot(ranked.at_each_score()[0], above) / ranked.positives
    gain, loss = (above - value) / ranked.positives, (below - value) / ranked.negatives
    off = np.where(np.asarray(labels) == 1, gain[ranked.places], loss[ranked.places])
    return np.where(ranked.places < 0, 0.0, off)


def pooled_variance(off: np.ndarray, labels: np.ndarray, patients: np.ndarray) -> float:
    """Give the variance of an AUROC, or of a difference of two, from its `deviations`, summed a patient.

    NaN where fewer than two patients have films of either kind.
    """
    owner, names = numbered(patients)
    kinds = [np.flatnonzero(np.asarray(labels) == kind) for kind in (1, 0)]
    gain, loss = (np.bincount(owner[rows], off[rows], names) for rows in kinds)
    films = [np.bincount(owner[rows], minlength=names) for rows in kinds]
    with_it, without = (int(np.count_nonzero(each)) for each in films)
    count = int(np.count_nonzero(films[0] + films[1]))
    if min(with_it, without) < 2:
        return math.nan
    variance = (
        with_it / (with_it - 1) * dot(gain, gain)
        + without / (without - 1) * dot(loss, loss)
        + 2 * count / (count - 1) * dot(gain, loss)
    )
    return max(float(variance), 0.0)


def fewest_patients(labels: np.ndarray, patients: np.ndarray) -> float:
    """Say how many patients have films of the rarer kind, as `training.evaluate.intervals.like_patients` counts."""
    owner, names = numbered(patients)
    return min(like_patients(np.bincount(owner[np.asarray(labels) == kind], minlength=names)) for kind in (1, 0))


def placements(ranked: Ranked) -> tuple[np.ndarray, np.ndarray]:
    """Give DeLong's structural components at each distinct score; both kinds of film must be there.

    Returns
    -------
    above : array (K,)
        Share of the films without the finding that a film of this score lies above; ties count half.
    below : array (K,)
        Share of the films with the finding that lie above a film of this score; ties count half.
    """
    with_it, without = ranked.at_each_score()
    above = (ranked.negatives - ranked.false_positives[:-1] + without / 2) / ranked.negatives
    below = (ranked.true_positives[1:] + with_it / 2) / ranked.positives
    return above, below


def roc_curve(ranked: Ranked, points: int | None = None, keep: Sequence[float] = ()) -> RocCurve:
    """Give the ROC curve.

    Every vertex is exact. With ``points`` the curve has at most about so many, evenly along it, for drawing: no
    vertex left out is further from one that stays than 2 / points, in both rates together.

    Parameters
    ----------
    ranked : Ranked
    points : int, optional
        None gives every vertex at which the curve turns.
    keep : sequence of float
        Thresholds whose vertex must be there.
    """
    raised = _share(ranked.false_positives[::-1], ranked.negatives)
    found = _share(ranked.true_positives[::-1], ranked.positives)
    thresholds = np.append(np.inf, ranked.scores[::-1])
    last = len(thresholds) - 1
    kept = last - ranked.position(np.asarray(keep, float)).astype(int)
    if points is not None:
        progress = found + raised if ranked.positives and ranked.negatives else np.arange(last + 1.0)
        corners = thin(progress, points, kept)
        return RocCurve(raised[corners], found[corners], thresholds[corners])
    # A vertex between two steps in the same direction lies on a straight line.
    d_found, d_raised = np.diff(ranked.true_positives[::-1]), np.diff(ranked.false_positives[::-1])
    turns = np.flatnonzero(d_found[:-1].astype(float) * d_raised[1:] != d_found[1:].astype(float) * d_raised[:-1]) + 1
    corners = np.unique(np.concatenate([[0, last], turns, kept])).astype(int)
    return RocCurve(raised[corners], found[corners], thresholds[corners])


def mean_auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Give the plain mean of the AUROC over findings that have films of both kinds."""
    values = [auroc(labels[:, k], scores[:, k]).value for k in range(labels.shape[1])]
    measured = [value for value in values if not math.isnan(value)]
    return float(np.mean(measured)) if measured else math.nan


def _share(counts: np.ndarray, of: int) -> np.ndarray:
    return counts / of if of else np.full(len(counts), math.nan)
