"""A shortcut alarm that needs no truth: whether an answer hangs on something at the edge of the film, or on a line.

Each film is sent again with one of `training.evaluate.hidden_regions.REGIONS` hidden, and what each answer loses is its
*fall*, in logits. Two questions of the falls:

- *Against films that are not flagged*: do films that are wrongly flagged lose more where a region is hidden? The films
  are handed out anew between the two kinds (a permutation test).
- *Against the other findings of the model*: on the same flagged films, does this finding lose more than the others do?
  A network that looks at a token for all findings alike has another fault. Each film's difference changes sign at
  random (the paired form of the same test).

Both ask all regions at once. Each region is held against the largest of all of them in each shuffle (Westfall and
Young, Resampling-Based Multiple Testing, 1993), so that the chance of naming any is at most the level where
both groups have the same distribution; with equal means alone it may be more (docs/alarm.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.evaluate.hidden_regions import REGIONS

FEWEST = 12  # films of either kind
LEVEL = 0.05
LEAST = 0.5  # logits: a difference that is smaller hardly moves an answer, and clean networks reach 0.3 now and then
MOST_BY_CHANCE = 1999  # shuffles
SURE = 0.95


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
    both, sizes = np.concatenate([first, second]), (len(first), len(second))
    residuals = np.concatenate([_residuals(first), _residuals(second)])
    hands = np.repeat([1 / sizes[0], -1 / sizes[1]], sizes)
    shuffled = rng.permuted(np.tile(hands, (times, 1)), axis=1)
    return _raised(hands @ both, shuffled, both - both.mean(axis=0), residuals)


def raised_within(differences: np.ndarray, rng: np.random.Generator, times: int = MOST_BY_CHANCE) -> Raised:
    """Say whether differences within films, one film a patient, are above 0: array (films, regions)."""
    films = len(differences)
    shuffled = rng.choice([-1 / films, 1 / films], (times, films))
    return _raised(differences.mean(axis=0), shuffled, differences, _residuals(differences))


def _raised(value: np.ndarray, shuffled: np.ndarray, films: np.ndarray, residuals: np.ndarray) -> Raised:
    """Hold differences against those of shuffles (times, films); a region is measured by its own spread over films."""
    spread, within = _spread(films), _spread(residuals)
    by_chance = (shuffled @ (films / spread)).max(axis=1)
    reached = (by_chance[:, None] >= value / spread - 1e-12).sum(axis=0)
    apart = np.abs(shuffled @ (residuals / within)).max(axis=1)
    reach = np.quantile(apart, SURE) * np.where(np.ptp(residuals, axis=0) > 0, within, 0)
    return Raised(value, value - reach, value + reach, (1 + reached) / (1 + len(shuffled)))


def _residuals(films: np.ndarray) -> np.ndarray:
    """Give what is left without the mean, as wide as the films would be around the true one."""
    left: np.ndarray = (films - films.mean(axis=0)) * np.sqrt(len(films) / (len(films) - 1))
    return left


def _spread(films: np.ndarray) -> np.ndarray:
    """Root mean square of each region, 1 where it is 0; no shuffle changes it."""
    size = np.sqrt((films**2).mean(axis=0))
    return np.where(size > 0, size, 1.0)
