"""How scores are spread among films with and without the finding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from training.evaluate.ranked import Ranked

FLOOR = 1e-6  # on the logit scale the rest is drawn at the edge


@dataclass(frozen=True, eq=False)
class Histogram:
    """Films a bar, by truth.

    Attributes
    ----------
    edges : array (bins + 1,)
        Probabilities; evenly spaced on ``scale``.
    positives, negatives : int array (bins,)
    scale : {"logit", "probability"}
    """

    edges: np.ndarray
    positives: np.ndarray
    negatives: np.ndarray
    scale: str


def score_histogram(ranked: Ranked, bins: int = 40, scale: str = "logit") -> Histogram:
    """Count films by probability.

    Parameters
    ----------
    ranked : Ranked
        Scores are probabilities.
    bins : int
    scale : {"logit", "probability"}
        Probabilities of a rare finding crowd at 0; the logit scale spreads them.
    """
    if scale == "probability" or not ranked.films:
        edges = np.linspace(0, 1, bins + 1)
    else:
        low, high = np.clip(ranked.scores[[0, -1]], FLOOR, 1 - FLOOR)
        middle = logit(low), logit(high)
        edges = expit(np.linspace(middle[0] - 1e-3, middle[1] + 1e-3, bins + 1))
    at = ranked.position(edges)
    at[0], at[-1] = 0, len(ranked.scores)
    return Histogram(edges, -np.diff(ranked.true_positives[at]), -np.diff(ranked.false_positives[at]), scale)
