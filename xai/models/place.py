"""Where on the film the cells of a feature map lie, and how their evidence is shared out among other cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WHOLE = (0.0, 1.0)
EDGE = 1e-6  # of the film's side, by which sums of shares may miss
BETWEEN = " + "  # names of layers whose maps are added up


@dataclass(frozen=True)
class Place:
    """Where the cells of a tensor lie.

    Attributes
    ----------
    grid : tuple of int
        Rows and columns of cells.
    start : int or None
        Where the cells are tokens, (None, n, channels): the first that belongs to the grid, row after row from there;
        class and register tokens lie outside. None where axes 1 and 2 are rows and columns.
    down, across : tuple of float
        From where to where the rows and the columns reach, as shares of the film's height and width: another part
        than the whole behind a crop, and the end before the beginning where the film was mirrored.
    """

    grid: tuple[int, int]
    start: int | None = None
    down: tuple[float, float] = WHOLE
    across: tuple[float, float] = WHOLE

    @property
    def count(self) -> int:
        """Number of cells."""
        return math.prod(self.grid)

    @property
    def on_film(self) -> tuple[object, ...]:
        """What places of the same cells share, however their tensor is laid out."""
        return self.grid, self.down, self.across

    @property
    def is_whole(self) -> bool:
        """Whether the cells show the whole film, the right way round."""
        return (self.down, self.across) == (WHOLE, WHOLE)


def finest(places: Sequence[Place]) -> tuple[int, int]:
    """Give the grid that has the most rows and columns of those of some maps."""
    return max(one.grid[0] for one in places), max(one.grid[1] for one in places)


def spread(maps: np.ndarray, place: Place, grid: tuple[int, int]) -> np.ndarray:
    """Share the evidence of cells out among those of a grid of the whole film, bilinear; its sum stays what it is.

    Only what lies beside the film, in a border that the model puts around it, is left out.

    Parameters
    ----------
    maps : ndarray, shape (K, h, w)
    place : Place
        Where these cells lie.
    grid : tuple of int
        Rows and columns wanted; as many as there are, or more.

    Returns
    -------
    ndarray of float32, shape (K, *grid)
    """
    if place.is_whole and place.grid == grid:
        return maps
    rows, columns = _shares(place.grid[0], grid[0], place.down), _shares(place.grid[1], grid[1], place.across)
    return np.asarray(rows @ maps @ columns.T, np.float32)


def _shares(cells: int, wanted: int, extent: tuple[float, float]) -> np.ndarray:
    """Weights, (wanted, cells), by which cells that fill an extent of the film are shared out along one axis."""
    start, end = extent
    centres = start + (end - start) * (np.arange(cells) + 0.5) / cells
    at = (np.arange(wanted) + 0.5) / wanted
    forward = slice(None) if end > start else slice(None, None, -1)
    weights = np.stack([np.interp(at, centres[forward], one[forward]) for one in np.eye(cells)], axis=1)
    weights[(at < min(extent)) | (at > max(extent))] = 0
    for cell in np.flatnonzero(weights.sum(axis=0) == 0):  # finer than the grid: all of it goes to where it lies
        weights[np.abs(at - centres[cell]).argmin(), cell] = 1
    shares: np.ndarray = weights / weights.sum(axis=0)
    half = abs(end - start) / cells / 2
    shares[:, (centres + half <= EDGE) | (centres - half >= 1 - EDGE)] = 0
    return shares
