"""What each of several causes takes away, as the mean over all orders of taking them away (Shapley, 1953)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb

import numpy as np


def in_any_order(causes: Sequence[str], level: Callable[[frozenset[str]], np.ndarray]) -> dict[str, np.ndarray]:
    """Give each cause's part, so that the parts add up to what all of them take away.

    Of two causes that move one threshold along the same scores, the one that moves it further has the larger part.

    Parameters
    ----------
    causes : sequence of str
    level : callable
        Share of flagged films, (draws,), once a set of causes is taken away.
    """
    levels = {
        frozenset(group): level(frozenset(group))
        for size in range(len(causes) + 1)
        for group in combinations(causes, size)
    }
    found = {}
    for cause in causes:
        part = np.zeros_like(levels[frozenset()])
        for group, before in levels.items():
            if cause not in group:
                often = 1 / (len(causes) * comb(len(causes) - 1, len(group)))
                part += often * (before - levels[group | {cause}])
        found[cause] = part
    return found
