"""A Gaussian process over pairs of films: what the model would answer to any other pair, and how sure that is.

Half the difference of a pair is taken for a linear function of the regions, plus one in which films are the more alike
the fewer regions tell them apart, plus noise. A region tells films apart the more, the more the answers depend on it,
which a first fit finds out, in which all regions count the same. How much there is of each part is what makes the
answers most likely, one choice for all findings, so that one Cholesky decomposition serves all of them.

Likeness is a product over the regions. So what one region does in the mean, averaged over films that show each other
one by chance t, is known in closed form; a Shapley value is the integral of that over t.

Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006 (5.1, 5.4: relevance and likelihood); Owen,
Multilinear Extensions of Games, Management Science 1972 (the integral); Witter, Liu, Musco, Regression-adjusted Monte
Carlo Estimators for Shapley Values, 2025 (why a fit beyond the straight one helps).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

NODES = 12  # of Gauss and Legendre's rule: the integral is right to 1e-12
ALIKE = 0.2  # of a region's relevance, given to all the same
TRIED = 200  # pairs by which the shares are chosen
JITTER = 1e-8  # of the variance
TINY = np.finfo(float).tiny
CHOICES = {
    "apart": (0.15, 0.3, 0.6, 1.2),
    "noise": (1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 0.1),
    "linear": (0.5, 0.75, 0.9, 0.98, 0.9999),
}


class Shares(NamedTuple):
    """What the process is made of.

    Attributes
    ----------
    apart : float
        How much less alike two films are for each region of mean relevance that tells them apart: likeness falls by
        ``exp(-apart)``.
    noise : float
        Variance of the noise, as a share of all other.
    linear : float
        Share of the linear part in that other.
    """

    apart: float = 0.3
    noise: float = 1e-2
    linear: float = 0.75


HALF = np.array([0.5]), np.array([1.0])
"""One chance of a half: what a region does on average over all films, as LIME has it."""


@functools.cache
def shapley_chances() -> tuple[np.ndarray, np.ndarray]:
    """Chances (Q,) by which other regions are shown, and how much each counts: their integral from 0 to 1."""
    points, counts = np.polynomial.legendre.leggauss(NODES)
    return (points + 1) / 2, counts / 2


@dataclass(frozen=True, eq=False)
class Process:
    """A process given the answers to pairs of films.

    Attributes
    ----------
    shown : ndarray of float, shape (P, regions)
        1 where the first film of a pair shows a region; the last pair is the whole film and the baseline.
    shares : Shares
    relevance : ndarray, shape (regions,)
        1 on average.
    factor : ndarray, shape (P, P)
        Of Cholesky, of the covariance of the answers.
    solved : ndarray, shape (P, K)
        The answers by the inverse of that.
    scale : ndarray, shape (K,)
        Variance of each output's answers.
    """

    shown: np.ndarray
    shares: Shares
    relevance: np.ndarray
    factor: np.ndarray
    solved: np.ndarray
    scale: np.ndarray

    def foretold(self, pairs: np.ndarray) -> np.ndarray:
        """Half the differences (N, K) to be expected of other pairs (N, regions)."""
        expected: np.ndarray = _covariance(pairs.astype(float), self.shown, self.shares, self.relevance) @ self.solved
        return expected

    def effects(self, chances: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Say what each region does where each other one is shown by chance.

        Parameters
        ----------
        chances, counts : ndarray, shape (Q,)
            Chances between 0 and 1, and how much each counts; 1 together.

        Returns
        -------
        values, errors : ndarray, shape (regions, K)
            What a region adds to an answer where it is shown, and how far that may be off, as a standard deviation.
        """
        from scipy.linalg import solve_triangular

        reads = self._read_off(chances, counts)
        told = solve_triangular(self.factor, reads.T, lower=True, check_finite=False)
        left = np.maximum(self._variance(chances, counts) - (told**2).sum(axis=0), 0)
        return reads @ self.solved, np.sqrt(np.outer(left, self.scale))

    def _read_off(self, chances: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Covariance (regions, P) of the effects with the answers."""
        tells = self.shares.apart * self.relevance
        unlike = np.exp(-tells)
        # how alike a film in which a region is shown by chance is to one that shows it, and to one that does not
        if_shown, if_hidden = (t + (1 - t) * unlike for t in (chances[:, None], 1 - chances[:, None]))
        alike = np.exp(self.shown @ np.log(if_shown).T + (1 - self.shown) @ np.log(if_hidden).T) * counts
        added = np.where(self.shown > 0, alike @ (1 / if_shown), -alike @ (1 / if_hidden)) * (1 - unlike)
        linear = 2 * (2 * self.shown - 1) * self.relevance / self.relevance.sum()
        return self._mixed(linear, added * 2 / _largest(tells)).T

    def _variance(self, chances: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Variance (regions,) of the effects before there are answers."""
        tells = self.shares.apart * self.relevance
        unlike = np.exp(-tells)
        same = np.outer(chances, chances) + np.outer(1 - chances, 1 - chances)
        likeness = same[..., None] + (1 - same[..., None]) * unlike
        alike = np.exp(np.log(likeness).sum(axis=-1)) * np.outer(counts, counts)
        added = 2 * (1 - unlike) * np.einsum("tu,tur->r", alike, 1 / likeness)
        return self._mixed(4 * self.relevance / self.relevance.sum(), added * 2 / _largest(tells))

    def _mixed(self, linear: np.ndarray, other: np.ndarray) -> np.ndarray:
        return self.shares.linear * linear + (1 - self.shares.linear) * other


def fit_process(pairs: np.ndarray, odd: np.ndarray, difference: np.ndarray) -> Process:
    """Find the likeliest process.

    Parameters
    ----------
    pairs : ndarray of bool, shape (P, regions)
        What the first films show.
    odd : ndarray, shape (P, K)
        Half the differences of the answers to the first and second films.
    difference : ndarray, shape (K,)
        Of the answers to the whole film and the baseline: one more pair, without noise.
    """
    shown = np.concatenate([pairs, np.ones((1, pairs.shape[1]), bool)]).astype(np.float64)
    answers = np.concatenate([odd, difference[None] / 2])
    first = _given(shown, answers, Shares(), np.ones(pairs.shape[1]))
    relevance = _relevance(first.effects(*shapley_chances())[0])
    return _given(shown, answers, _likeliest(shown, answers, relevance), relevance)


def _given(shown: np.ndarray, answers: np.ndarray, shares: Shares, relevance: np.ndarray) -> Process:
    from scipy.linalg import cho_solve, cholesky

    noise = np.append(np.full(len(shown) - 1, shares.noise), 0.0) + JITTER
    covariance = _covariance(shown, shown, shares, relevance) + np.diag(noise)
    factor = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
    solved = cho_solve((factor, True), answers, check_finite=False)
    return Process(shown, shares, relevance, factor, solved, np.maximum((answers * solved).mean(axis=0), 0))


def _covariance(one: np.ndarray, other: np.ndarray, shares: Shares, relevance: np.ndarray) -> np.ndarray:
    """Covariance (N, P) of half the differences of pairs, without noise."""
    tells = shares.apart * relevance
    agreement = (2 * one - 1) * relevance @ (2 * other - 1).T / relevance.sum()  # from -1 to 1
    apart = tells.sum() * (1 - agreement) / 2
    alike = (np.exp(-apart) - np.exp(apart - tells.sum())) / _largest(tells)
    covariance: np.ndarray = shares.linear * agreement + (1 - shares.linear) * alike
    return covariance


def _largest(tells: np.ndarray) -> float:
    """Likeness of a film to itself, less that to its opposite."""
    return float(1 - np.exp(-tells.sum()))


def _likeliest(shown: np.ndarray, answers: np.ndarray, relevance: np.ndarray) -> Shares:
    """Choose the shares under which the answers to all findings are most likely, one share after the other."""
    some = np.r_[: min(len(shown) - 1, TRIED), len(shown) - 1]

    @functools.cache
    def likelihood(shares: Shares) -> float:
        process = _given(shown[some], answers[some], shares, relevance)
        spread = np.log(np.maximum(process.scale, TINY)).sum()
        return float(-answers.shape[1] * np.log(np.diag(process.factor)).sum() - len(some) / 2 * spread)

    shares = Shares()
    for name in CHOICES:
        shares = max((shares._replace(**{name: value}) for value in CHOICES[name]), key=likelihood)
    return shares


def _relevance(values: np.ndarray) -> np.ndarray:
    """How much the answers depend on each region, from values (regions, K): its share of their squares."""
    squares = values**2
    squares = squares[:, squares.any(axis=0)]
    if not squares.size:
        return np.ones(len(values))
    relevance: np.ndarray = ALIKE + (1 - ALIKE) * (squares / squares.mean(axis=0)).mean(axis=1)
    return relevance
