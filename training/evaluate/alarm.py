"""A shortcut alarm that needs no truth: whether an answer hangs on something at the edge of the film, or on a line.

Each film is sent again with one of `training.evaluate.hidden_regions.REGIONS` hidden, and what each answer loses is its
*fall*, in logits. Two questions of the falls:

- *Against films that are not flagged*: do films that are wrongly flagged lose more where a region is hidden? The films
  are handed out anew between the two kinds (a permutation test).
- *Against the other findings of the model*: on the same flagged films, does this finding lose more than the others do?
  A network that looks at a token for all findings alike has another fault. Each film's difference changes sign at
  random (the paired form of the same test).

Both ask all regions at once. Each region is held against the largest of all of them in each shuffle (Westfall and
Young, Resampling-Based Multiple Testing, 1993). What is compared are means in units of their own standard errors, taken
anew in each shuffle, so that with many films the level holds as well where the two kinds vary unlike (Janssen,
Statistics and Probability Letters 1997; Chung and Romano, Annals of Statistics 2013). With few films it may be exceeded
where falls are far from symmetric (docs/alarm.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.evaluate.hidden_regions import REGIONS

FEWEST = 20  # films of either kind: the fewer, the less the level holds (docs/alarm.md)
LEVEL = 0.05
LEAST = 0.5  # logits: a difference that is smaller hardly moves an answer, and clean networks reach 0.3 now and then
MOST_BY_CHANCE = 1999  # shuffles
SURE = 0.95
ROUNDING, TINY = 1e-12, 1e-12  # of a sum of squares; logits


@dataclass(frozen=True, eq=False)
class Raised:
    """How much more is lost with each region, and whether that may be chance.

    Attributes
    ----------
    value, low, high : float array (regions,)
        Difference of the means, in logits, with an interval that holds all regions at once in 95 of 100 cases.
    p : float array (regions,)
        How often chance alone would raise any region as much; small where this one is raised.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray

    def is_raised(self, least: float = LEAST) -> np.ndarray:
        """Say which regions lose more beyond chance, and enough more to matter, bool (regions,)."""
        found: np.ndarray = (self.p <= LEVEL) & (self.value >= least)
        return found


@dataclass(frozen=True, eq=False)
class Alarm:
    """What the alarm says of a model and a finding.

    Attributes
    ----------
    verdict : {"found", "nothing", "unknown"}
    region : str
        One of `REGIONS`, where something was found; else empty.
    flagged, unflagged : int
        Films of either kind.
    falls : float array (3, regions)
        Mean fall with each region, in logits: of the finding on flagged films, on films not flagged, and of the other
        findings on the flagged films, NaN where there are none.
    against_unflagged, against_others : Raised or None
        The two comparisons; None where there are too few films, or no other findings.
    """

    verdict: str
    region: str
    flagged: int
    unflagged: int
    falls: np.ndarray
    against_unflagged: Raised | None = None
    against_others: Raised | None = None


def alarm(flagged: np.ndarray, unflagged: np.ndarray, finding: int, seed: int = 0, least: float = LEAST) -> Alarm:
    """Say whether the answers for a finding hang on a region.

    A region is named where both comparisons raise it beyond chance, and by ``least`` or more. Of several, it is the one
    whose falls are the most above those of films that are not flagged.

    Parameters
    ----------
    flagged, unflagged : array (films, findings, regions)
        What each answer loses when a region is hidden, in logits, on films without the finding that are flagged for it
        and on films that are not; a film a patient. Another measure of the regions may stand in its place.
    finding : int
        Which of the findings is in question.
    seed : int
    least : float
        A difference that matters, in the unit of the measure.

    Returns
    -------
    Alarm
    """
    rng = np.random.default_rng(seed)
    first, second = np.asarray(flagged, float), np.asarray(unflagged, float)
    own, beside = first[:, finding], np.delete(first, finding, axis=1)
    counts = len(flagged), len(unflagged)
    if min(counts) < FEWEST:
        return Alarm("unknown", "", *counts, np.full((3, first.shape[-1]), np.nan))
    others = beside.mean(axis=1) if beside.shape[1] else np.full(own.shape, np.nan)
    falls = np.stack([own.mean(axis=0), second[:, finding].mean(axis=0), others.mean(axis=0)])
    over = raised(own, second[:, finding], rng)
    beyond = raised_within(own - others, rng) if beside.shape[1] else None
    named = over.is_raised(least) if beyond is None else over.is_raised(least) & beyond.is_raised(least)
    region = REGIONS[int(np.argmax(np.where(named, over.value, -np.inf)))] if named.any() else ""
    return Alarm("found" if region else "nothing", region, *counts, falls, over, beyond)


