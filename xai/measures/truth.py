"""Whether a map's evidence lies where the finding is: a map against a mask of the same film."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.declared import Facts
from xai.measures.frame import WHOLE, Footprint
from xai.measures.ranks import checked, midranks, size, strongest
from xai.measures.spots import TIE

BINS = 256  # of the histogram that Otsu's threshold is found in
NO_TRUTH = "NaN where the truth is empty: such a film is left out, not counted as a miss."
NO_EVIDENCE = "0 for a map with nothing above 0: it names no place."

FACTS = {
    "pointing": Facts(
        asks="Does the strongest evidence lie inside the truth?",
        unit="chance that a point on the strongest evidence lies inside the truth",
        span="0 to 1, high is good; a map that is the same everywhere has the truth's share of the film",
        ties="All that is as strong as the strongest (to 1e-5 of it) has the same chance: each pixel of a piece, or "
        "the "
        "middle of each cell where the map was scaled up from cells.",
        empty=f"{NO_TRUTH} {NO_EVIDENCE}",
        misses="It looks at one place of the map and says nothing of the rest; of a finding smaller than a cell or "
        "piece "
        "it says mostly how large that is.",
        source="Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016 (the pointing game); without "
        "its tolerance of 15 pixels, and with ties shared in place of the first largest pixel.",
    ),
    "energy": Facts(
        asks="How much of the evidence lies inside the truth?",
        unit="share of all evidence above 0",
        span="0 to 1, high is good; a map that is the same everywhere has the truth's share of the film",
        ties="None: it adds up, it does not rank.",
        empty=f"{NO_TRUTH} {NO_EVIDENCE}",
        misses="Evidence against the finding does not count; large findings score high whatever the map.",
        source="Wang et al., Score-CAM, CVPR Workshops 2020 (energy-based pointing game); Arras et al., CLEVR-XAI, "
        "Information Fusion 2022 (relevance mass accuracy).",
    ),
    "iou": Facts(
        asks="How far do the strongest pixels, as many as the truth has, cover it?",
        unit="area that both have, as a share of the area that either has",
        span="0 to 1, high is good",
        ties="Pixels that are equal where the area ends share what is left of it.",
        empty=f"{NO_TRUTH} {NO_EVIDENCE}",
        misses="It is told how large the finding is, which no map says; how strong the evidence is makes no "
        "difference.",
        source="Jaccard 1912, at the truth's own area; the intersection alone is Arras et al.'s relevance rank "
        "accuracy "
        "(CLEVR-XAI, Information Fusion 2022).",
    ),
    "iou_otsu": Facts(
        asks="How far does what stands out in the map cover the truth?",
        unit="area that both have, as a share of the area that either has",
        span="0 to 1, high is good",
        ties="None: equal pixels lie on one side of the threshold.",
        empty=f"{NO_TRUTH} {NO_EVIDENCE} All of a map that is the same everywhere above 0 stands out.",
        misses="The threshold parts bright from dark, also where the map has no two such parts.",
        source="Otsu, IEEE Transactions on Systems, Man, and Cybernetics 1979, of the evidence above 0 in 256 steps, "
        "as "
        "scikit-image's threshold_otsu finds it.",
    ),
    "auroc": Facts(
        asks="Is a pixel inside the truth stronger than one outside?",
        unit="chance, over all pairs of such pixels",
        span="0 to 1, high is good; 0.5 is chance",
        ties="A pair of equal pixels counts half.",
        empty="NaN where the truth is empty or all of the film. A map that is the same everywhere has 0.5.",
        misses="It rewards any map that is strong in the middle of the film, where most findings are: hold it "
        "against the "
        "prior, never against 0.5.",
        source="Hanley and McNeil, Radiology 1982, of pixels; signs count.",
    ),
    "average_precision": Facts(
        asks="Of the pixels above a threshold, how many lie inside the truth, over all thresholds?",
        unit="mean precision, weighted by the recall that each threshold adds",
        span="0 to 1, high is good; chance is the truth's share of the film",
        ties="Equal pixels come above a threshold together.",
        empty="NaN where the truth is empty. A map that is the same everywhere has the truth's share of the film.",
        misses="A large truth scores high by chance alone, so findings of different size cannot be compared.",
        source="As scikit-learn's average_precision_score: steps, without interpolation; signs count.",
    ),
}


def pointing(values: ArrayLike, truth: ArrayLike, cells: ArrayLike | None = None) -> float:
    """Give the chance that a point on the strongest evidence lies inside the truth.

    Parameters
    ----------
    values : Explanation or array, shape (H, W)
        A raw map; what speaks against the finding (below 0) does not count.
    truth : array of bool, shape (H, W)
        In the map's geometry: see `on_map`.
    cells : array, shape (h, w), optional
        The map before it was scaled up; those of an `Explanation` are taken by themselves.

    Returns
    -------
    float
        NaN where the truth is empty; 0 where nothing is above 0.

    Raises
    ------
    ValueError
        If map and truth differ in shape, or the map is not finite.

    Examples
    --------
    >>> truth = np.array([[True, True, False]])
    >>> xai.measures.pointing([[0, 2, 2]], truth)
    0.5
    """
    given, inside = with_truth(values, truth)
    return _share(peak(given, cells_of(values, cells)), inside)


def energy(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the share of the evidence for a finding (above 0) that lies inside the truth; see `pointing`.

    Examples
    --------
    >>> xai.measures.energy([[1, 3, -5]], [[True, False, False]])
    0.25
    """
    given, inside = with_truth(values, truth)
    return _share(evidence(given), inside)


