"""How sure a map of regions is, and when more films would hardly change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from xai.explainers.declared import Diagnostic
from xai.explainers.pairs import SURE, films_of, pairs_in_block
from xai.machine import one_blas_thread
from xai.written import with_unit

STABLE = 0.8  # rank stability from which an order counts as found
FINE = 0.1  # of the strongest value: a mean standard error up to this is fine enough
NOTHING = 1e-4  # logits; values with errors below this are known, whatever their order
LOW_STABILITY = 0.5
STABILITY_MEANING = (
    "How alike other films drawn in place of these would order the regions: the rank correlation of maps from either "
    "half of them, raised to all of them by the formula of Spearman and Brown. 1 is the same order."
)


class Fit(Protocol):
    """What is fitted to pairs of films: values of regions and their standard errors, each (regions, K)."""

    @property
    def weights(self) -> np.ndarray:
        """The values."""

    @property
    def errors(self) -> np.ndarray:
        """Infinite where there are too few films to know, 0 where the values are exact."""


F = TypeVar("F", bound=Fit)


@dataclass(frozen=True, eq=False)
class Found(Generic[F]):
    """What was fitted, to the answers (2 P, outputs) of how many pairs, and how sure it is."""

    fit: F
    answers: np.ndarray
    stability: np.ndarray
    converged: bool

    def how_sure(self, output: int) -> dict[str, Any]:
        """Put together what `CONVERGING` tells of one output's values."""
        values, errors, stability = self.fit.weights[:, output], self.fit.errors[:, output], self.stability[output]
        known = bool(np.isfinite(errors).all())
        return {
            "sure_share": float((np.abs(values) > SURE * errors).mean()) if known else None,
            "rank_stability": float(stability) if np.isfinite(stability) else None,
            "mean_error": float(errors.mean()) if known else None,
            "converged": self.converged,
        }


def fit_until_converged(
    pairs: np.ndarray,
    ask: Callable[[np.ndarray], np.ndarray],
    fit: Callable[[np.ndarray, np.ndarray], F],
    stops: bool = True,
) -> Found[F]:
    """Ask for the answers to pairs, block by block, until their fit has converged or there are no more.

    Parameters
    ----------
    pairs : ndarray of bool, shape (P, regions)
        What the first films show.
    ask : callable
        From what films show (N, regions) to answers (N, outputs).
    fit : callable
        From pairs and their answers to values and errors.
    stops : bool, default True
        Whether to stop before the last pair.
    """
    block = pairs_in_block(pairs.shape[1])
    looks = range(2 * block, len(pairs), block) if stops else ()
    asked, parts = 0, []
    for end in (*looks, len(pairs)):
        parts.append(ask(films_of(pairs[asked:end])))
        asked = end
        found = _judged(pairs[:end], np.concatenate(parts), fit)
        if found.converged:
            break
    return found


def _judged(pairs: np.ndarray, answers: np.ndarray, fit: Callable[[np.ndarray, np.ndarray], F]) -> Found[F]:
    with one_blas_thread():
        found = fit(pairs, answers)
        stability = _stability(pairs, answers, fit) if found.errors.any() else np.ones(found.errors.shape[1])
    return Found(found, answers, stability, is_converged(found.weights, found.errors, stability))


def _stability(pairs: np.ndarray, answers: np.ndarray, fit: Callable[[np.ndarray, np.ndarray], Fit]) -> np.ndarray:
    """Give the rank stability of each output's map; NaN of less than one pair for each region in either half."""
    half = len(pairs) // 2
    one, other = fit(pairs[:half], answers[: 2 * half]), fit(pairs[half:], answers[2 * half :])
    stability = rank_stability(one.weights, other.weights)
    return stability if half >= pairs.shape[1] else np.full(stability.shape, np.nan)


def rank_stability(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Say how alike two independent sets of films, each as large as both halves together, would order the regions.

    Parameters
    ----------
    one, other : ndarray, shape (regions, K)
        Values from either half of the films.

    Returns
    -------
    ndarray, shape (K,)
        Spearman's correlation of the halves, raised by the Spearman-Brown formula, 2 r / (1 + r), and at least 0. Its
        root foretells the correlation with a map of endless films. NaN where a half has but one value.
    """
    from scipy.stats import rankdata

    ranks = [rankdata(half, axis=0) for half in (one, other)]
    centred = [rank - rank.mean(axis=0) for rank in ranks]
    lengths = np.prod([np.sqrt((rank**2).sum(axis=0)) for rank in centred], axis=0)
    alike = np.divide(
        (centred[0] * centred[1]).sum(axis=0), lengths, out=np.full(lengths.shape, np.nan), where=lengths > 0
    )
    alike = np.maximum(alike, 0)
    raised: np.ndarray = 2 * alike / (1 + alike)
    return raised


def is_converged(values: np.ndarray, errors: np.ndarray, stability: np.ndarray) -> bool:
    """Whether every output's map (regions, K) has passed `STABLE` and `FINE`."""
    mean, strongest = errors.mean(axis=0), np.abs(values).max(axis=0)
    return bool(((mean <= NOTHING) | ((stability >= STABLE) & (mean <= FINE * strongest))).all())


NOT_KNOWN: dict[str, Any] = {"sure_share": None, "rank_stability": None, "mean_error": None, "converged": None}
"""Of a method, or a design, that does not say how sure it is."""

CONVERGING: tuple[Diagnostic, ...] = (
    Diagnostic(
        "rank_stability",
        "Order holds",
        STABILITY_MEANING,
        write=lambda stability: f"{stability:.2f}",
        warns=lambda stability: stability < LOW_STABILITY,
        warning=f"Low: which region is stronger is mostly chance. {STABILITY_MEANING}",
        shown=lambda stability: stability is not None,
    ),
    Diagnostic(
        "sure_share",
        "Sign is sure",
        "Regions whose 95 % interval lies on one side of 0: of the others nobody knows whether they speak for the "
        "finding or against it.",
        write=lambda share: with_unit(f"{100 * share:.0f}", "%"),
        shown=lambda share: share is not None,
    ),
    Diagnostic(
        "mean_error",
        "Standard error",
        "Mean over the regions, in logits.",
        write=lambda error: f"±{error:.2g}",
        shown=lambda error: error is not None,
    ),
    Diagnostic(
        "converged",
        "Films",
        f"For every finding asked for, order held from {STABLE:g} on and the mean standard error was at most "
        f"{FINE:.0%} of the strongest region: more films would hardly change a map.",
        write=lambda converged: "enough",
        shown=lambda converged: converged is True,
    ),
)
