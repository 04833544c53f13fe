"""A Gaussian process in place of the straight fit: it knows how far the weights may be off when pairs are few.

Half the difference of a pair is taken for a linear function of the regions, plus one in which films are the more alike
the fewer regions tell them apart (radial, in the Hamming distance), plus noise. How much there is of each is what makes
the answers most likely, one choice for all findings; so one Cholesky decomposition serves all of them. A weight is the
process' own linear part, which is known in closed form: the radial kernel is a product over the regions.

It is no better at the weights themselves: on balanced pairs (`xai.explainers.pairs`) it orders the regions as the
straight fit does, by tests/benchmarks/regions_converging.py. On films drawn one by one it helped
below one pair a region.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from xai.explainers.pairs import PairsFit, fit_pairs, halves_of

LINEAR = (0.02, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95)  # shares of the variance to choose from
RADIAL = (0.0, 0.3, 0.6, 0.9)  # of the rest; what remains is noise
DECAY = 0.9  # of likeness with each region by which two films differ
JITTER = 1e-8


class _Process(NamedTuple):
    """Shares of the variance that are linear and radial, and the Cholesky factor of all."""

    linear: float
    radial: float
    factor: np.ndarray


def fit_surrogate(pairs: np.ndarray, logits: np.ndarray) -> PairsFit:
    """Fit a weight for each region to the answers to pairs.

    Parameters
    ----------
    pairs : ndarray of bool, shape (P, regions)
    logits : ndarray, shape (2 P, K)
        See `xai.explainers.pairs.fit_pairs`.

    Returns
    -------
    PairsFit
        Its errors are the standard deviations of the weights given the answers; intercept and R² fit its weights.
    """
    from scipy.linalg import cho_solve, solve_triangular

    straight = fit_pairs(pairs, logits)
    signs = np.where(pairs, 1.0, -1.0)
    odd, even = halves_of(logits)
    process = _likeliest(signs, odd)
    regions = pairs.shape[1]
    at_one = process.linear / regions + process.radial * _linear_part(regions)  # variance of one slope beforehand
    slopes = at_one * signs.T @ cho_solve((process.factor, True), odd)
    told = (at_one * solve_triangular(process.factor, signs, lower=True)) ** 2
    scale = (odd * cho_solve((process.factor, True), odd)).mean(axis=0)
    errors = np.sqrt(np.outer(np.maximum(at_one - told.sum(axis=0), 0), scale))
    return PairsFit(2 * slopes, 2 * errors, even.mean(axis=0) - slopes.sum(axis=0), straight.r2)


def _likeliest(signs: np.ndarray, odd: np.ndarray) -> _Process:
    """Choose the shares of the variance under which the answers to all findings are most likely."""
    from scipy.linalg import cho_solve, cholesky

    linear, radial, noise = signs @ signs.T / signs.shape[1], _radial(signs), np.eye(len(signs))
    best, likeliest = None, -np.inf
    for share, of_rest in itertools.product(LINEAR, RADIAL):
        shares = share, (1 - share) * of_rest, (1 - share) * (1 - of_rest) + JITTER
        factor = cholesky(shares[0] * linear + shares[1] * radial + shares[2] * noise, lower=True)
        fitted = np.maximum((odd * cho_solve((factor, True), odd)).sum(axis=0), np.finfo(float).tiny)
        likelihood = -odd.shape[1] * np.log(np.diag(factor)).sum() - len(signs) / 2 * np.log(fitted).sum()
        if likelihood > likeliest:
            best, likeliest = _Process(shares[0], shares[1], factor), likelihood
    assert best is not None  # no likelihood is minus infinity
    return best


def _radial(signs: np.ndarray) -> np.ndarray:
    """How alike the half differences of pairs are beforehand, by the regions that tell their first films apart."""
    regions = signs.shape[1]
    apart = (regions - signs @ signs.T) / 2
    alike: np.ndarray = (DECAY**apart - DECAY ** (regions - apart)) / (1 - DECAY**regions)
    return alike


def _linear_part(regions: int) -> float:
    """Give the variance of one slope under the radial kernel, 2 prod(1 +- tau) taken to its linear terms."""
    tau = (1 - DECAY) / (1 + DECAY)
    return float(2 * ((1 + DECAY) / 2) ** regions * tau / (1 - DECAY**regions))