def iou(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the IoU of the truth with as many of the strongest pixels as it has; see `pointing`.

    Examples
    --------
    >>> xai.measures.iou([[4, 3, 2, 1]], [[True, False, True, False]])  # one of two is found, and three are either's
    0.3333333333333333
    """
    given, inside = with_truth(values, truth)
    count = int(inside.sum())
    both = _share(strongest(given, count) if given.max() > 0 else np.zeros(given.shape), inside)
    return float(both / (2 * count - both)) if count else np.nan


def iou_otsu(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the IoU of the truth with what lies above Otsu's threshold of the evidence; see `pointing`.

    Examples
    --------
    >>> xai.measures.iou_otsu([[9, 8, 1, 0]], [[True, False, False, False]])
    0.5
    """
    given, inside = with_truth(values, truth)
    return overlap(standing_out(given), inside)


def auroc(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the chance that a pixel inside the truth is stronger than one outside; ties count half. See `pointing`.

    Examples
    --------
    >>> xai.measures.auroc([[3, 2, 2, 1]], [[True, True, False, False]])
    0.875
    """
    given, inside = with_truth(values, truth)
    count, rest = np.count_nonzero(inside), np.count_nonzero(~inside)
    if not count or not rest:
        return np.nan
    return float((midranks(given)[inside].sum() - count * (count + 1) / 2) / (count * rest))


def average_precision(values: ArrayLike, truth: ArrayLike) -> float:
    """Give the mean precision of the pixels above each threshold, weighted by the recall it adds; see `pointing`.

    Examples
    --------
    >>> xai.measures.average_precision([[3, 2, 1]], [[True, False, True]])
    0.8333333333333333
    """
    given, inside = with_truth(values, truth)
    if not inside.any():
        return np.nan
    _, level, counts = np.unique(-given, return_inverse=True, return_counts=True)
    found = np.bincount(level.ravel(), inside.ravel().astype(np.float64))
    return float((found / inside.sum()) @ (np.cumsum(found) / np.cumsum(counts)))


def peak(values: np.ndarray, cells: np.ndarray | None = None) -> np.ndarray:
    """Share a chance of 1 out among the strongest pixels, or the middles of the strongest cells; float64 (H, W)."""
    grid = values if cells is None else cells
    top = float(grid.max())
    if top <= 0:
        return np.zeros(values.shape)
    places = np.argwhere(grid >= top * (1 - TIE))
    if cells is not None:
        places = ((places + 0.5) / cells.shape * values.shape).astype(int)
    weights = np.zeros(values.shape)
    np.add.at(weights, tuple(places.T), 1 / len(places))
    return weights


def evidence(values: np.ndarray) -> np.ndarray:
    """Give each pixel's share of all that is above 0; 0 everywhere where nothing is. Float64 (H, W)."""
    positive = np.maximum(values, 0)
    shares: np.ndarray = positive / (positive.sum() or 1)
    return shares


def standing_out(values: np.ndarray) -> np.ndarray:
    """Give what lies above Otsu's threshold of the evidence above 0, bool (H, W)."""
    positive = np.maximum(values, 0)
    found: np.ndarray = positive > (0 if positive.min() == positive.max() else otsu(positive))
    return found


def otsu(values: np.ndarray) -> float:
    """Give the threshold that parts the values with the most variance between the parts, in `BINS` steps."""
    counts, edges = np.histogram(values, BINS)
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below[:-1]
    apart = sums[:-1] / below[:-1] - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(middles[np.argmax(below[:-1] * above * apart**2)])


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """Give the IoU of two masks; NaN where the truth is empty."""
    return float((found & truth).sum() / (found | truth).sum()) if truth.any() else np.nan


def on_map(truth: ArrayLike, shape: tuple[int, int], footprint: Footprint = WHOLE) -> np.ndarray:
    """Put the truth of a film into the geometry of a map.

    Parameters
    ----------
    truth : array of bool, shape (H, W)
        On the film, at any resolution.
    shape : tuple of int
        Height and width of the map.
    footprint : tuple of float, default the whole film
        The part of the film that the map covers, as `Explained.footprint`; none of the truth lies outside the film.

    Returns
    -------
    ndarray of bool, shape ``shape``
        A pixel is inside where its middle is. Truth that falls between all of them has the pixel of its own middle,
        so that what is there never becomes nothing; what the map does not cover does.

    Examples
    --------
    >>> xai.measures.on_map([[False, True], [False, True]], (1, 4))
    array([[False, False,  True,  True]])
    """
    mask = np.asarray(truth, bool)
    left, top, right, bottom = footprint
    rows = np.floor((top + (np.arange(shape[0]) + 0.5) / shape[0] * (bottom - top)) * mask.shape[0]).astype(int)
    columns = np.floor((left + (np.arange(shape[1]) + 0.5) / shape[1] * (right - left)) * mask.shape[1]).astype(int)
    on_film = np.ix_((rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1]))
    placed = np.zeros(shape, bool)
    placed[on_film] = mask[np.ix_(rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1))][on_film]
    if not placed.any() and mask.any():
        y, x = (np.argwhere(mask).mean(axis=0) + 0.5) / mask.shape
        place = int((y - top) / (bottom - top) * shape[0] // 1), int((x - left) / (right - left) * shape[1] // 1)
        if 0 <= place[0] < shape[0] and 0 <= place[1] < shape[1]:
            placed[place] = True
    return placed


def with_truth(values: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Give map and truth as float64 and bool of one shape; raises ValueError where they are not."""
    given, inside = checked(values), np.asarray(truth).astype(bool)
    if given.shape != inside.shape:
        raise ValueError(
            f"expected a truth of {size(given.shape)} pixels, as the map has, got {size(inside.shape)}: "
            "xai.measures.on_map puts it into the map's geometry"
        )
    return given, inside


def cells_of(values: Any, cells: ArrayLike | None) -> np.ndarray | None:
    """Give the cells that a map was scaled up from: those handed in, else those that an `Explanation` knows."""
    known = getattr(values, "cells", None) if cells is None else cells
    return None if known is None else checked(known)


def _share(weights: np.ndarray, inside: np.ndarray) -> float:
    return float(weights[inside].sum()) if inside.any() else np.nan
