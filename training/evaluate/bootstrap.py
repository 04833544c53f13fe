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
from scipy.special import ndtr, stdtrit

from training.evaluate.intervals import area_interval, like_patients
from training.evaluate.ranked import dot, numbered, rank
from training.evaluate.rates import CONFIDENCE
from training.evaluate.roc import fewest_patients, mean_auroc

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


def expanded_tail(units: int) -> float:
    """Give the share of draws to leave out at either end for a 95 % interval of a mean of few units.

    Percentiles alone are too narrow: they are taken further out, as Student's t is wider than a normal (the expanded
    percentile interval of Hesterberg, The American Statistician 2015).

    Parameters
    ----------
    units : int
        That are drawn, such as patients; at least 2.
    """
    return float(ndtr(stdtrit(units - 1, (1 - CONFIDENCE) / 2) * math.sqrt(units / (units - 1))))


def area_of(true_positives: np.ndarray, false_positives: np.ndarray) -> float:
    """Give the AUROC of cumulated counts: the trapezoids under the curve, so ties count half."""
    if not true_positives[0] or not false_positives[0]:
        return math.nan
    height = (true_positives[1:] + true_positives[:-1]) / 2
    return -dot(np.diff(false_positives), height) / float(true_positives[0] * false_positives[0])


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

    At each false positive rate, the score interval of the true positive rate, whose variance is that over draws of
    patients (vertical averaging, Fawcett, Pattern Recognition Letters 2006; `training.evaluate.intervals`). Pointwise:
    each vertical slice holds the true curve about 95 times in 100, the whole band less often. Its words call what is
    drawn ``drawn_are``.
    """
    grid = np.linspace(0, 1, points)

    def heights(true_positives: np.ndarray, false_positives: np.ndarray) -> np.ndarray:
        if not true_positives[0] or not false_positives[0]:
            return np.full(points, math.nan)
        return np.interp(grid, false_positives[::-1] / false_positives[0], true_positives[::-1] / true_positives[0])

    ranked = rank(labels, scores)
    drawn = draw_statistic(labels, scores, patients, heights, rng, draws, BAND_STEPS)
    method = f"pointwise 95 % score interval, with the variance of {draws} draws of {drawn_are} with replacement"
    if not ranked.positives or not ranked.negatives:
        nothing = np.full(points, math.nan)
        return RocBand(grid, nothing, nothing, method)
    owner, names = numbered(patients)
    with_it = owner[(ranked.places >= 0) & (np.asarray(labels) == 1)]
    effective = like_patients(np.bincount(with_it, minlength=names))
    found = heights(ranked.true_positives.astype(float), ranked.false_positives.astype(float))
    ends = [area_interval(*at, effective) for at in zip(found, np.nanvar(drawn, axis=0), strict=True)]
    ends[-1] = (1.0, 1.0)  # where all is flagged, all is found
    low, high = np.array(ends).T
    return RocBand(grid, low, high, method)


def mean_auroc_interval(
    labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Give the 95 % percentile interval of `mean_auroc`, from drawing patients with replacement; NaN without findings.

    Where no draw differs, as with perfect separation, it is that of `training.evaluate.intervals.area_interval` without
    a variance, by the harmonic mean of the findings' patients.

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
    if low == high:
        measured = [np.where(np.isnan(scores[:, k]), np.nan, labels[:, k]) for k in range(labels.shape[1])]
        fewest = np.array([fewest_patients(one, patients) for one in measured])
        fewest = fewest[fewest > 0]
        return area_interval(mean_auroc(labels, scores), 0.0, float(1 / np.mean(1 / fewest)))
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
