"""Two models on the same films."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from training.evaluate.fair import fair_pair
from training.evaluate.intervals import newcombe
from training.evaluate.judged import Judged
from training.evaluate.ranked import rank, usable
from training.evaluate.rates import deviate
from training.evaluate.roc import Auroc, clustered_auroc, deviations, pooled_variance


@dataclass(frozen=True)
class Paired:
    """The AUROC of two models on the same films.

    Attributes
    ----------
    first, second : Auroc
        Of each on these films.
    difference, low, high : float
        ``first - second`` with its 95 % interval; NaN where films of one kind are absent.
    z, p : float
        Of no difference, two-sided: p is below 0.05 just where the interval leaves 0 out.
    films : int
        Films with a label and both scores.
    left_out : int
        Films that lack one of them.
    """

    first: Auroc
    second: Auroc
    difference: float
    low: float
    high: float
    z: float
    p: float
    films: int
    left_out: int


def compare(labels: np.ndarray, first: np.ndarray, second: np.ndarray, patients: np.ndarray | None = None) -> Paired:
    """Test whether two models' AUROCs differ on the same films (DeLong et al., Biometrics 1988).

    Being measured on the same films, the two are correlated; the test knows it. With ``patients`` it also knows that
    films of one patient are (Obuchowski, Biometrics 1997). The interval is made from those of both areas and their
    correlation (Zou and Donner, Statistics in Medicine 2008): DeLong's own is too narrow where few films have the
    finding, and shrinks to a point where they are perfectly told apart.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1).
    first, second : array (films,)
        Scores of either model; NaN where a film has none. Their scales need not agree.
    patients : array (films,), optional
        Patient of each film; without it each film stands for itself.
    """
    truth, used = usable(labels, first)
    used &= usable(labels, second)[1]
    truth = truth[used]
    scores = [np.asarray(one, float)[used] for one in (first, second)]
    owner = np.arange(len(truth)) if patients is None else np.asarray(patients)[used]
    areas = clustered_auroc(truth, scores[0], owner), clustered_auroc(truth, scores[1], owner)
    difference = areas[0].value - areas[1].value
    left_out = int((~used).sum())
    if math.isnan(areas[0].low):
        nothing = math.nan
        return Paired(*areas, difference, nothing, nothing, nothing, nothing, len(truth), left_out)
    orders = [rank(truth, one) for one in scores]
    if np.array_equal(orders[0].places, orders[1].places):  # the same order, film by film
        return Paired(*areas, difference, 0.0, 0.0, 0.0, 1.0, len(truth), left_out)
    off = [deviations(one, truth) for one in orders]
    low, high = _interval(areas, pooled_variance(off[0] - off[1], truth, owner))
    half = difference - low if difference > 0 else high - difference
    z = deviate() * difference / half if difference else 0.0
    return Paired(*areas, difference, low, high, z, float(2 * ndtr(-abs(z))), len(truth), left_out)


def _interval(areas: tuple[Auroc, Auroc], variance: float) -> tuple[float, float]:
    """Give the interval of the first area less the second from that of each and from the variance of the difference."""
    first, second = areas
    shared = (first.variance + second.variance - variance) / 2
    spread = math.sqrt(first.variance * second.variance)
    return newcombe(first, second, min(max(shared / spread, -1.0), 1.0) if spread else 0.0)


def compare_judged(first: Judged, second: Judged, finding: str) -> Paired:
    """Compare two models on the films of `training.evaluate.fair.fair_pair`; labels are those of the first.

    Raises
    ------
    EvaluateError
        If they have no film in common, or one does not judge the finding.
    """
    pair = fair_pair(first, second, finding)
    first, second = pair.first, pair.second
    patients = first.patients if first.patients_repeat else None
    return compare(first.truth(finding), first.scores(finding), second.scores(finding), patients)
