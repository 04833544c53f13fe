"""How far two engines agree: whether their logits are the same, or at least what hiding parts of a film does to them.

Numbers that people read come from single precision, so there the logits themselves are compared. A map comes from the
*differences* between hidden films. An error that all of them share does nothing to it, and one of a tenth of a logit
spoils it where hiding parts moves the logit by no more. So a lower precision is judged by its errors as a share of what
hiding parts does. Where that share is r, a map of regions correlates with the one of single precision by about
1 / sqrt(1 + r²): 0.98 for `MOST_ERROR`. A map counts as converged (`xai.explainers.converging`) once it correlates with
that of endless films by some 0.9, and such a map's errors grow by at most 8 % through r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai.models.engines.compiled import EngineError, Run

TOLERANCE = 1e-3  # logits, and as a share of a logit: at most a quarter of a thousandth in probability
MOST_ERROR = 0.2  # of what hiding parts does to a logit, for the worst of the outputs
LEAST_ORDER = 0.95  # of the pairs of outputs that must stand in the same order on hidden films


@dataclass(frozen=True)
class Agreement:
    """What a lower precision does to hidden films.

    Attributes
    ----------
    error : float
        Standard deviation of its errors over hidden films as a share of the logits' own, of the worst output.
    order : float
        Share of the pairs of outputs that stand in the same order, over all hidden films.
    """

    error: float
    order: float

    @property
    def holds(self) -> bool:
        """Whether maps can bear it; what is not a number is no agreement."""
        return bool(self.error <= MOST_ERROR and self.order >= LEAST_ORDER)

    def __str__(self) -> str:
        return (
            f"its errors were {100 * self.error:,.1f} % of what hiding parts did to the logit of the worst finding "
            f"(at most {100 * MOST_ERROR:.0f} %), and {100 * self.order:.1f} % of pairs of findings kept their order "
            f"(at least {100 * LEAST_ORDER:.0f} %)"
        )


def compare(run: Run, reference: Run, canvases: np.ndarray, name: str = "OpenVINO") -> float:
    """Give the largest difference of an engine's logits from the reference's.

    Raises
    ------
    EngineError
        If one differs by more than `TOLERANCE`, or findings farther apart than that change their order.
    """
    found, expected = run(canvases), reference(canvases)
    difference = np.abs(found - expected)
    allowed = TOLERANCE * (1 + np.abs(expected))
    if not (difference <= allowed).all() or swapped(found, expected, allowed):  # a NaN is no agreement
        raise EngineError(
            f"{name}'s logits for this model differ from TensorFlow's by up to {np.nanmax(difference):.2g} on "
            f"{len(canvases)} films made for the comparison; TensorFlow, which is slower, is right."
        )
    return float(difference.max())


def swapped(found: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> bool:
    """Whether outputs (N, K) that lie farther apart than is allowed stand in another order."""
    apart = expected[:, :, None] - expected[:, None, :]
    matters = np.abs(apart) > np.maximum(allowed[:, :, None], allowed[:, None, :])
    return bool((matters & (apart * (found[:, :, None] - found[:, None, :]) < 0)).any())


def agreement(found: np.ndarray, expected: np.ndarray) -> Agreement:
    """Say what errors do to the hidden films of some films.

    Parameters
    ----------
    found, expected : ndarray, shape (films, hidden, K)
        Logits of films of which other parts are hidden each time.
    """
    errors, moves = (_about_mean(logits) for logits in (found.astype(np.float64) - expected, expected))
    lengths = np.sqrt((errors**2).sum(axis=(0, 1))), np.sqrt((moves**2).sum(axis=(0, 1)))
    shares = np.divide(*lengths, out=np.where(lengths[0] == 0, 0.0, np.inf), where=lengths[1] > 0)
    here, there = (logits[..., :, None] - logits[..., None, :] for logits in (found, expected))
    differ = there != 0
    order = (here[differ] * there[differ] > 0).mean() if differ.any() else 1.0
    return Agreement(float(shares.max()), float(order))  # of a NaN: NaN


def _about_mean(logits: np.ndarray) -> np.ndarray:
    centred: np.ndarray = logits.astype(np.float64) - logits.mean(axis=1, keepdims=True, dtype=np.float64)
    return centred
