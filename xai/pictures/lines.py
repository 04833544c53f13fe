"""Lines to draw over a film: borders between the pixels of an array, and rectangles."""

from __future__ import annotations

import numpy as np

Footprint = tuple[float, float, float, float]
WHOLE: Footprint = (0.0, 0.0, 1.0, 1.0)


def borders(labels: np.ndarray, footprint: Footprint = WHOLE) -> list[np.ndarray]:
    """Find the lines between neighbouring pixels of different value; the array's own edges are none.

    Parameters
    ----------
    labels : ndarray, shape (H, W)
        A mask, or the piece that each pixel belongs to.
    footprint : tuple of float
        The part of the film that the array covers, (x0, y0, x1, y1).

    Returns
    -------
    list of ndarray of float, shape (2, 2)
        Ends (x, y) of straight lines as long as they go, in fractions of the film's width and height.
    """
    upright = _runs(labels[:, 1:] != labels[:, :-1])
    level = _runs((labels[1:] != labels[:-1]).T)[:, :, ::-1]
    return list(on_film(np.concatenate([upright, level]), labels.shape, footprint))


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Give the closed line around a rectangle, (5, 2)."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], float)


def on_film(points: np.ndarray, shape: tuple[int, ...], footprint: Footprint) -> np.ndarray:
    """Turn points (..., 2) in pixels of an array, x before y, into fractions of the film that it covers part of."""
    height, width = shape
    x0, y0, x1, y1 = footprint
    inside: np.ndarray = np.array([x0, y0]) + points / np.array([width, height]) * np.array([x1 - x0, y1 - y0])
    return inside


def _runs(differs: np.ndarray) -> np.ndarray:
    """Ends ((x, y), (x, y)) of the upright lines along runs of True; column c of the array is the line x = c + 1."""
    padded = np.pad(differs, ((1, 1), (0, 0)))
    column, start = np.nonzero((padded[1:] & ~padded[:-1]).T)
    _, end = np.nonzero((~padded[1:] & padded[:-1]).T)
    x = column + 1
    return np.stack([np.stack([x, start], -1), np.stack([x, end], -1)], axis=1).astype(float)
