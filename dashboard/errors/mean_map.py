"""Where a model looks on average: the mean of the maps of some films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.compare.film_maps import FilmMap
from training.evaluate.evidence import kept_by_mean
from xai.pictures.render import colour, opacity, window

OPACITY = 0.6


@dataclass(frozen=True, eq=False)
class MeanMap:
    """A mean film and where the evidence lies on it.

    Attributes
    ----------
    film : float32 array (H, W)
        Mean of the films as the model sees them, in [0, 1].
    evidence : float32 array (H, W)
        Mean of the maps, each as shares of the sum of its absolute values (`evidence_shares`): every film weighs the
        same, and what speaks against the finding keeps its sign; 0 where none had any.
    films, empty : int
        Films in the mean; of them those with an empty map, which count in the film only.
    """

    film: np.ndarray
    evidence: np.ndarray
    films: int
    empty: int

    @property
    def kept(self) -> float:
        """How much of the evidence did not cancel between films, 0 to 1."""
        return kept_by_mean(self.evidence)


def mean_map(maps: Sequence[FilmMap]) -> MeanMap:
    """Average the maps of films, of which there is at least one."""
    film, evidence, empty = np.zeros(maps[0].canvas.shape), np.zeros(maps[0].values.shape), 0
    for one in maps:
        film += one.canvas
        evidence += one.shares
        empty += not one.values.any()
    mean = evidence / max(len(maps) - empty, 1)
    return MeanMap((film / len(maps)).astype(np.float32), mean.astype(np.float32), len(maps), empty)


def pictures(first: MeanMap, second: MeanMap, signed: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw two mean maps on one scale, and the first less the second: uint8 (H, W, 3) each."""
    span = float(max(np.abs(first.evidence).max(), np.abs(second.evidence).max()))
    difference = first.evidence - second.evidence
    both = (first.film + second.film) / 2
    return (
        laid(first.film, first.evidence, span, signed=signed),
        laid(second.film, second.evidence, span, signed=signed),
        laid(both, difference, float(np.abs(difference).max()), signed=True),
    )


def laid(film: np.ndarray, values: np.ndarray, span: float, signed: bool) -> np.ndarray:
    """Lay values over a film, uint8 (H, W, 3)."""
    alpha = opacity(values, span, OPACITY)[..., None]
    grey = window(film)[..., None]
    return np.rint(grey * (1 - alpha) + colour(values, span, signed).astype(np.float32) * alpha).astype(np.uint8)
