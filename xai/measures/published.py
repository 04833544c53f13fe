"""Scores as two papers define them, so that numbers can be set beside theirs: boxes of Wang 2017, and CheXlocalize."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from xai.measures.declared import Facts
from xai.measures.spots import TOUCHING
from xai.measures.truth import NO_TRUTH, otsu, overlap, with_truth

LEVELS = (60, 180)  # of 255: where Wang et al. cut a map to draw boxes
WANG = "Wang et al., ChestX-ray8, CVPR 2017"
CHEXLOCALIZE = (
    "Saporta et al., Benchmarking saliency methods for chest X-ray interpretation, Nature Machine Intelligence 2022"
)

FACTS = {
    "iobb": Facts(
        asks="How much of a box drawn around bright evidence is truth?",
        unit="share of the box's area",
        span="0 to 1, high is good",
        ties="None: equal pixels lie on one side of a level.",
        empty=f"{NO_TRUTH} 0 for a map that has no box: nothing above 0, or the same everywhere.",
        misses="The best of all boxes counts, and a small box inside a large truth is perfect: read it beside "
        "false_boxes.",
        source=f"{WANG}: boxes around what is connected at 60 and at 180 of 255 of the evidence above 0, each level "
        "for "
        "itself; the intersection over the detected box's own area. The truth may be of any shape.",
    ),
    "t_iobb": Facts(
        asks="Is there a box of which more than a share T is truth?",
        unit="1 or 0; over films the accuracy at T(IoBB)",
        span="0 or 1, high is good",
        ties="As iobb.",
        empty=f"{NO_TRUTH} 0 for a map that has no box.",
        misses="As iobb; the paper reports T from 0.1 to 0.9, and the order of methods may change with it.",
        source=f"{WANG}, who also take a box whose IoU is above a threshold; here IoBB alone decides.",
    ),
    "false_boxes": Facts(
        asks="How many boxes are drawn of which no more than T is truth?",
        unit="boxes a map; over films the average number of false positives",
        span="from 0, low is good",
        ties="As iobb.",
        empty="Where the truth is empty all boxes are false.",
        misses="Both levels draw boxes around the same spot, and both count.",
        source=f"{WANG} (average false positives, AFP).",
    ),
    "hit": Facts(
        asks="Does the first largest pixel lie inside the truth?",
        unit="1 or 0; over films the hit rate",
        span="0 or 1, high is good",
        ties="The first in reading order decides, as in the paper's program: use pointing where maps have pieces or "
        "cells.",
        empty=f"{NO_TRUTH} Of a map that is the same everywhere the upper left pixel decides.",
        misses="As pointing; the border of a map that was scaled up is flat, and its first pixel is not the cell's "
        "middle.",
        source=f"{CHEXLOCALIZE}: the program of its release.",
    ),
    "segmentation_iou": Facts(
        asks="How far does the outline of what stands out cover the truth?",
        unit="area that both have, as a share of the area that either has; over films the mIoU",
        span="0 to 1, high is good",
        ties="None: equal pixels lie on one side of the threshold.",
        empty=f"{NO_TRUTH} 0 where nothing is outlined; miou can leave such films out, as the paper's main table does.",
        misses="The map is scaled between its own ends first, so evidence against the finding moves the outline of "
        "that "
        "for it, and a map without any evidence has an outline too unless it is flat.",
        source=f"{CHEXLOCALIZE}: the map in 256 shades between its ends, Otsu's threshold, holes filled, single pixels "
        "dropped. Without its polygons, which cost or add single pixels at corners.",
    ),
}


def boxes(values: ArrayLike, levels: Iterable[float] = LEVELS) -> list[tuple[slice, slice]]:
    """Draw boxes around what is connected (also at a corner) at each level of 255 of a map's evidence above 0.

    Examples
    --------
    >>> xai.measures.boxes([[0, 9, 9, 0]], levels=[60])
    [(slice(0, 1, None), slice(1, 3, None))]
    """
    positive = np.maximum(np.asarray(values, np.float64), 0)
    if positive.min() == positive.max():
        return []
    shades = 255 * (positive - positive.min()) / (positive.max() - positive.min())
    return [box for level in levels for box in ndimage.find_objects(ndimage.label(shades > level, TOUCHING)[0])]


def iobb(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the share of its area that is truth, of the best of `boxes`; NaN where the truth is empty.

    Parameters
    ----------
    values : Explanation or array, shape (H, W)
    truth : array of bool, shape (H, W)

    Examples
    --------
    >>> xai.measures.iobb([[0, 9, 9, 0]], [[False, False, True, True]])
    0.5
    """
    given, inside = with_truth(values, truth)
    return max(_shares(given, inside), default=0.0) if inside.any() else math.nan


