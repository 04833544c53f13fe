"""Two sets of probabilities for the same films, each at its own threshold: what a change of either changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from training.evaluate.fair import fair_pair
from training.evaluate.intervals import clustered_share, correlation, newcombe
from training.evaluate.judged import Judged
from training.evaluate.ranked import dot, numbered, usable
from training.evaluate.rates import CONFIDENCE

MEASURES = {
    "sensitivity": "Of the films with the finding, the share that is flagged.",
    "specificity": "Of the films without the finding, the share that is left alone.",
    "predicted_prevalence": "Share of films that are flagged.",
    "ppv": "Of the flagged films, the share that has the finding.",
    "brier": "Mean squared difference between probability and truth.",
    "mean_probability": "To hold against the share of films that have the finding.",
}
SHARES = ("sensitivity", "specificity", "predicted_prevalence", "ppv")
MOST_SIGNS = 300  # patients that are judged differently; beyond them the exact p and Student's are the same
METHOD = (
    "The interval is of the difference, film by film, and knows that films of one patient are alike: Student's t over "
    "patients; of a share the wider end of that and of what both shares' intervals and their correlation leave open "
    "(Newcombe 1998; Zou and Donner 2008). p of a share is exact: how often patients who are judged differently would "
    "fall this far to one side by tossing a coin (with one film a patient, McNemar's test; beyond "
    f"{MOST_SIGNS} such patients Student's). The PPV, of other films each time, has none. Where no film is judged "
    "differently, the interval is what so many patients leave open."
)


@dataclass(frozen=True)
class Change:
    """One measure of both, and how far they differ.

    Attributes
    ----------
    measure : str
        One of `MEASURES`.
    first, second : float
        NaN where it is a share of nothing.
    difference, low, high : float
        ``second - first`` with its 95 % interval; NaN where it cannot be said.
    p : float
        Of no difference, two-sided; NaN for the PPV.
    of : int
        Films that it is measured on; for the PPV those that either flags.
    """

    measure: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    of: int


@dataclass(frozen=True)
class SideBySide:
    """Two sets of probabilities on the films that both have.

    Attributes
    ----------
    thresholds : (float, float)
    changes : dict of str to Change
        By `MEASURES`.
    missed : (int, int)
        Films with the finding that are not flagged.
    positives, films : int
    left_out : int
        Films that lack a label or one of the two.
    """

    thresholds: tuple[float, float]
    changes: dict[str, Change]
    missed: tuple[int, int]
    positives: int
    films: int
    left_out: int


def side_by_side(
    labels: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    thresholds: tuple[float, float],
    patients: np.ndarray | None = None,
) -> SideBySide:
    """Measure two sets of probabilities on the same films, and test each measure for a difference.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1).
    first, second : array (films,)
        Probabilities; NaN where a film has none.
    thresholds : (float, float)
        From which either flags a film.
    patients : array (films,), optional
        Patient of each film; without it each film stands for itself.
    """
    truth, used = usable(labels, first)
    used &= usable(labels, second)[1]
    owner, _ = numbered(np.arange(len(truth)) if patients is None else np.asarray(patients))
    truth, owner = truth[used].astype(float), numbered(owner[used])[0]
    both = [np.asarray(one, float)[used] for one in (first, second)]
    flags = [(p >= threshold).astype(float) for p, threshold in zip(both, thresholds, strict=True)]
    every = np.ones(len(truth))
    parts = {
        "sensitivity": [(flag * truth, truth) for flag in flags],
        "specificity": [((1 - flag) * (1 - truth), 1 - truth) for flag in flags],
        "predicted_prevalence": [(flag, every) for flag in flags],
        "ppv": [(flag * truth, flag) for flag in flags],
        "brier": [((p - truth) ** 2, every) for p in both],
        "mean_probability": [(p, every) for p in both],
    }
    changes = {name: _change(name, pair[0], pair[1], owner) for name, pair in parts.items()}
    positives = int(truth.sum())
    missed = [positives - int((flag * truth).sum()) for flag in flags]
    return SideBySide(thresholds, changes, (missed[0], missed[1]), positives, len(truth), int((~used).sum()))


def side_by_side_judged(first: Judged, second: Judged, finding: str, thresholds: tuple[float, float]) -> SideBySide:
    """Compare two models on the films of `training.evaluate.fair.fair_pair`; labels are those of the first.

    Raises
    ------
    EvaluateError
        If they have no film in common, or one does not judge the finding.
    """
    pair = fair_pair(first, second, finding)
    first, second = pair.first, pair.second
    return side_by_side(first.truth(finding), first.scores(finding), second.scores(finding), thresholds, first.patients)


def disagree(found: SideBySide) -> list[str]:
    """Name the shares whose interval holds 0 beside a p below 0.05, or leaves it out beside a larger one.

    The interval is the wider of two and cautious, p is exact: where few patients are judged differently, the one may
    see a change that the other does not.
    """
    shares = (found.changes[name] for name in SHARES)
    return [
        one.measure
        for one in shares
        if not math.isnan(one.p) and not math.isnan(one.low) and (one.low <= 0 <= one.high) == (one.p < 1 - CONFIDENCE)
    ]


def _change(
    measure: str,
    first: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
    owner: np.ndarray,
) -> Change:
    """Compare two ratios of sums over films; each is a pair of what is summed above and below the line."""
    of = int(np.maximum(first[1], second[1]).sum())
    was, now = (float(above.sum() / below.sum()) if below.sum() else math.nan for above, below in (first, second))
    difference = now - was
    if math.isnan(difference):
        return Change(measure, was, now, math.nan, math.nan, math.nan, math.nan, of)
    here = np.bincount(owner, np.maximum(first[1], second[1])) > 0
    both = [tuple(np.bincount(owner, part)[here] for part in each) for each in (first, second)]
    patients = int(here.sum())
    if patients < 2:
        return Change(measure, was, now, difference, math.nan, math.nan, math.nan, of)
    # How far each patient moves the difference (linearised; Rao and Scott, Biometrics 1992).
    pulls = [(above - value * below) / below.sum() for (above, below), value in zip(both, (was, now), strict=True)]
    deviation = math.sqrt(dot(pulls[1] - pulls[0], pulls[1] - pulls[0]) * patients / (patients - 1))
    if measure in SHARES:
        p = math.nan if measure == "ppv" else _sign_p(both[1][0] - both[0][0])
        p = _student_p(difference, deviation, patients) if p is None else p
        if np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1]):
            most = 1 - ((1 - CONFIDENCE) / 2) ** (1 / patients)
            return Change(measure, was, now, 0.0, -most, most, p, of)
    else:
        p = _student_p(difference, deviation, patients)
    half = float(stdtrit(patients - 1, 0.5 + CONFIDENCE / 2)) * deviation
    low, high = difference - half, difference + half
    if measure in SHARES:  # Student's alone shrinks to a point where all patients moved alike
        (above, below), (above_now, below_now) = both
        alike = correlation(above_now, below_now, above, below)
        ends = newcombe(clustered_share(above_now, below_now), clustered_share(above, below), alike)
        low, high = min(low, ends[0]), max(high, ends[1])
    return Change(measure, was, now, difference, max(low, -1.0), min(high, 1.0), p, of)  # none changes by more


def _sign_p(moved: np.ndarray) -> float | None:
    """Give the exact two-sided p of films gained and lost by patient if each could as well have been the other way.

    None where too many patients moved to toss a coin for each.
    """
    moved = moved[moved != 0].astype(int)
    if len(moved) > MOST_SIGNS:
        return None
    chances = np.ones(1)  # of each sum, from the lowest there can be to the highest
    for size in 2 * np.abs(moved):
        chances = np.r_[chances, np.zeros(size)] / 2 + np.r_[np.zeros(size), chances] / 2
    sums = np.arange(len(chances)) - (len(chances) - 1) // 2
    return min(float(chances[np.abs(sums) >= abs(moved.sum())].sum()), 1.0)


def _student_p(difference: float, deviation: float, patients: int) -> float:
    return float(2 * stdtr(patients - 1, -abs(difference) / deviation)) if deviation else float(difference == 0)
