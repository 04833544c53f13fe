"""Whether a map stays as it is when nothing that matters changes: noise, the seed, the film moved a little."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.agreement import spearman
from xai.measures.declared import Facts
from xai.measures.ranks import checked

Explain = Callable[[np.ndarray, int], ArrayLike]
Likeness = Callable[[ArrayLike, ArrayLike], float]
AS_LIKENESS = "That of the likeness: spearman, unless another is asked for"

FACTS = {
    "under_noise": Facts(
        asks="Does the map stay as it is when noise is added that nobody would see?",
        unit="likeness of the maps with and without noise, one number a draw",
        span=f"{AS_LIKENESS}; high is good",
        ties="As the likeness.",
        empty="As the likeness.",
        misses="The answer may change with the noise, and then the map should. A method that never looks at the film "
        "is "
        "perfectly steady.",
        source="Alvarez-Melis and Jaakkola, On the Robustness of Interpretability Methods, 2018; here by rank, at one "
        "strength, as a mean and not as the worst case.",
    ),
    "across_seeds": Facts(
        asks="Does the map stay as it is when the method draws other hidden films?",
        unit="likeness of the maps with the first seed and with another, one number a seed",
        span=f"{AS_LIKENESS}; high is good, 1 for a method that draws nothing",
        ties="As the likeness.",
        empty="As the likeness.",
        misses="Steady is not right: more samples steady a map that looks at the wrong place too.",
        source="Visani et al., Statistical indices of stability for LIME, JORS 2022, whose question this is; here by "
        "rank.",
    ),
    "under_shift": Facts(
        asks="Does the map move with the film when that is moved a little?",
        unit="likeness of the map and the moved film's map, moved back, where both lie on the film; one number a shift",
        span=f"{AS_LIKENESS}; high is good",
        ties="As the likeness.",
        empty="As the likeness.",
        misses="Pieces and cells do not move with the film: a shift that is no whole number of cells tells of those "
        "too.",
        source="Equivariance, as Crabbé and van der Schaar, NeurIPS 2023, ask for it; the border is repeated outwards.",
    ),
}


def under_noise(
    explain: Explain,
    canvas: ArrayLike,
    rng: np.random.Generator,
    sd: float = 0.02,
    times: int = 5,
    likeness: Likeness = spearman,
) -> np.ndarray:
    """Explain a film again with noise on it.

    Parameters
    ----------
    explain : callable
        A canvas (H, W) and a seed to a map (H, W); called with seed 0.
    canvas : array, shape (H, W)
        The film in the model's geometry, in [0, 1].
    rng : numpy.random.Generator
    sd : float, default 0.02
        Standard deviation of the noise, of a range of 1; the result is kept in [0, 1].
    times : int, default 5
    likeness : callable, default `xai.measures.spearman`

    Returns
    -------
    ndarray, shape (times,)

    Examples
    --------
    >>> canvas = np.linspace(0.1, 0.9, 64).reshape(8, 8)
    >>> always, rng = np.arange(64).reshape(8, 8), np.random.default_rng(0)
    >>> xai.measures.under_noise(lambda film, seed: always, canvas, rng, times=2)
    array([1., 1.])
    """
    film = checked(canvas)
    first = explain(film.astype(np.float32), 0)
    noisy = (np.clip(film + rng.normal(0, sd, film.shape), 0, 1).astype(np.float32) for _ in range(times))
    return np.array([likeness(first, explain(one, 0)) for one in noisy])


def across_seeds(
    explain: Explain, canvas: ArrayLike, seeds: Iterable[int] = range(5), likeness: Likeness = spearman
) -> np.ndarray:
    """Explain a film again with other seeds: as many numbers as there are seeds after the first; see `under_noise`.

    Examples
    --------
    >>> xai.measures.across_seeds(lambda film, seed: film * (-1) ** seed, [[0, 1, 2]], seeds=(0, 1, 2))
    array([-1.,  1.])
    """
    film = checked(canvas).astype(np.float32)
    first, *others = (explain(film, seed) for seed in seeds)
    return np.array([likeness(first, other) for other in others])


def under_shift(
    explain: Explain,
    canvas: ArrayLike,
    shifts: Iterable[tuple[int, int]] = ((-4, 0), (4, 0), (0, -4), (0, 4)),
    likeness: Likeness = spearman,
) -> np.ndarray:
    """Explain a film again moved by some pixels (down, across), and compare where both lie on it; see `under_noise`.

    Examples
    --------
    >>> canvas = np.random.default_rng(0).random((16, 16))
    >>> xai.measures.under_shift(lambda film, seed: film, canvas, shifts=[(3, -2)])
    array([1.])
    """
    film = checked(canvas)
    first = checked(explain(film.astype(np.float32), 0))
    found = []
    for down, across in shifts:
        moved = checked(explain(_moved(film, down, across).astype(np.float32), 0))
        found.append(likeness(_part(first, -down, -across), _part(moved, down, across)))
    return np.array(found)


def _moved(film: np.ndarray, down: int, across: int) -> np.ndarray:
    rows, columns = (
        np.clip(np.arange(side) - by, 0, side - 1) for side, by in zip(film.shape, (down, across), strict=True)
    )
    return film[np.ix_(rows, columns)]


def _part(values: np.ndarray, down: int, across: int) -> np.ndarray:
    """Cut off a map's first rows and columns, or with negative numbers its last."""
    return values[_kept(down), :][:, _kept(across)]


def _kept(by: int) -> slice:
    return slice(by, None) if by >= 0 else slice(None, by)
