"""Simulated films for the study of the shortcut alarm: chests once, and on them any objects, laid on as asked.

Every chest is rendered without an object and with each one alone. A film with several is the chest and what each of
them changes. That takes a second for thousands of films, and gives each film's twin as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.simulation.objects import OBJECTS
from training.simulation.population import draw_recipe
from training.simulation.render import Sitting

SIDE = 64
FINDINGS = ("Cardiomegaly", "Effusion", "Emphysema", "Consolidation", "Pneumothorax", "Mass")
EDGES = ("top", "bottom", "left", "right")
BORDERS = tuple(f"border_{edge}" for edge in EDGES)  # a strip along an edge, as a holder or a collimator leaves it
ALL = (*OBJECTS, *BORDERS)
STRIP = 0.97  # grey of a strip
# How often each lies on a film that has nothing to do with it: often enough to be met, and to be leant on by chance.
RATES = {"marker": 0.5, "token": 0.2, "ecg_leads": 0.15, "chest_tube": 0.15, "portable_text": 0.2, "corner": 0.15}
RATES |= dict.fromkeys(BORDERS, 0.08)


@dataclass(frozen=True, eq=False)
class Chests:
    """Chests and what objects do to them.

    Attributes
    ----------
    films : float32 array (N, SIDE, SIDE)
        Without any object, in [0, 1].
    changes : float16 array (N, objects, SIDE, SIDE)
        What each of `ALL`, alone, adds to the film.
    truth : float32 array (N, findings)
        Which of `FINDINGS` are there.
    """

    films: np.ndarray
    changes: np.ndarray
    truth: np.ndarray

    def __len__(self) -> int:
        return len(self.films)

    def some(self, rows: slice) -> Chests:
        """Take some of them."""
        return Chests(self.films[rows], self.changes[rows], self.truth[rows])

    def composed(self, objects: dict[str, np.ndarray]) -> np.ndarray:
        """Lay objects on films: float32 (N, SIDE, SIDE) in [0, 1].

        Parameters
        ----------
        objects : dict of str to bool array (N,)
            Which films each lies on.
        """
        films = self.films.copy()
        for name, here in objects.items():
            films[here] += self.changes[here, ALL.index(name)]
        return np.clip(films, 0, 1)


def chests(films: int, seed: int, folder: Path) -> Chests:
    """Render chests, a tenth of a second each, or read those that were rendered before."""
    path = folder / f"chests-{SIDE}-{films}-{seed}.npz"
    if not path.exists():
        made = [_rendered(seed, index) for index in range(films)]
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, films=[one[0] for one in made], laid=[one[1] for one in made], truth=[one[2] for one in made])
    with np.load(path) as kept:
        bare, laid = (kept[name].astype(np.float32) / 255 for name in ("films", "laid"))
        truth = kept["truth"]
    strips = np.stack([[_strip(edge, row) for edge in EDGES] for row in range(films)])
    changes = np.concatenate([laid - bare[:, None], strips * (STRIP - bare[:, None])], axis=1)
    return Chests(bare, changes.astype(np.float16), truth)


def _rendered(seed: int, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    recipe = replace(draw_recipe(seed, index, "balanced"), objects=OBJECTS)
    sitting = Sitting(recipe, SIDE)
    laid = [sitting.film([one for one in OBJECTS if one != name]) for name in OBJECTS]
    truth = np.array([name in recipe.severities for name in FINDINGS], np.float32)
    return _grey(sitting.film(OBJECTS)), np.stack([_grey(film) for film in laid]), truth


def _grey(film: np.ndarray) -> np.ndarray:
    return np.rint(film * 255).astype(np.uint8)


def _strip(edge: str, row: int) -> np.ndarray:
    """Coverage (SIDE, SIDE) of a strip along the middle of an edge, another for each film."""
    rng = np.random.default_rng([row, EDGES.index(edge)])
    depth, start, end = rng.uniform(0.03, 0.06), rng.uniform(0.22, 0.32), rng.uniform(0.68, 0.78)
    place = (np.arange(SIDE) + 0.5) / SIDE
    along = (place > start) & (place < end)
    near = np.clip((depth - place) * SIDE + 0.5, 0, 1)
    cover = np.outer(near, along)
    return {"top": cover, "bottom": cover[::-1], "left": cover.T, "right": cover.T[:, ::-1]}[edge].astype(np.float32)
