"""Rates at one threshold, with intervals of films taken one by one; `by_patient` knows their patients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from training.evaluate.ranked import Counts

CONFIDENCE = 0.95
DEFINITIONS = {
    "sensitivity": "Of the films with the finding, the share that is flagged (also recall, true positive rate).",
    "specificity": "Of the films without the finding, the share that is left alone.",
    "ppv": "Of the flagged films, the share that has the finding (positive predictive value, precision).",
    "npv": "Of the films left alone, the share that does not have it (negative predictive value).",
    "accuracy": "Share of films judged rightly; for a rare finding high even if nothing is ever flagged.",
    "prevalence": "Share of films that have the finding.",
    "predicted_prevalence": "Share of films that are flagged.",
    "f1": "Harmonic mean of sensitivity and PPV.",
    "youden": "Sensitivity plus specificity less 1: 0 for a coin, 1 for no error.",
}
# Each share: which cells of the confusion matrix, among which.
SHARES = {
    "sensitivity": (("tp",), ("tp", "fn")),
    "specificity": (("tn",), ("tn", "fp")),
    "ppv": (("tp",), ("tp", "fp")),
    "npv": (("tn",), ("tn", "fn")),
    "accuracy": (("tp", "tn"), ("tp", "fp", "fn", "tn")),
    "prevalence": (("tp", "fn"), ("tp", "fp", "fn", "tn")),
    "predicted_prevalence": (("tp", "fp"), ("tp", "fp", "fn", "tn")),
}


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        NaN where it is a share of nothing.
    count, of : int
        ``value`` is ``count / of``.
    """

    value: float
    low: float
    high: float
    count: int
    of: int


@dataclass(frozen=True)
class Rates:
    """What a confusion matrix says; see `DEFINITIONS`.

    Attributes
    ----------
    sensitivity, specificity, ppv, npv, accuracy, prevalence, predicted_prevalence : Share
        With Wilson's interval, or one that knows the films' patients.
    f1, youden : float
        NaN where undefined.
    """

    sensitivity: Share
    specificity: Share
    ppv: Share
    npv: Share
    accuracy: Share
    prevalence: Share
    predicted_prevalence: Share
    f1: float
    youden: float


def deviate(confidence: float = CONFIDENCE) -> float:
    """Give the normal deviate of a two-sided interval: 1.96 for 95 %."""
    return float(ndtri(0.5 + confidence / 2))


def wilson(count: np.ndarray | float, of: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Give Wilson's 95 % score interval of a share (Wilson, JASA 1927); NaN for a share of nothing.

    Parameters
    ----------
    count, of : array or float
        How many of how many.

    Returns
    -------
    low, high : array or float
    """
    of = np.asarray(of, float)
    z = deviate()
    with np.errstate(invalid="ignore", divide="ignore"):
        share = count / of
        centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
        half = z / (1 + z**2 / of) * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    # Rounding must not put the ends outside, nor off the share itself at 0 and 1.
    return np.clip(np.minimum(centre - half, share), 0, 1), np.clip(np.maximum(centre + half, share), 0, 1)


def share(count: int, of: int) -> Share:
    """Give a share with Wilson's interval."""
    if not of:
        return Share(math.nan, math.nan, math.nan, count, of)
    low, high = wilson(count, of)
    return Share(count / of, float(low), float(high), count, of)


def rates(counts: Counts) -> Rates:
    """Give all rates of a confusion matrix."""
    cells = vars(counts)
    return rates_of(
        counts,
        {
            name: share(sum(cells[cell] for cell in has), sum(cells[cell] for cell in among))
            for name, (has, among) in SHARES.items()
        },
    )


def rates_of(counts: Counts, shares: Mapping[str, Share]) -> Rates:
    """Give all rates of a confusion matrix whose shares, by the names of `SHARES`, have their intervals already."""
    tp, fp, fn = counts.tp, counts.fp, counts.fn
    return Rates(
        **shares,
        f1=2 * tp / (2 * tp + fp + fn) if tp + fn else math.nan,
        youden=shares["sensitivity"].value + shares["specificity"].value - 1,
    )


def ppv_at(counts: Counts, prevalence: float, variance: float | None = None) -> tuple[float, float, float]:
    """Give the PPV that the same sensitivity and specificity would have where the finding is as common as said.

    Parameters
    ----------
    counts : Counts
        Sensitivity and specificity are read from it.
    prevalence : float
        Share of films with the finding, there.
    variance : float, optional
        Of the logarithm of sensitivity over false alarm rate, where films of one patient are alike; see
        `training.evaluate.by_patient.ByPatient.ppv_variance`.

    Returns
    -------
    value, low, high : float
        With a 95 % interval by the delta method on the logit scale (Mercaldo et al., Statistics in Medicine
        2007); NaN where nothing is flagged, or sensitivity or specificity is undefined. The ends are NaN where
        sensitivity is 0 or specificity is 1.
    """
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    if not positives or not negatives or not counts.tp + counts.fp:
        return math.nan, math.nan, math.nan
    sensitivity, alarms = counts.tp / positives, counts.fp / negatives
    found, raised = sensitivity * prevalence, alarms * (1 - prevalence)
    if not found + raised:
        return math.nan, math.nan, math.nan
    value = found / (found + raised)
    if not found or not raised:
        return value, math.nan, math.nan
    if variance is None:
        variance = (1 - sensitivity) / counts.tp + (1 - alarms) / counts.fp
    half = deviate() * math.sqrt(variance)
    return value, float(expit(logit(value) - half)), float(expit(logit(value) + half))


def npv_at(counts: Counts, prevalence: float) -> float:
    """Give the NPV of the same sensitivity and specificity at another prevalence; NaN where undefined."""
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    if not positives or not negatives:
        return math.nan
    quiet, missed = counts.tn / negatives * (1 - prevalence), counts.fn / positives * prevalence
    return quiet / (quiet + missed) if quiet + missed else math.nan
