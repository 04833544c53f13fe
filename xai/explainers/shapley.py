"""Shapley values of regions: how the difference between film and baseline is shared out among the pieces of a film.

Films are drawn in pairs with their opposites, so that even interactions cancel, which no Shapley value depends on. No
pair is drawn twice, and films that show few or nearly all regions are drawn more often than others, of which there are
many more. A Gaussian process (`xai.explainers.process`) is fitted to them; the values are those of its mean, which are
known in closed form, and how far they may be off is known too. Where all films fit into the budget they are all taken,
and the values are exact.

Beyond `MOST_FITTED` pairs, whose process would take long, what it misses of all others is shared out by the straight
fit of Lundberg and Lee, in which a film that shows s of n regions counts as its Shapley kernel says.

tests/benchmarks/shapley_estimators.py holds it against other estimators. Lundberg, Lee, NeurIPS 2017 (the kernel);
Covert, Lee, AISTATS 2021 (pairs); Musco, Witter, ICLR 2025 (drawing without replacement).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai.explainers.pairs import SPARE_PAIRS, enough, halves_of, standard_errors
from xai.explainers.process import fit_process, shapley_chances

MOST_ALL = 20  # regions of which all films may be listed
MOST_FITTED = 2000  # pairs


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

    def of(self, outputs: Sequence[int]) -> SharesFit:
        """Give the values for some outputs: the fit is one of all, so that each gets what it gets alone."""
        return SharesFit(self.weights[:, outputs], self.errors[:, outputs])


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
    sizes = np.arange(1, regions)
    chances = 1 / np.sqrt(sizes * (regions - sizes))
    drawn: dict[bytes, np.ndarray] = {}
    while len(drawn) < pairs:
        size = of_sizes.choice(sizes, p=chances / chances.sum())
        film = of_orders.permutation(regions) < size
        drawn.setdefault((film == film[0]).tobytes(), film)  # a pair has one name, whichever film comes first
    return np.array([*drawn.values()], bool).reshape(-1, regions)


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
    odd = halves_of(logits)[0]
    if regions <= MOST_ALL and count == all_pairs(regions):
        values = _straight(pairs, odd, difference)[0]
        return SharesFit(values, np.zeros(values.shape))
    process = fit_process(pairs[:MOST_FITTED], odd[:MOST_FITTED], difference)
    values, errors = process.effects(*shapley_chances())
    others, missed = pairs[MOST_FITTED:], odd[MOST_FITTED:]
    if enough(others):
        missing, of_missing = _straight(others, missed - process.foretold(others), difference - values.sum(axis=0))
        trust = errors**2 / (errors**2 + of_missing**2)
        values, errors = values + trust * missing, np.sqrt(trust) * of_missing
    if count < SPARE_PAIRS:
        errors = np.full(values.shape, np.inf)
    return SharesFit(values + (difference - values.sum(axis=0)) / regions, errors)


def _straight(pairs: np.ndarray, odd: np.ndarray, difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit weights (regions, K) that add up to a difference, and give their standard errors."""
    count, regions = pairs.shape
    even_share = np.broadcast_to(difference / regions, (regions, len(difference)))
    if not count:
        return even_share, np.zeros(even_share.shape)
    half_steps = np.where(pairs, 0.5, -0.5)
    shown = np.minimum(pairs.sum(axis=1), regions - pairs.sum(axis=1))
    of_sizes = np.where(2 * shown == regions, 0.5, 1.0) / (shown * (regions - shown))  # half the films, half the pairs
    counts = of_sizes / np.bincount(shown)[shown]  # each size by its kernel, however many films were drawn of it
    counts /= counts.mean()
    apart = half_steps - half_steps.mean(axis=1, keepdims=True)  # what is left to decide once the sum is given
    left = odd - half_steps @ even_share
    gram = (apart.T * counts) @ apart
    gram += np.trace(gram) / regions**2  # to all alike, which says nothing of what is apart: now it can be inverted
    solve = np.linalg.solve(gram, apart.T * counts)
    values = even_share + solve @ left
    leverage = (apart * solve.T).sum(axis=1)[:, None]
    return values, standard_errors(solve, left - apart @ (values - even_share), leverage)
