"""Measures of a classifier's probabilities against labels, each with its definition, interval and source."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

CONFIDENCE = 0.95


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
    """

    value: float
    low: float
    high: float
    positives: int
    negatives: int


def auroc(labels: np.ndarray, scores: np.ndarray) -> Auroc:
    """Measure the AUROC with DeLong's interval.

    The variance is DeLong's (DeLong et al., Biometrics 1988) by way of ranks (Sun and Xu, IEEE Signal Processing
    Letters 2014). The interval is symmetric on the logit scale, so that it stays inside [0, 1] (Pepe, 2003,
    section 5.2); a perfect separation has no variance by this formula, its interval is the point itself.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or NaN; NaN does not count.
    scores : array (films,)
        Higher means more likely; any monotone scale.

    Returns
    -------
    Auroc
    """
    labels, scores = np.asarray(labels, float), np.asarray(scores, float)
    positive, negative = scores[labels == 1], scores[labels == 0]
    m, n = len(positive), len(negative)
    if not m or not n:
        return Auroc(math.nan, math.nan, math.nan, m, n)
    above, below = placements(positive, negative)
    value = float(above.mean())
    if m < 2 or n < 2:
        return Auroc(value, math.nan, math.nan, m, n)
    deviation = math.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n)
    low, high = _logit_interval(value, deviation)
    return Auroc(value, low, high, m, n)


def placements(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give DeLong's structural components.

    Returns
    -------
    above : array (positives,)
        For each positive, the share of negatives that it scores above; ties count half.
    below : array (negatives,)
        For each negative, the share of positives that score above it; ties count half.
    """
    m, n = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:m] - rankdata(positive)) / n
    below = 1 - (ranks[m:] - rankdata(negative)) / m
    return above, below


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Measure how far probabilities lie from observed shares.

    Films are put in ``bins`` groups of equal number by probability; the error is the mean over groups, weighted
    by size, of ``|mean probability - share of positives|`` (Naeini et al., AAAI 2015; equal-mass bins as in
    Nixon et al., CVPR workshops 2019, since most probabilities of a rare finding are small).

    Parameters
    ----------
    labels : array (films,)
        1, 0 or NaN; NaN does not count.
    probabilities : array (films,)
        In [0, 1].
    bins : int
        Number of groups.
    """
    labels, probabilities = np.asarray(labels, float), np.asarray(probabilities, float)
    known = np.flatnonzero(~np.isnan(labels))
    if not len(known):
        return math.nan
    order = known[np.argsort(probabilities[known], kind="stable")]
    groups = [group for group in np.array_split(order, bins) if len(group)]
    gaps = [abs(probabilities[group].mean() - labels[group].mean()) * len(group) for group in groups]
    return float(sum(gaps) / len(order))


def balanced_threshold(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Find the cut at which sensitivity and specificity are as equal as they can be.

    The cut lies halfway between two neighbouring probabilities, so that no film sits on it.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or NaN; NaN does not count.
    probabilities : array (films,)
        In [0, 1]; a film is flagged from the cut upwards.

    Returns
    -------
    float
        NaN where positives or negatives are absent.
    """
    labels, probabilities = np.asarray(labels, float), np.asarray(probabilities, float)
    known = ~np.isnan(labels)
    order = np.argsort(-probabilities[known], kind="stable")
    truth, ranked = labels[known][order] == 1, probabilities[known][order]
    if truth.all() or not truth.any():
        return math.nan
    sensitivity = np.cumsum(truth) / truth.sum()
    specificity = 1 - np.cumsum(~truth) / (~truth).sum()
    cuts = np.flatnonzero(ranked[:-1] > ranked[1:])
    if not len(cuts):
        return float(ranked[0])
    last = cuts[np.argmin(np.abs(sensitivity - specificity)[cuts])]
    return float((ranked[last] + ranked[last + 1]) / 2)


def mean_auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Give the plain mean of the AUROC over findings that have films of both kinds."""
    values = [auroc(labels[:, k], scores[:, k]).value for k in range(labels.shape[1])]
    measured = [value for value in values if not math.isnan(value)]
    return float(np.mean(measured)) if measured else math.nan


def mean_auroc_interval(
    labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, rng: np.random.Generator, draws: int = 500
) -> tuple[float, float]:
    """Give the 95 % percentile interval of `mean_auroc`, from drawing patients with replacement.

    Whole patients are drawn, since films of one patient are not independent (Efron and Tibshirani, 1993, chapter
    13; for clustered ROC data Rutter, Academic Radiology 2000).
    """
    names, owner = np.unique(patients, return_inverse=True)
    rows_of = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    means = []
    for _ in range(draws):
        drawn = np.concatenate([rows_of[patient] for patient in rng.integers(len(names), size=len(names))])
        means.append(mean_auroc(labels[drawn], scores[drawn]))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _logit_interval(value: float, deviation: float) -> tuple[float, float]:
    if deviation == 0 or value in (0.0, 1.0):
        return value, value
    width = norm.ppf(0.5 + CONFIDENCE / 2) * deviation / (value * (1 - value))
    return float(expit(logit(value) - width)), float(expit(logit(value) + width))
