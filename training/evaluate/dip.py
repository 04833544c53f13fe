"""How far some numbers are from having one peak: Hartigan's dip."""

from __future__ import annotations

import numpy as np

CRITICAL = 0.63
"""What the dip of n evenly drawn numbers exceeds in less than one of a hundred draws, times the root of n."""


def dip(values: np.ndarray) -> float:
    """Give the largest distance of a sample's distribution from the nearest one that has a single peak.

    Hartigan and Hartigan, The Dip Test of Unimodality, Annals of Statistics 1985. It is 1 / 2n where the numbers are
    spread evenly, and a quarter where half of them are one number and half another. Of all distributions with one peak,
    the even one has the largest dips, so `CRITICAL` is on the safe side for any other.

    Parameters
    ----------
    values : array (n,)
        At least one.
    """
    places, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / counts.sum()
    below = above - counts / counts.sum()
    first, last, found = 0, len(places) - 1, 1.0 / counts.sum()
    while True:
        x, lower, upper = places[first : last + 1], below[first : last + 1], above[first : last + 1]
        under, over = _convex_below(x, lower), _convex_below(x, -upper)
        convex, concave = np.interp(x, x[under], lower[under]), np.interp(x, x[over], upper[over])
        corners = np.union1d(under, over)
        widest = corners[np.argmax((concave - convex)[corners])]
        left, right = under[under <= widest][-1], over[over >= widest][0]
        if (concave - convex)[widest] <= found:
            break
        found = max(found, (upper - convex)[: left + 1].max(initial=0.0), (concave - lower)[right:].max(initial=0.0))
        if (left, right) == (0, len(x) - 1):
            break
        first, last = first + left, first + right
    return float(found / 2)


def _convex_below(places: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Give the corners of the greatest convex function that lies nowhere above some points: rising indices."""
    x, y = places.tolist(), heights.tolist()
    corners: list[int] = []
    for c in range(len(x)):
        while len(corners) > 1:
            a, b = corners[-2:]
            if (y[b] - y[a]) * (x[c] - x[b]) < (y[c] - y[b]) * (x[b] - x[a]):
                break
            corners.pop()
        corners.append(c)
    return np.array(corners)
