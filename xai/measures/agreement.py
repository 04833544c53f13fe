"""Whether two maps of one film say the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from xai.measures.declared import Facts
from xai.measures.ranks import midranks, pair, strongest

SIGMA, REACH = 1.5, 5  # pixels: of the window that Wang et al. compare in, and where it is cut off
K1, K2 = 0.01, 0.03

FACTS = {
    "spearman": Facts(
        asks="Do two maps put the pixels in the same order?",
        unit="rank correlation over pixels",
        span="-1 to 1; 1 is the same order, 0 none",
        ties="Equal pixels share the mean of their ranks.",
        empty="NaN where a map is the same everywhere.",
        misses="The many weak pixels decide, not the few that the eye sees; smooth maps agree by chance more than "
        "rough ones.",
        source="Spearman 1904, as scipy.stats.spearmanr; of maps Adebayo et al., NeurIPS 2018.",
    ),
    "top_overlap": Facts(
        asks="Do two maps have their strongest pixels in common?",
        unit="share of the strongest tenth of the film that both have",
        span="0 to 1; chance is the share itself, 0.1",
        ties="Equal pixels where the share ends belong to it in part; of each pixel the smaller part counts.",
        empty="Two maps that are the same everywhere agree fully; one of them agrees with any other as chance does.",
        misses="How strong the evidence is, and all that is weaker.",
        source="Ghorbani, Abid and Zou, Interpretation of Neural Networks is Fragile, AAAI 2019 (top-k intersection).",
    ),
    "ssim": Facts(
        asks="Do two maps look alike, part by part?",
        unit="structural similarity, mean over windows of 11 pixels",
        span="-1 to 1; 1 is the same picture",
        ties="None: it does not rank.",
        empty="Two empty maps are the same picture: 1.",
        misses="Two maps that are dark nearly everywhere look alike there: high values are easily had.",
        source="Wang et al., IEEE Transactions on Image Processing 2004 (Gaussian windows), each map first divided "
        "by its "
        "largest absolute value; as scikit-image's structural_similarity.",
    ),
}


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Give the rank correlation of two maps over pixels; NaN where one is the same everywhere.

    Parameters
    ----------
    first, second : Explanation or array, shape (H, W)
        Raw maps of one film in one geometry; signs count.

    Raises
    ------
    ValueError
        If they differ in shape or are not finite.

    Examples
    --------
    >>> xai.measures.spearman([[1, 2, 3]], [[10, 40, 20]])
    0.5
    """
    ranks = [midranks(values) - (values.size + 1) / 2 for values in pair(first, second)]
    sizes = [float((rank**2).sum()) for rank in ranks]
    return float((ranks[0] * ranks[1]).sum() / np.sqrt(sizes[0] * sizes[1])) if all(sizes) else np.nan


def top_overlap(first: ArrayLike, second: ArrayLike, share: float = 0.1) -> float:
    """Give the part of the strongest ``share`` of the pixels that two maps have in common; see `spearman`.

    Examples
    --------
    >>> xai.measures.top_overlap([[4, 3, 2, 1]], [[4, 1, 2, 3]], share=0.5)
    0.5
    """
    one, other = pair(first, second)
    count = max(1, round(share * one.size))
    return float(np.minimum(strongest(one, count), strongest(other, count)).sum() / count)


def ssim(first: ArrayLike, second: ArrayLike) -> float:
    """Give the structural similarity of two maps, each divided by its largest absolute value; see `spearman`.

    Examples
    --------
    >>> blob = np.outer(np.hanning(32), np.hanning(32))
    >>> xai.measures.ssim(blob, 5 * blob)
    1.0
    """
    one, other = (values / (np.abs(values).max() or 1) for values in pair(first, second))
    if min(one.shape) < 2 * REACH + 1:
        raise ValueError(f"expected maps of at least {2 * REACH + 1} pixels a side, got {one.shape}")
    span = 2 if min(one.min(), other.min()) < 0 else 1
    mean, mean_there = _blurred(one), _blurred(other)
    spread, spread_there = _blurred(one**2) - mean**2, _blurred(other**2) - mean_there**2
    together = _blurred(one * other) - mean * mean_there
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    alike = (2 * mean * mean_there + c1) * (2 * together + c2)
    return float((alike / ((mean**2 + mean_there**2 + c1) * (spread + spread_there + c2))).mean())


def _blurred(values: np.ndarray) -> np.ndarray:
    """Give the weighted mean around each pixel whose window lies inside the map."""
    blurred: np.ndarray = ndimage.gaussian_filter(values, SIGMA, radius=REACH)
    return blurred[REACH:-REACH, REACH:-REACH]
