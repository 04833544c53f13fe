"""Where a model looks on average: the mean Grad-CAM of some films."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.budget import Budget, Cancelled
from xai.films.film import Film, FilmError
from xai.pictures.render import colour, opacity, window

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

OPACITY = 0.6


@dataclass(frozen=True, eq=False)
class MeanMap:
    """A mean film and where the evidence lies on it.

    Attributes
    ----------
    film : float32 array (size, size)
        Mean of the films as the model sees them, in [0, 1].
    evidence : float32 array (size, size)
        Mean of the maps, each as shares of its own sum, so that every film weighs the same; 0 where none had any.
    films, empty, broken : int
        Films in the mean; of them those with an empty map, which count in the film only; films that could not be
        opened.
    """

    film: np.ndarray
    evidence: np.ndarray
    films: int
    empty: int
    broken: int


def mean_map(
    classifier: Classifier, films: Sequence[Callable[[], Film]], finding: str, step: Callable[[], None]
) -> MeanMap:
    """Average the Grad-CAM of films.

    Parameters
    ----------
    classifier : Classifier
    films : sequence of callable
        Open a film.
    finding : str
    step : callable
        Called before every film.

    Raises
    ------
    FilmError
        If none of them can be opened.
    """
    from xai.explainers import EXPLAINERS  # loads TensorFlow

    explainer = EXPLAINERS["gradcam"]()
    film = np.zeros(classifier.shape)
    evidence, count, empty, broken, reason = np.zeros_like(film), 0, 0, 0, ""
    for open_film in films:
        step()
        try:
            opened = open_film()
        except (ValueError, OSError) as error:
            broken, reason = broken + 1, str(error)
            continue
        found = explainer.explain(classifier, opened, [finding])[0].map.astype(np.float64)
        film += classifier.prepare(opened)
        count += 1
        if found.any():
            evidence += found / found.sum()
        else:
            empty += 1
    if not count:
        raise FilmError(f"None of the {len(films)} films could be opened; the first that failed says: {reason}")
    mean = evidence / max(count - empty, 1)
    return MeanMap((film / count).astype(np.float32), mean.astype(np.float32), count, empty, broken)


def mean_maps(
    classifier: Classifier, cells: Mapping[str, Sequence[Callable[[], Film]]], finding: str, budget: Budget
) -> dict[str, MeanMap]:
    """Average the Grad-CAM of several sets of films, with progress; stops with `Cancelled` when nobody waits."""
    total, done = sum(map(len, cells.values())), 0

    def step() -> None:
        nonlocal done
        if budget.cancelled():
            raise Cancelled
        budget.progress(done / max(total, 1))
        done += 1

    return {cell: mean_map(classifier, films, finding, step) for cell, films in cells.items()}


def to_arrays(maps: Mapping[str, MeanMap]) -> dict[str, np.ndarray]:
    """Give mean maps as named arrays."""
    arrays = {}
    for cell, one in maps.items():
        arrays[f"{cell}_film"], arrays[f"{cell}_evidence"] = one.film, one.evidence
        arrays[f"{cell}_counts"] = np.array([one.films, one.empty, one.broken])
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray], cells: Sequence[str]) -> dict[str, MeanMap] | None:
    """Read what `to_arrays` gave; None if it is something else."""
    try:
        return {
            cell: MeanMap(arrays[f"{cell}_film"], arrays[f"{cell}_evidence"], *map(int, arrays[f"{cell}_counts"]))
            for cell in cells
        }
    except (KeyError, TypeError):
        return None


def pictures(first: MeanMap, second: MeanMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw two mean maps on one scale, and the first less the second: uint8 (size, size, 3) each."""
    span = float(max(first.evidence.max(), second.evidence.max()))
    difference = first.evidence - second.evidence
    both = (first.film + second.film) / 2
    return (
        laid(first.film, first.evidence, span, signed=False),
        laid(second.film, second.evidence, span, signed=False),
        laid(both, difference, float(np.abs(difference).max()), signed=True),
    )


def laid(film: np.ndarray, values: np.ndarray, span: float, signed: bool) -> np.ndarray:
    """Lay values over a film, uint8 (H, W, 3)."""
    alpha = opacity(values, span, OPACITY)[..., None]
    grey = window(film)[..., None]
    return np.rint(grey * (1 - alpha) + colour(values, span, signed).astype(np.float32) * alpha).astype(np.uint8)
