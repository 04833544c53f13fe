"""How far a share differs between two sets of films, and whether that may be chance; patients may be in both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact

from training.evaluate.chance import design_effect, weakened
from training.evaluate.intervals import clustered_share, correlation, newcombe
from training.evaluate.rates import Share


@dataclass(frozen=True)
class Apart:
    """A share among two sets of films.

    Attributes
    ----------
    first, second : Share
    low, high : float
        95 % interval of the first less the second; NaN where one is a share of nothing.
    p : float
        Of no difference, two-sided; NaN where the interval is.
    """

    first: Share
    second: Share
    low: float
    high: float
    p: float

    @property
    def can_differ(self) -> bool:
        """Whether both sets hold such films, and any of them has it."""
        return bool(self.first.of and self.second.of and self.first.count + self.second.count)

    @property
    def difference(self) -> float:
        """The first less the second."""
        return self.first.value - self.second.value


def apart(has: np.ndarray, among: np.ndarray, here: np.ndarray, there: np.ndarray, patients: np.ndarray) -> Apart:
    """Compare a share among some films with that among others.

    The p value is that of Fisher's exact test, weakened as far as films of one patient are alike (Rao and Scott, 1992).

    Parameters
    ----------
    has, among : bool array (films,)
        Which films have it, and of which that is known.
    here, there : bool array (films,)
        The two sets; no film is in both.
    patients : int array (films,)
        Number of each film's patient, from 0.

    Returns
    -------
    Apart
        Without a difference where a set holds no such film.
    """
    size = int(patients.max(initial=-1)) + 1
    films = [
        np.bincount(patients[kind & where], minlength=size) for where in (here, there) for kind in (has & among, among)
    ]
    count, of, count_there, of_there = (int(one.sum()) for one in films)
    first, second = clustered_share(*films[:2]), clustered_share(*films[2:])
    if not of or not of_there:
        return Apart(first, second, math.nan, math.nan, math.nan)
    low, high = newcombe(first, second, correlation(*films))
    p = fisher_exact([[count, of - count], [count_there, of_there - count_there]]).pvalue
    return Apart(first, second, low, high, min(weakened(float(p), design_effect(*films)), 1.0))
