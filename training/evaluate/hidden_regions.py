"""A film with one region hidden after the other, for the shortcut alarm: corners, borders, and lines over the lungs."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from xai.measures.frame import WHOLE, Footprint

CORNER, BORDER = 0.2, 0.1  # of the film's sides
BLUR = 0.1  # standard deviation, of the film's sides
# A line is narrower than that share of the film's side, brighter by that share of all shades than what lies beside it,
# and longer than that share of the side: a tube or a lead is one; a rib, a vessel or a nodule is not.
NARROW, BRIGHT, LONG = 0.07, 0.1, 0.35

_NEAR, _FAR, _BETWEEN = (0.0, CORNER), (1 - CORNER, 1.0), (CORNER, 1 - CORNER)
# Rows and columns as shares of the film's height and width.
PLACES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "upper left corner": (_NEAR, _NEAR),
    "upper right corner": (_NEAR, _FAR),
    "lower left corner": (_FAR, _NEAR),
    "lower right corner": (_FAR, _FAR),
    "upper border": ((0.0, BORDER), _BETWEEN),
    "lower border": ((1 - BORDER, 1.0), _BETWEEN),
    "left border": (_BETWEEN, (0.0, BORDER)),
    "right border": (_BETWEEN, (1 - BORDER, 1.0)),
}
LINES = "long bright lines"
REGIONS: tuple[str, ...] = (*PLACES, LINES)


def masks(shape: tuple[int, int], footprint: Footprint = WHOLE) -> dict[str, np.ndarray]:
    """Say which pixels of a canvas lie in each of `PLACES`; what pads a film lies in none.

    Parameters
    ----------
    shape : (height, width)
        Of the canvas in pixels.
    footprint : (x0, y0, x1, y1)
        The part of the film that the canvas shows, in shares of the film's width and height.

    Returns
    -------
    dict of str to bool array (height, width)
    """
    left, top, right, bottom = footprint
    rows, columns = (
        start + (np.arange(side) + 0.5) / side * (end - start)
        for side, start, end in zip(shape, (top, left), (bottom, right), strict=True)
    )
    return {name: np.outer(_within(rows, down), _within(columns, across)) for name, (down, across) in PLACES.items()}


def hidden(canvas: np.ndarray, footprint: Footprint = WHOLE, baseline: np.ndarray | None = None) -> np.ndarray:
    """Give a film with each of `REGIONS` hidden.

    A corner or a border shows the same film, blurred until only its broad shades are left. In the rest of the film long
    bright lines are taken away.

    Parameters
    ----------
    canvas : float32 array (height, width)
        The film as the model sees it.
    footprint : (x0, y0, x1, y1)
        See `masks`.
    baseline : float32 array (height, width), optional
        What a corner or a border shows in place of the blurred film.

    Returns
    -------
    float32 array (regions, height, width)
    """
    shown = blurred(canvas) if baseline is None else baseline
    places = masks(canvas.shape, footprint)
    rest = ~np.logical_or.reduce(list(places.values()))
    films = [np.where(mask, shown, canvas) for mask in places.values()]
    return np.stack([*films, np.where(rest, without_lines(canvas), canvas)]).astype(np.float32)


def blurred(canvas: np.ndarray) -> np.ndarray:
    """Blur a film by a Gaussian of `BLUR`: (height, width)."""
    film: np.ndarray = gaussian_filter(canvas, [BLUR * side for side in canvas.shape], mode="nearest")
    return film


def without_lines(canvas: np.ndarray) -> np.ndarray:
    """Take long bright lines off a film: float32 (height, width).

    What is narrow is what a grey opening takes away (Serra, Image Analysis and Mathematical Morphology, 1982); of that,
    connected parts that are bright and long enough go, with a pixel around them. A film without lines stays as it is.
    """
    film, side = np.asarray(canvas, np.float32), max(canvas.shape)
    across = 2 * max(1, round(NARROW * side / 2)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    opened = cv2.morphologyEx(film, cv2.MORPH_OPEN, disc)
    _, parts, facts, _ = cv2.connectedComponentsWithStats((film - opened > BRIGHT).astype(np.uint8), connectivity=8)
    long = np.hypot(facts[:, cv2.CC_STAT_WIDTH], facts[:, cv2.CC_STAT_HEIGHT]) > LONG * side
    long[0] = False  # what is no part
    lines = cv2.dilate(long[parts].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(lines, opened, film)


def _within(at: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    inside: np.ndarray = (at >= ends[0]) & (at < ends[1])
    return inside
