"""Parts of a film that somebody hides by hand: shapes on the film, and the pixels of a model's input that they cover.

A film is hidden as the methods hide it: a pixel of the model's input is hidden whole or not at all, and then shows a
baseline. Shapes are given in fractions of the film, so that the same shape is the same place for every model.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.explainers.baselines import baseline_canvas
from xai.explainers.regions import superpixels
from xai.models.preprocess import footprint

if TYPE_CHECKING:
    from xai.cards.input_spec import InputSpec
    from xai.models.classifier import Classifier

MOSAIC_REGIONS = 60  # of the baseline "region mean"
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle, in fractions of the film's width and height."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Stroke:
    """The path of a round brush.

    Attributes
    ----------
    radius : float
        In fractions of the film's longer side.
    points : tuple of (x, y)
        In fractions of the film's width and height.
    """

    radius: float
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Region:
    """The piece of a method's map that lies under a point, in fractions of the film's width and height."""

    method: str
    x: float
    y: float


Shape = Box | Stroke | Region


@dataclass(frozen=True)
class Grid:
    """The pixels of a model's input, and where they lie on one film.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the input.
    film : (int, int)
        Rows and columns of the film.
    rect : (float, float, float, float)
        The part of the film that the input shows; see `xai.models.preprocess.footprint`.
    """

    shape: tuple[int, int]
    film: tuple[int, int]
    rect: tuple[float, float, float, float]

    @classmethod
    def of(cls, film: tuple[int, int], spec: InputSpec) -> Grid:
        """Lay the input that a card describes over a film of so many rows and columns."""
        return cls(spec.shape, film, footprint(*film, spec))

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the middle of each column and of each row lies: x (columns,), y (rows,), in fractions of the film."""
        x0, y0, x1, y1 = self.rect
        rows, columns = self.shape
        return x0 + (np.arange(columns) + 0.5) / columns * (x1 - x0), y0 + (np.arange(rows) + 0.5) / rows * (y1 - y0)

    def pixel(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the pixel under a point of the film; None where the model does not see it."""
        x0, y0, x1, y1 = self.rect
        row = int(np.floor((y - y0) / (y1 - y0) * self.shape[0]))
        column = int(np.floor((x - x0) / (x1 - x0) * self.shape[1]))
        # the film's own last edge belongs to its last pixel
        row, column = row - (row == self.shape[0] and y == 1), column - (column == self.shape[1] and x == 1)
        return (row, column) if 0 <= row < self.shape[0] and 0 <= column < self.shape[1] else None


def hidden_pixels(shapes: Sequence[Shape], grid: Grid, pieces: Mapping[str, np.ndarray]) -> np.ndarray:
    """Say which pixels of a model's input some shapes hide: those whose middle they cover.

    Parameters
    ----------
    shapes : sequence of Box, Stroke or Region
    grid : Grid
    pieces : mapping of str to ndarray of int, shape (H, W)
        Of each method that a `Region` names, the piece of each pixel; a region is hidden whole.

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    hidden = np.zeros(grid.shape, bool)
    for shape in shapes:
        if isinstance(shape, Region):
            place = grid.pixel(shape.x, shape.y)
            if place is not None:
                hidden |= pieces[shape.method] == pieces[shape.method][place]
        else:
            hidden |= _covered(shape, grid)
    return hidden


def hidden_canvas(classifier: Classifier, canvas: np.ndarray, hidden: np.ndarray, baseline: str) -> np.ndarray:
    """Give a film of which some pixels show a baseline, as the methods compose it.

    Parameters
    ----------
    classifier : Classifier
    canvas : ndarray of float32, shape (H, W)
        The film in the model's geometry.
    hidden : ndarray of bool, shape (H, W)
    baseline : str
        One of `xai.explainers.baselines.BASELINES`; ``region mean`` is that of `MOSAIC_REGIONS` superpixels.

    Returns
    -------
    ndarray of float32, shape (H, W)

    Raises
    ------
    ModelError
        If the card holds no mean film and that is the baseline.
    """
    instead = baseline_canvas(baseline, classifier, canvas, superpixels(canvas, MOSAIC_REGIONS))
    return np.where(hidden, instead, canvas)


def _covered(shape: Box | Stroke, grid: Grid) -> np.ndarray:
    x, y = grid.centres()
    if isinstance(shape, Box):
        across, down = (x >= shape.left) & (x < shape.right), (y >= shape.top) & (y < shape.bottom)
        return down[:, None] & across[None, :]
    height, width = grid.film
    longest = max(height, width)
    scale = np.array([width, height]) / longest
    places = np.stack(np.meshgrid(x, y), axis=-1) * scale
    points = np.array(shape.points) * scale
    near = np.zeros(grid.shape, bool)
    for start, end in itertools.pairwise([points[0], *points]):  # a click is a path from a point to itself
        near |= _distance(places, start, end) <= shape.radius
    inside = ((y >= 0) & (y <= 1))[:, None] & ((x >= 0) & (x <= 1))[None, :]
    return near & inside


def _distance(places: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of each place (..., 2) from the straight line between two points."""
    along = end - start
    length = float(along @ along)
    share = np.clip((places - start) @ along / length, 0, 1)[..., None] if length else 0.0
    distance: np.ndarray = np.linalg.norm(places - (start + share * along), axis=-1)
    return distance
