"""How the 95 % intervals of shares and of areas are made: the one place that says so.

**A share** of films, such as a sensitivity, has Wilson's score interval. Films of one patient are alike, so that they
say less than as many films of different patients. Wilson's formula is therefore given the *effective* number of films:
as many as, taken one a patient, would tell as much (Korn and Graubard, Survey Methodology 1998, who put it into Clopper
and Pearson's interval; Rao and Scott, Biometrics 1992, for counts). How much a share varies is told by a jackknife that
leaves out one patient at a time (Wolter, 2007, chapter 4), and how sure that is of itself by degrees of freedom after
Satterthwaite: where few patients decide, their t quantile is larger. More films than there are is never claimed. Where
nothing varies, as of none or of all films, the films of one patient count as if they were all the same (Kish, 1965).
Where no patient has two films, all of this is Wilson's own interval.

**An area**, such as an AUROC, has the same score interval, with ``area * (1 - area) / variance`` as the effective
number. The variance is DeLong's or Obuchowski's; with few films that tends to be too small, and with perfect separation
it is 0. Of films of different patients it is at most ``area * (1 - area) / patients``, of the rarer kind of film
(Birnbaum and Klose, Annals of Mathematical Statistics 1957), and is mixed with that bound as if two patients more had
been seen (two, since the table shows that this suffices). Where it is 0, the bound itself is taken: the interval never
shrinks to a point.

How often the intervals hold the true value is simulated by ``tests/benchmarks/interval_coverage.py``;
``docs/intervals.md`` has the table.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from scipy.special import stdtrit

from training.evaluate.ranked import dot
from training.evaluate.rates import CONFIDENCE, Share, share, wilson

PRIOR_PATIENTS = 2
METHOD = "Wilson's"
METHOD_BY_PATIENT = "Wilson's with the effective number of films, which knows that films of one patient are alike"


class Estimate(Protocol):
    """A share or an area, with its 95 % interval."""

    @property
    def value(self) -> float:
        """What was measured."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


def clustered_share(has: np.ndarray, among: np.ndarray) -> Share:
    """Give a share with an interval that knows that films of one patient are not independent.

    Parameters
    ----------
    has, among : array (patients,)
        How many of how many films of each patient; a patient without any of these films does not count.

    Returns
    -------
    Share
        Wilson's own interval where no patient has two films.
    """
    count, of = int(has.sum()), int(among.sum())
    if not of or among.max() <= 1:
        return share(count, of)
    films = effective_films(has, among)
    low, high = wilson(count / of * films, films)
    return Share(count / of, float(low), float(high), count, of)


def effective_films(has: np.ndarray, among: np.ndarray) -> float:
    """Say as how many films of different patients these films count, for the interval of a share.

    Parameters
    ----------
    has, among : array (patients,)
        As in `clustered_share`; at least one film.

    Returns
    -------
    float
        At least 1 and at most the number of films.
    """
    there = among > 0
    has, among = has[there].astype(float), among[there].astype(float)
    patients, films = len(among), float(among.sum())
    value = float(has.sum()) / films
    off = has - value * among
    if patients == 1 or not np.abs(off).max() > 1e-9:
        return like_patients(among)
    squares = (off / (1 - among / films)) ** 2
    variance, fourth = float(squares.sum()), float((squares**2).sum())
    # What the same jackknife gives, on average, for as many films of different patients.
    spread = value * (1 - value)
    alone, alone_fourth = films * spread, films * spread * (1 - 3 * spread)
    scale = (1 - 1 / patients) / (films / (films - 1))
    counted = films / max(1.0, variance * scale / alone)
    ours, theirs = _quantile(variance**2, fourth, patients), _quantile(alone**2, alone_fourth, films)
    return max(1.0, counted * min(1.0, theirs / ours) ** 2)


def like_patients(among: np.ndarray) -> float:
    """Say as how many films these count if those of one patient are all the same (Kish's effective number)."""
    among = among[among > 0].astype(float)
    return float(among.sum() ** 2 / (among**2).sum()) if len(among) else 0.0


def newcombe(first: Estimate, second: Estimate, alike: float = 0.0) -> tuple[float, float]:
    """Give the 95 % interval of the difference of two shares, or two areas, from the interval of each.

    Newcombe's method 10 (Statistics in Medicine 1998); where the shares go together, as those of the same patients do,
    with their correlation (Zou and Donner, Statistics in Medicine 2008).
    """
    down, down_there = first.value - first.low, second.value - second.low
    up, up_there = first.high - first.value, second.high - second.value
    below = down**2 + up_there**2 - 2 * alike * down * up_there
    above = up**2 + down_there**2 - 2 * alike * up * down_there
    difference = first.value - second.value
    return difference - math.sqrt(max(below, 0.0)), difference + math.sqrt(max(above, 0.0))


def correlation(has: np.ndarray, among: np.ndarray, has_there: np.ndarray, among_there: np.ndarray) -> float:
    """Give the correlation of two shares whose films are partly of the same patients; arrays are (patients,)."""
    off = has - has.sum() / among.sum() * among
    off_there = has_there - has_there.sum() / among_there.sum() * among_there
    size = math.sqrt(dot(off, off) * dot(off_there, off_there))
    return dot(off, off_there) / size if size else 0.0


def area_interval(value: float, variance: float, patients: float) -> tuple[float, float]:
    """Give the 95 % score interval of an area between 0 and 1; it never shrinks to a point.

    Parameters
    ----------
    value, variance : float
        The area and its variance; NaN where it cannot be told.
    patients : float
        With films of the rarer kind, as `like_patients` counts them.

    Returns
    -------
    low, high : float
        NaN where the variance is.
    """
    if math.isnan(value) or math.isnan(variance) or patients < 1:
        return math.nan, math.nan
    spread = value * (1 - value)
    if variance > 0 and spread > 0:
        bound = spread / patients
        mixed = (patients * variance + PRIOR_PATIENTS * bound) / (patients + PRIOR_PATIENTS)
        patients = spread / mixed
    low, high = wilson(value * patients, patients)
    return float(low), float(high)


def _quantile(square: float, fourth: float, count: float) -> float:
    """Give the t quantile for a sum of squares, with degrees of freedom by its own variance (Satterthwaite)."""
    freedom = 2 / max(fourth / square - 1 / count, 1e-9)
    return float(stdtrit(max(freedom, 1.0), 0.5 + CONFIDENCE / 2))
