"""Antithetic pairs: films with regions hidden, each beside the film that hides just the others.

What two regions do only together (any even interaction) is the same in both films of a pair, so it cancels in half
their difference, and only odd interactions are left to disturb a straight fit. The pairs come in blocks of rows of a
Hadamard matrix: in a whole block any two regions are shown together as often as apart, so that no region's weight leans
on another's. Columns, rows and signs are drawn at random; each film by itself shows every region with chance 1/2.

Plackett, Burman, The Design of Optimum Multifactorial Experiments, Biometrika 1946; the errors are the sandwich of
MacKinnon, White, J. Econometrics 1985 (HC2), by pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SURE = 1.96  # standard errors on either side of a value hold the long run's in 95 of 100 cases
SPARE_PAIRS = 20  # beyond one for each region: with fewer, what is left over says too little about the errors
PENALTY = 1.0  # of the ridge where pairs are as few as that, as in lime; with more it would only draw weights to 0


@dataclass(frozen=True, eq=False)
class PairsFit:
    """A straight fit to pairs of films, for each of K outputs.

    Attributes
    ----------
    weights : ndarray, shape (regions, K)
        How much higher the logit is where a region is shown.
    errors : ndarray, shape (regions, K)
        Their standard errors; infinite where there are too few pairs to know.
    intercepts : ndarray, shape (K,)
        The fit's logit with every region hidden.
    r2 : ndarray, shape (K,)
        The share of the logits' variance that the fit explains, each pair foretold by a fit to all others; at least 0.
    """

    weights: np.ndarray
    errors: np.ndarray
    intercepts: np.ndarray
    r2: np.ndarray

    def of(self, outputs: Sequence[int]) -> PairsFit:
        """Give the fit of some outputs."""
        return PairsFit(self.weights[:, outputs], self.errors[:, outputs], self.intercepts[outputs], self.r2[outputs])


def draw_pairs(pairs: int, regions: int, seed: int) -> np.ndarray:
    """Draw which regions the first film of each pair shows; the second one shows all others.

    Fewer pairs of a seed are the first of more.

    Returns
    -------
    ndarray of bool, shape (pairs, regions)
    """
    rng, size = np.random.default_rng(seed), pairs_in_block(regions)
    blocks = [_block(rng, size, regions, min(size, pairs - start)) for start in range(0, pairs, size)]
    return np.concatenate([np.zeros((0, regions), bool), *blocks])


def pairs_in_block(regions: int) -> int:
    """How many pairs make a block in which all regions are balanced: the next power of 2."""
    return 1 << (regions - 1).bit_length()


def _block(rng: np.random.Generator, size: int, regions: int, pairs: int) -> np.ndarray:
    """Give the first rows of one block; Sylvester's matrix has its minus where row and column share odd many bits."""
    rows, columns = rng.permutation(size), rng.permutation(size)[:regions]
    signs = rng.integers(0, 2, regions, dtype=bool)
    minus: np.ndarray = np.bitwise_count(rows[:pairs, None] & columns) % 2 == 1
    return minus ^ signs


def films_of(pairs: np.ndarray) -> np.ndarray:
    """Lay pairs (P, regions) out as films, each followed by its opposite: bool (2 P, regions)."""
    return np.stack([pairs, ~pairs], axis=1).reshape(-1, pairs.shape[1])


def fit_pairs(pairs: np.ndarray, logits: np.ndarray) -> PairsFit:
    """Fit a weight for each region to the answers to pairs.

    Parameters
    ----------
    pairs : ndarray of bool, shape (P, regions)
        What the first films show.
    logits : ndarray, shape (2 P, K)
        Of `films_of` the pairs.
    """
    signs = np.where(pairs, 1.0, -1.0)
    odd, even = halves_of(logits)
    solve = _ridge(signs)
    slopes = solve @ odd
    left_over = odd - signs @ slopes
    leverage = (signs * solve.T).sum(axis=1)[:, None]
    errors = standard_errors(solve, left_over, leverage)
    middle = even.mean(axis=0) if len(pairs) else np.zeros(logits.shape[1])
    unforeseen = ((left_over / (1 - leverage)) ** 2 + (even - middle) ** 2).sum(axis=0)
    # in a film a region is shown or not, 1 or 0; in a pair's difference it is 1 or -1, half the step
    return PairsFit(2 * slopes, 2 * errors, middle - slopes.sum(axis=0), _explained(odd, even - middle, unforeseen))


def standard_errors(solve: np.ndarray, left_over: np.ndarray, leverage: np.ndarray) -> np.ndarray:
    """Give the standard errors (regions, K) of a fit to pairs; infinite where these are not `enough`.

    They are a little larger where few pairs are left over, as Student's t has it, so that `SURE` of them always do.

    Parameters
    ----------
    solve : ndarray, shape (regions, P)
        What makes the fit of half differences.
    left_over : ndarray, shape (P, K)
        What the fit misses of these.
    leverage : ndarray, shape (P, 1)
        How much each sways its own fit.
    """
    from scipy.stats import t

    regions, count = solve.shape
    if not enough(solve.T):
        return np.full((regions, left_over.shape[1]), np.inf)
    wider = t.ppf(0.975, count - regions) / SURE
    errors: np.ndarray = wider * np.sqrt(solve**2 @ (left_over**2 / (1 - leverage)))
    return errors


def enough(pairs: np.ndarray) -> bool:
    """Whether pairs (P, regions) are enough to know the errors of what is fitted to them."""
    return bool(len(pairs) >= pairs.shape[1] + SPARE_PAIRS)


def halves_of(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split the logits (2 P, K) of pairs into half their differences and half their sums, each (P, K)."""
    first, second = logits[::2].astype(np.float64), logits[1::2].astype(np.float64)
    return (first - second) / 2, (first + second) / 2


def _ridge(signs: np.ndarray) -> np.ndarray:
    """Give the matrix (regions, P) that makes the ridge's slopes of half differences."""
    count, regions = signs.shape
    if count < regions:  # the same by the smaller of the two systems
        return np.linalg.solve(signs @ signs.T + PENALTY * np.eye(count), signs).T
    penalty = 0.0 if enough(signs) else PENALTY
    return np.linalg.solve(signs.T @ signs + penalty * np.eye(regions), signs.T)


def _explained(odd: np.ndarray, even: np.ndarray, unforeseen: np.ndarray) -> np.ndarray:
    total = (odd**2 + even**2).sum(axis=0)
    share = 1 - np.divide(unforeseen, total, out=np.zeros_like(total), where=total > 0)
    return np.maximum(np.where(total > 0, share, 0.0), 0.0)
