"""Maps of many films made comparable: every film weighs the same, whatever its logit, model input or method."""

from __future__ import annotations

import numpy as np

GRID = 16  # cells a side in which maps are compared


def evidence_shares(values: np.ndarray, pieces: np.ndarray | None = None) -> np.ndarray:
    """Give each pixel's share of a map's evidence, with its sign.

    A map is divided by the sum of its absolute values, so that a film with a large logit weighs no more than another.
    What speaks against the finding keeps its sign and its weight: the shares of a map without any, as Grad-CAM's, add
    up to 1, and the absolute values of a signed one's. To take what speaks for it alone would make a film of which most
    speaks against the finding as sure as one of which all speaks for it.

    Parameters
    ----------
    values : array (H, W)
        A raw map.
    pieces : int array (H, W), optional
        The piece of each pixel, where a piece has one number for all of it, as LIME's regions have. The number is then
        spread over the piece, so that it does not count the more the larger its region is.

    Returns
    -------
    float64 array (H, W)
        0 everywhere of an empty map.
    """
    shared = values.astype(np.float64)
    if pieces is not None:
        shared = shared / np.bincount(pieces.ravel())[pieces]
    whole = np.abs(shared).sum()
    return shared / whole if whole > 0 else np.zeros_like(shared)


def on_grid(shares: np.ndarray, side: int = GRID) -> np.ndarray:
    """Add up shares of evidence in a grid of ``side`` cells a side, (side, side); pixels are split between cells."""
    height, width = shares.shape
    cells: np.ndarray = _overlaps(side, height) @ shares @ _overlaps(side, width).T
    return cells


def kept_by_mean(mean: np.ndarray) -> float:
    """Give how much of the evidence is left in a mean of maps of shares, 0 to 1.

    What speaks for the finding on some films and against it on others, at the same place, cancels in a mean: 1 where no
    films disagree anywhere, as with maps that have no sign.
    """
    return float(np.abs(mean).sum())


def _overlaps(cells: int, pixels: int) -> np.ndarray:
    """Say which part of each pixel lies in each cell of a row: (cells, pixels), columns add up to 1."""
    edges = np.linspace(0, pixels, cells + 1)
    starts = np.arange(pixels)
    return np.clip(np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts), 0, 1)
