"""Whether a map changes when the model does: its weights made random, layer by layer, or learned from random labels.

A map that stays as it is shows the film and not the model. What is here compares maps; `xai.models.randomised` makes
the models.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.agreement import spearman
from xai.measures.declared import Facts
from xai.measures.ranks import checked

LIMIT = 0.3  # similarity that a map of a wholly random model may keep

FACTS = {
    "similarity": Facts(
        asks="Is the map of a changed model still the map of the trained one?",
        unit="rank correlation over pixels, of the maps or of their absolute values: the larger",
        span="-1 to 1, low is good; below 0.3 for a wholly random model, or one that learned random labels",
        ties="Equal pixels share the mean of their ranks.",
        empty="0 where a map is the same everywhere: it keeps nothing of the other.",
        misses="A method that passes depends on the weights, and may still point at the wrong place; random noise "
        "passes.",
        source="Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, who look at both correlations.",
    ),
}


def similarity(trained: ArrayLike, changed: ArrayLike) -> float:
    """Say how much of a map is left once the model has changed: the larger rank correlation, with and without signs.

    A map whose signs are turned still marks the same places, and does not pass for another one.

    Parameters
    ----------
    trained, changed : Explanation or array, shape (H, W)
        Maps of one film, by the trained model and by the changed one.

    Examples
    --------
    >>> xai.measures.similarity([[1, -2, 3]], [[-1, 2, -3]])
    1.0
    """
    one, other = checked(trained), checked(changed)
    return float(np.nan_to_num([spearman(one, other), spearman(np.abs(one), np.abs(other))]).max())


def similarity_curve(trained: ArrayLike, stages: Iterable[ArrayLike]) -> np.ndarray:
    """Follow a map's `similarity` while more and more layers are made random, (stages,).

    Examples
    --------
    >>> xai.measures.similarity_curve([[3, 2, 1]], [[[3, 2, 1]], [[3, 1, 2]], [[2, 2, 2]]])
    array([1. , 0.5, 0. ])
    """
    return np.array([similarity(trained, one) for one in stages])


def passes(curves: ArrayLike, limit: float = LIMIT) -> bool:
    """Say whether maps change with the model: their mean similarity at the last stage is below ``limit``.

    Parameters
    ----------
    curves : array, shape (films, stages)
    limit : float, default 0.3

    Examples
    --------
    >>> xai.measures.passes([[0.9, 0.2], [0.5, 0.1]]), xai.measures.passes([[1.0, 1.0]])
    (True, False)
    """
    return bool(np.asarray(curves, float)[:, -1].mean() < limit)
