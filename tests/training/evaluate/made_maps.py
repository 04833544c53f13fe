"""Maps of films in worlds of which it is known whether there are groups: with none, or with a planted shortcut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

SIDE = 16
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)


def spot(x: float, y: float, size: float) -> np.ndarray:
    """A bright spot, its evidence adding up to 1."""
    values = np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / (2 * size**2))
    return values / values.sum()


def _each(films: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    maps = np.stack([make() for _ in range(films)])
    return maps / np.abs(maps).sum(axis=(1, 2), keepdims=True)


def noise(films: int, rng: np.random.Generator) -> np.ndarray:
    """Nothing but noise, with a sign."""
    return _each(films, lambda: rng.normal(size=(SIDE, SIDE)))


def blurred(films: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of which only what speaks for the finding is kept, as Grad-CAM does."""
    return _each(films, lambda: np.maximum(gaussian_filter(rng.normal(size=(SIDE, SIDE)), 2), 0) + 1e-9)


def alike(films: int, rng: np.random.Generator) -> np.ndarray:
    """The same spot on all films, and noise."""
    return _each(films, lambda: spot(0.5, 0.5, 0.2) * np.exp(rng.normal(0, 0.5, (SIDE, SIDE))))


def heart(films: int, rng: np.random.Generator) -> np.ndarray:
    """A spot that lies a little elsewhere on each film."""
    return _each(films, lambda: spot(*rng.normal(0.5, 0.1, 2), 0.15))


def anywhere(films: int, rng: np.random.Generator) -> np.ndarray:
    """A spot anywhere."""
    return _each(films, lambda: spot(*rng.random(2), 0.2))


def three(films: int, rng: np.random.Generator) -> np.ndarray:
    """Three spots anywhere, of any strength."""
    return _each(films, lambda: np.sum([rng.random() * spot(*rng.random(2), 0.1) for _ in range(3)], axis=0))


def sides(films: int, rng: np.random.Generator) -> np.ndarray:
    """Two spots, one in each lung, that share the evidence in any proportion."""
    left, right = spot(0.25, 0.5, 0.12), spot(0.75, 0.5, 0.12)
    return _each(films, lambda: (part := rng.beta(2, 2)) * left + (1 - part) * right)


def size(films: int, rng: np.random.Generator) -> np.ndarray:
    """A spot in the middle, small to large."""
    return _each(films, lambda: spot(0.5, 0.5, rng.uniform(0.05, 0.4)))


def line(films: int, rng: np.random.Generator) -> np.ndarray:
    """A small spot that lies anywhere on one line from edge to edge: no group, but the hardest to tell from some."""
    return _each(films, lambda: spot(rng.random(), 0.5, 0.12))


WITHOUT = {one.__name__: one for one in (noise, blurred, alike, heart, anywhere, three, sides, size, line)}


def with_token(
    films: int, share: float, rng: np.random.Generator, others: Callable[..., np.ndarray] = three
) -> tuple[np.ndarray, np.ndarray]:
    """On some films three quarters of the evidence or more lie on a token in the corner: the maps, and which films."""
    maps, here = others(films, rng), np.arange(films) < round(share * films)
    for k in np.flatnonzero(here):
        part = rng.uniform(0.75, 1)
        maps[k] = (1 - part) * maps[k] + part * spot(*(0.1 + rng.normal(0, 0.02, 2)), 0.08)
    return maps, here
