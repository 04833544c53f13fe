"""Find what the eye finds in a map first: its brightest spots, and the bright areas around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xai.measures.frame import Frame

TIE = 1e-5  # of the brightest: what differs by less is equal, and left over from scaling a map up
NEAR = 0.9  # of the brightest: what is nearly as bright
HALF = 0.5  # of the brightest: what belongs to a bright area
GOOD_SHARE = 0.15  # of the evidence: a bright area of its own that is worth a word
TOUCHING = np.ones((3, 3), bool)  # pixels that meet at a corner belong together


@dataclass(frozen=True, eq=False)
class Spot:
    """A part of a map that is brighter than what surrounds it: one pixel, cell or region, or several that are equal.

    Attributes
    ----------
    x, y : float
        Its middle, in fractions of the map's width and height; always a place that belongs to it.
    value : float
    places : ndarray of int, shape (n, 2)
        Row and column of what belongs to it, of the map or, where the evidence exists in coarser cells, of those.
    grid : tuple of int
        Rows and columns of those.
    """

    x: float
    y: float
    value: float
    places: np.ndarray
    grid: tuple[int, int]

    @property
    def area(self) -> float:
        """Its share of the map."""
        return len(self.places) / (self.grid[0] * self.grid[1])

    def pixels(self, shape: tuple[int, int]) -> np.ndarray:
        """What belongs to it of a map of this shape, bool (H, W)."""
        where = np.zeros(self.grid, bool)
        where[tuple(self.places.T)] = True
        down, across = (np.arange(side) * count // side for side, count in zip(shape, self.grid, strict=True))
        return where[np.ix_(down, across)]


@dataclass(frozen=True, eq=False)
class Area:
    """Connected pixels that are all at least half as bright as a map's brightest spot.

    Attributes
    ----------
    where : ndarray of bool, shape (H, W)
    share : float
        Of all that is above 0 in the map.
    """

    where: np.ndarray
    share: float


def spots(values: np.ndarray, frame: Frame) -> list[Spot]:
    """Find the spots that are the brightest, or nearly as bright, brightest first; none if nothing is above 0.

    A map that was scaled up from cells is flat towards the border, and its pixels miss the middle of a cell; so the
    cells themselves are asked where there are any.
    """
    grid = values if frame.cells is None else frame.cells
    top = float(grid.max())
    if top <= 0:
        return []
    around = ndimage.maximum_filter(grid, footprint=TOUCHING)
    labels, _ = ndimage.label((grid >= NEAR * top) & (grid >= around - TIE * top), TOUCHING)
    places, numbers = np.argwhere(labels), labels[labels > 0]
    order = np.argsort(numbers, kind="stable")
    ends = np.flatnonzero(np.diff(numbers[order])) + 1
    return sorted((_spot(one, grid) for one in np.split(places[order], ends)), key=lambda spot: -spot.value)


def bright_areas(values: np.ndarray, spot: Spot) -> list[Area]:
    """Find the bright areas of a map: that around its brightest spot, then others with a good share, largest first."""
    positive = np.maximum(values, 0).astype(np.float64)
    inside = np.where(spot.pixels(values.shape), values, -np.inf)
    labels, count = ndimage.label(values >= HALF * inside.max(), TOUCHING)
    shares = ndimage.sum_labels(positive, labels, np.arange(1, count + 1)) / positive.sum()
    own = labels.flat[int(inside.argmax())]
    good = [label for label in range(1, count + 1) if label != own and shares[label - 1] >= GOOD_SHARE]
    order = [own, *sorted(good, key=lambda label: -shares[label - 1])]
    return [Area(labels == label, float(shares[label - 1])) for label in order]


def brightest(values: np.ndarray, where: np.ndarray | None = None) -> Spot:
    """Find the brightest spot of a map, or of some of its pixels, bool (H, W)."""
    inside = values if where is None else np.where(where, values, -np.inf)
    return _spot(np.argwhere(inside >= inside.max() - TIE * abs(inside.max())), values)


def _spot(places: np.ndarray, grid: np.ndarray) -> Spot:
    """Make a spot of some pixels (n, 2); its middle is the one of them that is nearest to their mean place."""
    row, column = places[np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1))]
    height, width = grid.shape
    value = float(grid[tuple(places.T)].max())
    return Spot((column + 0.5) / width, (row + 0.5) / height, value, places, (height, width))
