"""Cut a film into regions (superpixels): the pieces that LIME turns on and off."""

from __future__ import annotations

import numpy as np


def superpixels(canvas: np.ndarray, count: int) -> np.ndarray:
    """Cut a film into compact regions of similar shade.

    SLIC: Achanta et al., IEEE TPAMI 34(11), 2012, as scikit-image implements it; deterministic.

    Parameters
    ----------
    canvas : ndarray of float32, shape (H, W)
        In [0, 1].
    count : int
        Regions asked for; a few more or fewer come back.

    Returns
    -------
    ndarray of uint16, shape (H, W)
        Region of each pixel, numbered from 0 without gaps.
    """
    from skimage.segmentation import slic  # a second to import, and only explainers call this

    labels = slic(canvas, n_segments=count, compactness=0.1, sigma=1, channel_axis=None, start_label=0)
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.uint16)


def region_means(values: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Mean of ``values`` (H, W) in each region, float32 (number of regions,)."""
    sums = np.bincount(regions.ravel(), values.ravel())
    return (sums / np.bincount(regions.ravel())).astype(np.float32)