def t_iobb(values: ArrayLike, truth: ArrayLike, t: float = 0.25) -> float:
    """Say whether more than ``t`` of one of the `boxes` is truth: 1 or 0; NaN where the truth is empty. See `iobb`.

    Examples
    --------
    >>> xai.measures.t_iobb([[0, 9, 9, 0]], [[False, False, True, True]], t=0.25)
    1.0
    """
    return float(share > t) if not math.isnan(share := iobb(values, truth)) else math.nan


def false_boxes(values: ArrayLike, truth: ArrayLike, t: float = 0.25) -> float:
    """Count the `boxes` of which at most ``t`` is truth. See `iobb`.

    Examples
    --------
    >>> xai.measures.false_boxes([[0, 9, 0, 9]], [[False, False, True, True]])  # the left one, at both levels
    2.0
    """
    given, inside = with_truth(values, truth)
    return float(sum(share <= t for share in _shares(given, inside)))


def hit(values: ArrayLike, truth: ArrayLike) -> float:
    """Say whether the first largest pixel lies inside the truth: 1 or 0; NaN where the truth is empty. See `iobb`.

    Examples
    --------
    >>> xai.measures.hit([[0, 9, 9, 0]], [[False, False, True, True]])
    0.0
    """
    given, inside = with_truth(values, truth)
    return float(inside.flat[np.argmax(given)]) if inside.any() else math.nan


def segmentation(values: ArrayLike) -> np.ndarray:
    """Outline what stands out in a map as CheXlocalize does: bool (H, W), empty for a map that is flat.

    Examples
    --------
    >>> xai.measures.segmentation([[0, 9, 9, 0], [0, 9, 9, 0]])
    array([[False,  True,  True, False],
           [False,  True,  True, False]])
    """
    given = np.asarray(values, np.float64)
    if given.min() == given.max():
        return np.zeros(given.shape, bool)
    shades = (255 * (given - given.min()) / (given.max() - given.min())).astype(np.uint8)
    filled = ndimage.binary_fill_holes(shades > otsu(shades))
    areas, _ = ndimage.label(filled, TOUCHING)
    found: np.ndarray = filled & (np.bincount(areas.ravel())[areas] > 1)
    return found


def segmentation_iou(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the IoU of the truth with a map's `segmentation`; NaN where the truth is empty. See `iobb`.

    Examples
    --------
    >>> xai.measures.segmentation_iou([[0, 9, 9, 0]], [[False, False, True, True]])
    0.3333333333333333
    """
    given, inside = with_truth(values, truth)
    return overlap(segmentation(given), inside)


def hit_rate(maps: Iterable[ArrayLike], truths: Iterable[ArrayLike]) -> float:
    """Give the share of maps with a `hit`, of those whose truth is not empty; NaN where there is none.

    Examples
    --------
    >>> xai.measures.hit_rate([[[0, 9]], [[9, 0]], [[9, 0]]], [[[0, 1]], [[0, 1]], [[0, 0]]])
    0.5
    """
    return _mean([hit(*both) for both in zip(maps, truths, strict=True)])


def miou(maps: Iterable[ArrayLike], truths: Iterable[ArrayLike], only_outlined: bool = False) -> float:
    """Give the mean `segmentation_iou` of the maps whose truth is not empty; NaN where there is none.

    Parameters
    ----------
    maps, truths : iterables of arrays, shape (H, W)
    only_outlined : bool, default False
        Leave out maps without an outline too (the paper's true-positive slice), in place of counting them as 0.

    Examples
    --------
    >>> maps, truths = [[[0, 9, 9, 0]], [[5, 5, 5, 5]]], [[[0, 0, 1, 1]], [[0, 0, 1, 1]]]
    >>> round(xai.measures.miou(maps, truths), 3), round(xai.measures.miou(maps, truths, only_outlined=True), 3)
    (0.167, 0.333)
    """
    pairs = list(zip(maps, truths, strict=True))
    return _mean([segmentation_iou(*both) for both in pairs if not only_outlined or segmentation(both[0]).any()])


def _shares(values: np.ndarray, inside: np.ndarray) -> list[float]:
    return [float(inside[box].mean()) for box in boxes(values)]


def _mean(scores: list[float]) -> float:
    known = [score for score in scores if not math.isnan(score)]
    return sum(known) / len(known) if known else math.nan
