"""Intervals by drawing patients with replacement.

Whole patients are drawn, since films of one patient are not independent (Efron and Tibshirani, 1993, chapter 13; for
clustered ROC data Rutter, Academic Radiology 2000). A draw is a weight a patient, so a statistic of a draw needs no
new sort: it is read from weighted counts at the distinct scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from training.evaluate.precision_recall import average_precision_of
from training.evaluate.ranked import dot, numbered, rank
from training.evaluate.rates import CONFIDENCE

DRAWS = 500
BAND_DRAWS = 200
BAND_STEPS = 4000
Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray | float]


@dataclass(frozen=True, eq=False)
class RocBand:
    """Pointwise 95 % band of a ROC curve.

    Attributes
    ----------
    false_positive_rate : array (points,)
    low, high : array (points,)
        Of the true positive rate there; NaN where films of one kind are absent.
    method : str
        How it was made, in words.
    """

    false_positive_rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    method: str


def draw_statistic(
    labels: np.ndarray,
    scores: np.ndarray,
    patients: np.ndarray,
    statistic: Statistic,
    rng: np.random.Generator,
    draws: int = DRAWS,
    steps: int | None = None,
) -> np.ndarray:
    """Measure a statistic on films of patients drawn with replacement.

    Parameters
    ----------
    labels, scores : array (films,)
        As in `training.evaluate.ranked.rank`.
    patients : array (films,)
        Patient of each film.
    statistic : callable
        Takes cumulated counts as `Ranked` holds them, float64 (K + 1,) of films with and without the finding, and
        gives a number or an array; see `area_of`.
    rng : numpy.random.Generator
    draws : int
    steps : int, optional
        Count at this many scores only, with equal numbers of films between: less exact, and faster where there are
        many films.

    Returns
    -------
    array (draws, ...)
        NaN where a draw has films of one kind only.
    """
    ranked = rank(labels, scores)
    owner, names = numbered(patients)
    places, levels = ranked.places, len(ranked.scores)
    if steps is not None and steps < levels:
        below = ranked.films - ranked.true_positives[:-1] - ranked.false_positives[:-1]
        places, levels = np.where(places < 0, -1, (below.astype(np.int64) * steps // ranked.films)[places]), steps
    kinds = [_in_order(places, owner, np.asarray(labels) == kind) for kind in (1, 0)]
    return np.array(
        [
            statistic(*(_cumulated(weight[whose], where, levels) for where, whose in kinds))
            for weight in _weights(names, rng, draws)
        ]
    )


def percentile_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the 95 % percentile interval over the first axis; NaN where no draw gave a number."""
    tail = (1 - CONFIDENCE) / 2
    if not len(values) or np.isnan(values).all():
        nothing = np.full(values.shape[1:], math.nan)
        return nothing, nothing
    low, high = np.nanquantile(values, [tail, 1 - tail], axis=0)
    return low, high


def area_of(true_positives: np.ndarray, false_positives: np.ndarray) -> float:
    """Give the AUROC of cumulated counts: the trapezoids under the curve, so ties count half."""
    if not true_positives[0] or not false_positives[0]:
        return math.nan
    height = (true_positives[1:] + true_positives[:-1]) / 2
    return -dot(np.diff(false_positives), height) / float(true_positives[0] * false_positives[0])


def auroc_interval(
    labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Give the 95 % percentile interval of the AUROC."""
    low, high = percentile_interval(draw_statistic(labels, scores, patients, area_of, rng, draws))
    return float(low), float(high)


def average_precision_interval(
    labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Give the 95 % percentile interval of the average precision."""
    low, high = percentile_interval(draw_statistic(labels, scores, patients, average_precision_of, rng, draws))
    return float(low), float(high)


def roc_band(
    labels: np.ndarray,
    scores: np.ndarray,
    patients: np.ndarray,
    rng: np.random.Generator,
    draws: int = BAND_DRAWS,
    points: int = 101,
    drawn_are: str = "patients",
) -> RocBand:
    """Give a pointwise 95 % band of the ROC curve.

    At each false positive rate, the percentile interval of the true positive rate over draws of patients (vertical
    averaging, Fawcett, Pattern Recognition Letters 2006). Pointwise: each vertical slice holds the true curve about
    95 times in 100, the whole band less often. With few films with the finding the ends are too narrow, since a draw
    cannot show what no film showed. Its words call what is drawn ``drawn_are``.
    """
    grid = np.linspace(0, 1, points)

    def heights(true_positives: np.ndarray, false_positives: np.ndarray) -> np.ndarray:
        if not true_positives[0] or not false_positives[0]:
            return np.full(points, math.nan)
        return np.interp(grid, false_positives[::-1] / false_positives[0], true_positives[::-1] / true_positives[0])

    drawn = draw_statistic(labels, scores, patients, heights, rng, draws, BAND_STEPS)
    low, high = percentile_interval(drawn)
    return RocBand(grid, low, high, f"pointwise 95 % interval of {draws} draws of {drawn_are} with replacement")


def mean_auroc_interval(
    labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Give the 95 % percentile interval of `mean_auroc`, from drawing patients with replacement; NaN without findings.

    Parameters
    ----------
    labels, scores : array (films, findings)
    patients : array (films,)
    rng : numpy.random.Generator
    draws : int
    """
    if not labels.shape[1]:
        return math.nan, math.nan
    low, high = percentile_interval(draw_mean_auroc(labels, scores, patients, rng, draws))
    return float(low), float(high)


def draw_mean_auroc(
    labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
) -> np.ndarray:
    """Measure `mean_auroc` on films of patients drawn with replacement, (draws,).

    Generators in the same state draw the same patients, so that two models can be compared draw by draw.
    """
    # The same draw for every finding: the findings of a film belong together.
    seed = rng.bit_generator.state
    areas = []
    for k in range(labels.shape[1]):
        rng.bit_generator.state = seed
        areas.append(draw_statistic(labels[:, k], scores[:, k], patients, area_of, rng, draws))
    return np.nanmean(areas, axis=0)


def _weights(patients: int, rng: np.random.Generator, draws: int) -> Iterator[np.ndarray]:
    for _ in range(draws):
        yield np.bincount(rng.integers(patients, size=patients), minlength=patients).astype(float)


def _in_order(places: np.ndarray, owner: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the places and patients of films of a kind, in the order of their places: memory is then read in order."""
    rows = np.flatnonzero(kind & (places >= 0))
    rows = rows[np.argsort(places[rows], kind="stable")]
    return places[rows], owner[rows]


def _cumulated(weight: np.ndarray, at: np.ndarray, scores: int) -> np.ndarray:
    """Sum the weights of the films that score at least as high, for each distinct score and for none."""
    total = np.zeros(scores + 1)
    total[:-1] = np.bincount(at, weight, scores)[::-1].cumsum()[::-1]
    return total