def raised(first: np.ndarray, second: np.ndarray, rng: np.random.Generator, times: int = MOST_BY_CHANCE) -> Raised:
    """Hold the falls of two kinds of films against each other, a film a patient.

    Parameters
    ----------
    first, second : array (films, regions)
    rng : numpy.random.Generator
    times : int
        Shuffles.

    Returns
    -------
    Raised
        Of the first less the second.
    """
    both, own = np.concatenate([first, second]), np.arange(len(first) + len(second)) < len(first)
    residuals = np.concatenate([first - first.mean(axis=0), second - second.mean(axis=0)])
    return _raised(_apart, both, residuals, own, rng.permuted(np.tile(own, (times, 1)), axis=1))


def raised_within(differences: np.ndarray, rng: np.random.Generator, times: int = MOST_BY_CHANCE) -> Raised:
    """Say whether differences within films, one film a patient, are above 0: array (films, regions)."""
    films = len(differences)
    residuals = differences - differences.mean(axis=0)
    return _raised(_above, differences, residuals, np.ones(films), rng.choice([-1.0, 1.0], (times, films)))


Difference = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]  # and its standard error


def _raised(
    test: Difference, films: np.ndarray, residuals: np.ndarray, own: np.ndarray, shuffled: np.ndarray
) -> Raised:
    """Hold differences against those of shuffles (times, films), each in units of its own standard error."""
    (value,), (error,) = test(films, own[None])
    by_chance = _studentised(*test(films, shuffled)).max(axis=1)
    reached = (by_chance[:, None] >= _studentised(value, error) - 1e-9).sum(axis=0)
    apart = np.abs(_studentised(*test(residuals, shuffled))).max(axis=1)
    reach = np.quantile(apart, SURE) * error
    return Raised(value, value - reach, value + reach, (1 + reached) / (1 + len(shuffled)))


def _apart(films: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the difference of the means of some films and all others, and its standard error (Welch).

    Parameters
    ----------
    films : array (films, regions)
    first : bool array (times, films)

    Returns
    -------
    difference, error : array (times, regions)
    """
    some = first.sum(axis=1)[:, None]
    centred, others = films - films.mean(axis=0), len(films) - some
    sums, squares = first @ centred, first @ centred**2
    rest, rest_squares = centred.sum(axis=0) - sums, (centred**2).sum(axis=0) - squares
    variance = _of_mean(sums, squares, some) + _of_mean(rest, rest_squares, others)
    return sums / some - rest / others, np.sqrt(variance)


def _above(films: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean of films (films, regions) with signs (times, films), and its standard error: (times, regions)."""
    sums = signs @ films
    return sums / len(films), np.sqrt(_of_mean(sums, (films**2).sum(axis=0), len(films)))


def _of_mean(sums: np.ndarray, squares: np.ndarray, count: np.ndarray | int) -> np.ndarray:
    """Give the variance of a mean; 0 where all values are the same but for rounding."""
    spread = squares - sums**2 / count
    return np.where(spread > ROUNDING * squares, spread, 0) / count / (count - 1)


def _studentised(difference: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Divide differences by their errors; one without any error is endless, unless it is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(difference) < TINY, 0.0, difference / error)
