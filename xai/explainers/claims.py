"""What a map says of a part of the film: what hiding that part would do, if the map's shares simply added up."""

from __future__ import annotations

import numpy as np

from xai.explainers.explanation import Explainer, Explanation


def claimed_change(explainer: type[Explainer], made: Explanation, hidden: np.ndarray) -> float | None:
    """Say how far the logit would move if a part were hidden and the map's shares added up.

    A piece of which only a part is hidden counts by that share of its pixels.

    Parameters
    ----------
    explainer : type of Explainer
        The method; its ``shares`` says what its map's values are.
    made : Explanation
    hidden : ndarray of bool, shape (H, W)

    Returns
    -------
    float or None
        In logits, negative where the part speaks for the finding; None for a method whose map is no logits.
    """
    if explainer.shares == "pixel":
        return -float(made.map[hidden].sum(dtype=np.float64))
    if explainer.shares == "piece" and made.pieces is not None:
        pieces = made.pieces.ravel()
        pixels = np.bincount(pieces)
        share = np.bincount(pieces, hidden.ravel()) / np.maximum(pixels, 1)
        value = np.bincount(pieces, made.map.ravel().astype(np.float64)) / np.maximum(pixels, 1)
        return -float(value @ share)
    return None


def evidence_in(made: Explanation, hidden: np.ndarray) -> float | None:
    """Give the share of a map's positive evidence that lies in a part, 0 to 1; None where the map has none."""
    positive = np.maximum(made.map, 0).astype(np.float64)
    total = positive.sum()
    return float(positive[hidden].sum() / total) if total > 0 else None
