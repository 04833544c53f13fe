"""On how much of a film a map's evidence lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.declared import Facts
from xai.measures.ranks import checked

FACTS = {
    "entropy": Facts(
        asks="How widely is the evidence spread?",
        unit="nats",
        span="0 (all in one pixel) to the logarithm of the number of pixels (the same everywhere)",
        ties="None: it does not rank.",
        empty="NaN for a map that is 0 everywhere.",
        misses="Whether the evidence is right: a map of one pixel at the wrong place is as concentrated as can be.",
        source="Bhatt, Weller and Moura, IJCAI 2020 (complexity), of absolute values.",
    ),
    "effective_share": Facts(
        asks="An even map of what area would be as widely spread?",
        unit="share of the pixels",
        span="above 0 to 1 (the same everywhere)",
        ties="None: it does not rank.",
        empty="NaN for a map that is 0 everywhere.",
        misses="As entropy, of which it is the exponential: whether those pixels lie together.",
        source="Hill, Ecology 1973 (the effective number of order 1), of the entropy above.",
    ),
    "sparseness": Facts(
        asks="Do few pixels hold most of the evidence?",
        unit="Gini index of absolute values",
        span="0 (the same everywhere) to nearly 1 (all in one pixel)",
        ties="None: equal pixels may be ranked in any order.",
        empty="NaN for a map that is 0 everywhere.",
        misses="As entropy; scaling a map up from cells makes it a little less sparse without changing what it says.",
        source="Chalasani et al., ICML 2020; Hurley and Rickard, IEEE Transactions on Information Theory 2009.",
    ),
}


def entropy(values: ArrayLike) -> float:
    """Give the entropy of the shares of evidence (absolute values) that the pixels hold, in nats.

    Parameters
    ----------
    values : Explanation or array, shape (H, W)
        A raw map.

    Returns
    -------
    float
        NaN for a map that is 0 everywhere.

    Examples
    --------
    >>> round(xai.measures.entropy([[1, -1, 0, 0]]), 4)  # the logarithm of 2
    0.6931
    """
    sizes = np.abs(checked(values))
    shares = sizes[sizes > 0] / (sizes.sum() or 1)
    return float(-(shares * np.log(shares)).sum()) if shares.size else np.nan


def effective_share(values: ArrayLike) -> float:
    """Give the share of the pixels on which an even map would have the same `entropy`.

    Examples
    --------
    >>> round(xai.measures.effective_share([[1, -1, 0, 0]]), 4)
    0.5
    """
    return float(np.exp(entropy(values)) / np.size(checked(values)))


def sparseness(values: ArrayLike) -> float:
    """Give the Gini index of a map's absolute values; see `entropy`.

    Examples
    --------
    >>> round(xai.measures.sparseness([[1, 0, 0, 0]]), 4)
    0.75
    """
    rising = np.sort(np.abs(checked(values)), axis=None)
    if not rising[-1]:
        return np.nan
    count = len(rising)
    return float((2 * np.arange(1, count + 1) - count - 1) @ rising / (count * rising.sum()))
