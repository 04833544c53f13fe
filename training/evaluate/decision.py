"""What a threshold is worth: net benefit and cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.evaluate.ranked import Counts, Ranked

GRID = np.linspace(0.001, 0.99, 200)


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit by threshold probability, of the model and of two ways to do without it.

    Attributes
    ----------
    thresholds : array (points,)
        Probability at which a reader would be indifferent: ``p / (1 - p)`` false alarms outweigh one film found.
    model, all_flagged : array (points,)
        Films found a film read, less false alarms at that rate of exchange; flagging nothing has 0.
    """

    thresholds: np.ndarray
    model: np.ndarray
    all_flagged: np.ndarray


def decision_curve(ranked: Ranked, thresholds: np.ndarray = GRID, prevalence: float | None = None) -> DecisionCurve:
    """Give the decision curve (Vickers and Elkin, Medical Decision Making 2006).

    Parameters
    ----------
    ranked : Ranked
        Scores are probabilities.
    thresholds : array (points,)
        Above 0 and below 1.
    prevalence : float, optional
        Of the place that the decision is for; that of the films where not given.
    """
    thresholds = np.asarray(thresholds, float)
    share = ranked.prevalence if prevalence is None else prevalence
    k = ranked.position(thresholds)
    sensitivity = _rate(ranked.true_positives[k], ranked.positives)
    alarms = _rate(ranked.false_positives[k], ranked.negatives)
    exchange = thresholds / (1 - thresholds)
    model = share * sensitivity - (1 - share) * alarms * exchange
    return DecisionCurve(thresholds, model, share - (1 - share) * exchange)


def expected_cost(counts: Counts, miss: float, alarm: float, prevalence: float | None = None) -> float:
    """Give the mean cost a film.

    Parameters
    ----------
    counts : Counts
        The threshold's confusion matrix.
    miss, alarm : float
        Cost of a film with the finding that is not flagged, and of one without it that is.
    prevalence : float, optional
        Of the place that the cost is for; that of the films where not given.

    Returns
    -------
    float
        NaN where films of one kind are absent.
    """
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    if not positives or not negatives:
        return math.nan
    share = positives / counts.films if prevalence is None else prevalence
    return share * counts.fn / positives * miss + (1 - share) * counts.fp / negatives * alarm


def _rate(counts: np.ndarray, of: int) -> np.ndarray:
    return counts / of if of else np.full(len(counts), math.nan)
