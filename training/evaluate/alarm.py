"""A shortcut alarm that needs no truth: whether the evidence for a finding gathers where no lung is.

Two questions of maps that are put on one grid over the film, as shares of each film's evidence:

- *Against films that are not flagged*: do films that are wrongly flagged hold more of their evidence in a corner or at
  a border? The films are handed out anew between the two kinds (a permutation test).
- *Against the other findings of the model*: on the same flagged films, does this finding hold more there than the
  others do? A network that looks at a token for all findings alike has another fault. Each film's difference changes
  sign at random (the paired form of the same test).

Both ask all regions at once. Each region is held against the largest of all of them in each shuffle (Westfall and
Young, Resampling-Based Multiple Testing, 1993), so that the chance of naming any where there is none is at most the
level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GRID = 20  # cells a side in which evidence is kept: a corner is 4 x 4 of them
CORNER, BORDER = 4, 2  # cells
FEWEST = 12  # films of either kind
LEVEL = 0.05
LEAST = 0.05  # of a film's evidence: a difference that is smaller moves no answer
MOST_BY_CHANCE = 1999  # shuffles
SURE = 0.95

_NEAR, _FAR, _BETWEEN = slice(0, CORNER), slice(GRID - CORNER, GRID), slice(CORNER, GRID - CORNER)
REGIONS: dict[str, tuple[slice, slice]] = {
    "upper left corner": (_NEAR, _NEAR),
    "upper right corner": (_NEAR, _FAR),
    "lower left corner": (_FAR, _NEAR),
    "lower right corner": (_FAR, _FAR),
    "upper border": (slice(0, BORDER), _BETWEEN),
    "lower border": (slice(GRID - BORDER, GRID), _BETWEEN),
    "left border": (_BETWEEN, slice(0, BORDER)),
    "right border": (_BETWEEN, slice(GRID - BORDER, GRID)),
}


@dataclass(frozen=True, eq=False)
class Raised:
    """How much more evidence lies in each region, and whether that may be chance.

    Attributes
    ----------
    value, low, high : float array (regions,)
        Difference of the mean shares, -1 to 1, with an interval that holds all regions at once in 95 of 100 cases.
    p : float array (regions,)
        How often chance alone would raise any region as much; small where this one is raised.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray

    @property
    def is_raised(self) -> np.ndarray:
        """Which regions hold more beyond chance, and enough more to matter, bool (regions,)."""
        found: np.ndarray = (self.p <= LEVEL) & (self.value >= LEAST)
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
    shares : float array (3, regions)
        Mean share of the evidence in each region: of the finding on flagged films, on films not flagged, and of the
        other findings on the flagged films, NaN where there are none.
    against_unflagged, against_others : Raised or None
        The two comparisons; None where there are too few films, or no other findings.
    """

    verdict: str
    region: str
    flagged: int
    unflagged: int
    shares: np.ndarray
    against_unflagged: Raised | None = None
    against_others: Raised | None = None


def shares_of(evidence: np.ndarray) -> np.ndarray:
    """Give the share of evidence in each of `REGIONS`.

    Parameters
    ----------
    evidence : array (..., GRID, GRID)
        Shares of a film's evidence, as `training.evaluate.evidence.on_grid` gives them.

    Returns
    -------
    float64 array (..., regions)
    """
    spoken = np.abs(np.asarray(evidence, float))
    return np.stack([spoken[..., rows, columns].sum(axis=(-2, -1)) for rows, columns in REGIONS.values()], axis=-1)


def alarm(flagged: np.ndarray, unflagged: np.ndarray, finding: int, seed: int = 0) -> Alarm:
    """Say whether the evidence for a finding gathers at a corner or a border.

    A region is named where both comparisons raise it beyond chance, and by `LEAST` of all evidence or more. Of several,
    it is the one that holds the most more than on films that are not flagged.

    Parameters
    ----------
    flagged, unflagged : array (films, findings, GRID, GRID)
        Evidence of the model for all its findings, as shares, on films without the finding that are flagged for it and
        on films that are not; a film a patient.
    finding : int
        Which of the findings is in question.
    seed : int

    Returns
    -------
    Alarm
    """
    rng = np.random.default_rng(seed)
    first, second = shares_of(flagged), shares_of(unflagged)
    own, beside = first[:, finding], np.delete(first, finding, axis=1)
    others = beside.mean(axis=1) if beside.shape[1] else np.full(own.shape, np.nan)
    counts = len(flagged), len(unflagged)
    if min(counts) < FEWEST:
        return Alarm("unknown", "", *counts, np.full((3, len(REGIONS)), np.nan))
    shares = np.stack([own.mean(axis=0), second[:, finding].mean(axis=0), others.mean(axis=0)])
    over = raised(own, second[:, finding], rng)
    beyond = raised_within(own - others, rng) if beside.shape[1] else None
    named = over.is_raised if beyond is None else over.is_raised & beyond.is_raised
    region = list(REGIONS)[int(np.argmax(np.where(named, over.value, -np.inf)))] if named.any() else ""
    return Alarm("found" if region else "nothing", region, *counts, shares, over, beyond)


def raised(first: np.ndarray, second: np.ndarray, rng: np.random.Generator, times: int = MOST_BY_CHANCE) -> Raised:
    """Hold the shares of two kinds of films against each other, a film a patient.

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
    residuals = np.concatenate([first - first.mean(axis=0), second - second.mean(axis=0)])
    hands = np.repeat([1 / sizes[0], -1 / sizes[1]], sizes)
    shuffled = rng.permuted(np.tile(hands, (times, 1)), axis=1)
    return _raised(hands @ both, shuffled, both - both.mean(axis=0), residuals)


def raised_within(differences: np.ndarray, rng: np.random.Generator, times: int = MOST_BY_CHANCE) -> Raised:
    """Say whether differences within films, one film a patient, are above 0: array (films, regions)."""
    films = len(differences)
    shuffled = rng.choice([-1 / films, 1 / films], (times, films))
    return _raised(differences.mean(axis=0), shuffled, differences, differences - differences.mean(axis=0))


def _raised(value: np.ndarray, shuffled: np.ndarray, films: np.ndarray, residuals: np.ndarray) -> Raised:
    """Hold differences against those of shuffles (times, films); a region is measured by its own spread over films."""
    spread, within = _spread(films), _spread(residuals)
    by_chance = (shuffled @ (films / spread)).max(axis=1)
    reached = (by_chance[:, None] >= value / spread - 1e-12).sum(axis=0)
    apart = np.abs(shuffled @ (residuals / within)).max(axis=1)
    reach = np.quantile(apart, SURE) * np.where(np.ptp(residuals, axis=0) > 0, within, 0)
    return Raised(value, value - reach, value + reach, (1 + reached) / (1 + len(shuffled)))


def _spread(films: np.ndarray) -> np.ndarray:
    """Root mean square of each region, 1 where it is 0; no shuffle changes it."""
    size = np.sqrt((films**2).mean(axis=0))
    return np.where(size > 0, size, 1.0)
