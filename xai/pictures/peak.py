"""The piece of a map around its peak, on the film: a box and an outline to take away, by a rule that is stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from xai.pictures.lines import Footprint, on_film

SHARE = 0.5
RULE = (
    f"pixels of the map of at least {SHARE:g} of its largest value on the film, connected by their sides to the pixel "
    "that holds it, holes filled"
)


@dataclass(frozen=True, eq=False)
class PeakPiece:
    """The connected piece of a map around its largest value.

    Attributes
    ----------
    outline : ndarray of float, shape (n, 2)
        Corners (x, y) of the piece, in fractions of the film's width and height, clockwise and not closed.
    peak : (float, float)
        Middle of the pixel that holds the largest value, likewise.
    largest, threshold : float
        The map's largest value on the film, and the least of the piece before its holes were filled; the map's unit.
    """

    outline: np.ndarray
    peak: tuple[float, float]
    largest: float
    threshold: float

    def corners(self, width: float, height: float) -> np.ndarray:
        """Corners (n, 2) on a film of this size."""
        placed: np.ndarray = self.outline * np.array([width, height])
        return placed

    def box(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, top, width and height of the smallest box around it, on a film of this size."""
        corners = self.corners(width, height)
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return float(left), float(top), float(right - left), float(bottom - top)

    def area(self, width: float, height: float) -> float:
        """Its area on a film of this size."""
        x, y = self.corners(width, height).T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def peak_piece(values: np.ndarray, footprint: Footprint) -> PeakPiece | None:
    """Find the piece around the peak of a map, by `RULE`.

    Parameters
    ----------
    values : ndarray, shape (h, w)
        A raw map; what speaks against the finding (below 0) does not count.
    footprint : tuple of float
        The part of the film that it covers; what lies beside the film, in added air, does not count.

    Returns
    -------
    PeakPiece or None
        None where nothing on the film speaks for the finding. Of equal peaks, the first from the top left.
    """
    covered = np.where(_on_the_film(values.shape, footprint), values, 0)
    largest = float(covered.max())
    if largest <= 0:
        return None
    threshold = SHARE * largest
    row, column = np.unravel_index(int(covered.argmax()), covered.shape)
    pieces, _ = ndimage.label(covered >= threshold)
    piece = ndimage.binary_fill_holes(pieces == pieces[row, column])
    outline = np.clip(on_film(_outline(piece), values.shape, footprint), 0, 1)
    x, y = np.clip(on_film(np.array([column + 0.5, row + 0.5]), values.shape, footprint), 0, 1)
    return PeakPiece(outline, (float(x), float(y)), largest, threshold)


def with_peak(rgb: np.ndarray, piece: PeakPiece) -> np.ndarray:
    """Draw the outline and the box of a piece on a picture of its film, uint8 (H, W, 3), white on black."""
    height, width = rgb.shape[:2]
    picture = Image.fromarray(rgb)
    draw = ImageDraw.Draw(picture)
    left, top, wide, tall = piece.box(width, height)
    box = [(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)]
    for line in (box, [tuple(corner) for corner in piece.corners(width, height)]):
        # A corner lies between pixels; a line of one pixel takes the one to its right and below.
        points = [(min(x, width - 1), min(y, height - 1)) for x, y in (*line, line[0])]
        draw.line(points, (0, 0, 0), width=3)
        draw.line(points, (255, 255, 255), width=1)
    return np.asarray(picture)


def _on_the_film(shape: tuple[int, ...], footprint: Footprint) -> np.ndarray:
    """Which pixels of a map show a part of the film, bool (h, w); the others show nothing but added air."""
    inside = []
    for extent, low, high in zip(shape, footprint[1::-1], footprint[:1:-1], strict=True):
        edges = low + np.arange(extent + 1) / extent * (high - low)
        inside.append((edges[1:] > 1e-9) & (edges[:-1] < 1 - 1e-9))
    rows, columns = inside
    both: np.ndarray = rows[:, None] & columns
    return both


def _outline(piece: np.ndarray) -> np.ndarray:
    """Follow the border of a piece of pixels, clockwise from its top left corner; gives its corners (n, 2), x before y.

    The piece is connected by sides and has no holes, so that one line goes around it and passes no point twice.
    """
    inside = np.pad(piece, 1)
    steps: dict[tuple[int, int], tuple[int, int]] = {}
    for (down, right), start, end in (
        ((-1, 0), (0, 0), (1, 0)),  # along its top edge a pixel's border goes to the right, and so on around it
        ((0, 1), (1, 0), (1, 1)),
        ((1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    ):
        beside = np.roll(inside, (-down, -right), (0, 1))
        for row, column in zip(*(at - 1 for at in np.nonzero(inside & ~beside)), strict=True):
            steps[int(column) + start[0], int(row) + start[1]] = (int(column) + end[0], int(row) + end[1])
    first = min(steps, key=lambda point: (point[1], point[0]))
    line = [first]
    while (point := steps[line[-1]]) != first:
        line.append(point)
    points = np.array(line, float)
    turns = np.roll(points, -1, axis=0) - points
    return points[np.any(turns != np.roll(turns, 1, axis=0), axis=1)]
