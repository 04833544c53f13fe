"""Two models on the same films."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from training.evaluate.fair import fair_pair
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
        DeLong's test of no difference, two-sided.
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
    films of one patient are (Obuchowski, Biometrics 1997).

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
    off = [deviations(rank(truth, one), truth) for one in scores]
    variance = pooled_variance(off[0] - off[1], truth, owner)
    deviation = math.sqrt(variance)
    z = difference / deviation if deviation else (0.0 if difference == 0 else math.copysign(math.inf, difference))
    half = deviate() * deviation
    p = float(2 * ndtr(-abs(z)))
    return Paired(*areas, difference, difference - half, difference + half, z, p, len(truth), left_out)


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
