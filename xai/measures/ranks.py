"""Put the pixels of a map in order, with a fair share for those that are equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def checked(values: ArrayLike) -> np.ndarray:
    """Give a map as float64 (H, W); raises ValueError for anything that is none."""
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"expected a map (H, W), got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("expected a map of finite numbers, got one with NaN or infinity")
    return array


def pair(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Give two maps of one shape as float64; raises ValueError where they are not."""
    one, other = checked(first), checked(second)
    if one.shape != other.shape:
        raise ValueError(f"expected two maps of one shape, got {size(one.shape)} and {size(other.shape)} pixels")
    return one, other


def size(shape: tuple[int, ...]) -> str:
    """Write height and width in words."""
    return " × ".join(map(str, shape))


def midranks(values: np.ndarray) -> np.ndarray:
    """Rank pixels from 1, the weakest first; equal ones share the mean of their ranks. Float64 of the same shape."""
    _, level, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts - 1) / 2)[level]
    return ranks.reshape(values.shape)


def strongest(values: np.ndarray, count: int) -> np.ndarray:
    """Say how far each pixel belongs to the ``count`` strongest, float64 (H, W) in [0, 1] that adds up to ``count``.

    Pixels that are equal where the count ends share the places that are left: so a map that is the same everywhere
    gets what chance would give, and no order of pixels in memory decides.
    """
    if not 0 < count <= values.size:
        return np.full(values.shape, float(count > 0))
    first = values.size - count
    edge = np.partition(values, first, axis=None)[first]
    above, at = values > edge, values == edge
    weights: np.ndarray = above.astype(np.float64)
    weights[at] = (count - np.count_nonzero(above)) / np.count_nonzero(at)
    return weights


def falling(values: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Part the pixels into stages, the strongest first; equal pixels are never parted.

    Parameters
    ----------
    values : ndarray, shape (H, W)
    steps : int
        Stages that are wanted; as even as whole ties allow, and fewer where there are few different values.

    Returns
    -------
    stage : int array, shape (H, W)
        To which stage a pixel belongs, from 1.
    shares : ndarray, shape (stages + 1,)
        Share of all pixels that belongs to a stage or one before it; from 0 to 1.
    """
    _, level, counts = np.unique(-values, return_inverse=True, return_counts=True)
    ends = np.concatenate([[0], np.cumsum(counts)])
    wanted = np.linspace(0, values.size, steps + 1)
    right = np.searchsorted(ends, wanted).clip(1)
    nearest = np.where(wanted - ends[right - 1] < ends[right] - wanted, right - 1, right)
    cuts = np.unique(np.concatenate([[0], nearest, [len(counts)]]))
    stage = np.searchsorted(cuts, level + 1).reshape(values.shape)
    return stage, ends[cuts] / values.size
