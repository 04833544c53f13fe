"""Shapley values of regions: how the difference between film and baseline is shared out among the pieces of a film.

They are the weights of a straight fit over all ways to hide regions, held to add up to the whole difference, in which
a film that shows s of n regions counts as its Shapley kernel says. Films are drawn with each number of regions shown
as often as any other, which is how much one can sway the fit (its leverage), and in pairs with their opposites, so that
even interactions cancel, which no Shapley value depends on. Where all films fit into the budget they are all taken, and
the values are exact.

Lundberg, Lee, NeurIPS 2017 (the kernel); Covert, Lee, AISTATS 2021 (pairs, convergence); Musco, Witter, ICLR 2025
(leverage); the errors are those of `xai.explainers.pairs`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from xai.explainers.pairs import PENALTY, enough, halves_of, standard_errors

MOST_ALL = 20  # regions of which all films may be listed


@dataclass(frozen=True, eq=False)
class SharesFit:
    """Shapley values of regions, for each of K outputs.

    Attributes
    ----------
    weights : ndarray, shape (regions, K)
        Each region's share, in logits; they add up to the whole difference.
    errors : ndarray, shape (regions, K)
        Their standard errors: infinite where there are too few pairs to know, 0 where the values are exact.
    """

    weights: np.ndarray
    errors: np.ndarray


def all_pairs(regions: int) -> int:
    """How many pairs there are, without the one of the whole film and the baseline."""
    return (1 << (regions - 1)) - 1


def draw_coalitions(pairs: int, regions: int, seed: int) -> np.ndarray:
    """Draw which regions the first film of each pair shows; the second one shows all others.

    Fewer pairs of a seed are the first of more, unless all there are fit in: then they are all listed.

    Returns
    -------
    ndarray of bool, shape (pairs, regions)
    """
    if regions <= MOST_ALL and pairs >= all_pairs(regions):
        rest = itertools.islice(itertools.product((False, True), repeat=regions - 1), all_pairs(regions))
        return np.array([(True, *others) for others in rest], bool).reshape(-1, regions)
    of_sizes, of_orders = np.random.default_rng(seed).spawn(2)
    rounds = -(-pairs // max(regions - 1, 1))
    sizes = np.concatenate([np.zeros(0, int), *(of_sizes.permutation(np.arange(1, regions)) for _ in range(rounds))])
    orders = np.stack([of_orders.permutation(regions) for _ in sizes[:pairs]]) if pairs else np.zeros((0, regions), int)
    return orders < sizes[:pairs, None]


def fit_shares(pairs: np.ndarray, logits: np.ndarray, difference: np.ndarray) -> SharesFit:
    """Share the difference between film and baseline out among the regions.

    Parameters
    ----------
    pairs : ndarray of bool, shape (P, regions)
        What the first films show, of `draw_coalitions`.
    logits : ndarray, shape (2 P, K)
        Of `xai.explainers.pairs.films_of` the pairs.
    difference : ndarray, shape (K,)
        Film minus baseline.
    """
    count, regions = pairs.shape
    exact = regions <= MOST_ALL and count == all_pairs(regions)
    even_share = np.broadcast_to(difference / regions, (regions, len(difference)))
    if not count:
        return SharesFit(even_share, np.full(even_share.shape, 0.0 if exact else np.inf))
    half_steps = np.where(pairs, 0.5, -0.5)
    counts = _kernel(pairs.sum(axis=1), regions, listed=exact)
    apart = half_steps - half_steps.mean(axis=1, keepdims=True)  # what is left to decide once the sum is given
    odd = halves_of(logits)[0] - half_steps @ even_share
    gram = (apart.T * counts) @ apart
    gram += np.trace(gram) / regions**2  # to all alike, which says nothing of what is apart: now it can be inverted
    solve = np.linalg.solve(gram + (0.0 if exact or enough(pairs) else PENALTY) * np.eye(regions), apart.T * counts)
    values = even_share + solve @ odd
    if exact:
        return SharesFit(values, np.zeros(values.shape))
    leverage = (apart * solve.T).sum(axis=1)[:, None]
    return SharesFit(values, standard_errors(solve, odd - apart @ (values - even_share), leverage))


def _kernel(shown: np.ndarray, regions: int, *, listed: bool) -> np.ndarray:
    """How much films count that show so many regions: the Shapley kernel over the chance with which they were drawn."""
    from scipy.special import comb

    counts: np.ndarray = regions**2 / 4 / (shown * (regions - shown))  # a half of the regions: 1
    return counts / comb(regions, shown) if listed else counts
