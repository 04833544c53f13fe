"""Simulated films for the study of the shortcut alarm: chests once, and on them any objects, laid on as asked.

Every chest is rendered without an object and with each one alone. A film with several is the chest and what each of
them changes. That takes a second for thousands of films, and gives each film's twin as well. The token and the clip in
the corner are the simulator's; its letters and tubes are thinner than a pixel here, so larger ones are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from training.simulation.population import draw_recipe
from training.simulation.render import Sitting

SIDE = 64
FINDINGS = ("Cardiomegaly", "Effusion", "Emphysema", "Consolidation", "Pneumothorax", "Mass")
EDGES = ("top", "bottom", "left", "right")
RENDERED = ("token", "corner")
DRAWN = ("marker", "tube", *(f"border_{edge}" for edge in EDGES))  # a strip, as a holder or a collimator leaves it
ALL = (*RENDERED, *DRAWN)
# How often each lies on a film that has nothing to do with it: often enough to be met, and to be leant on by chance.
RATES = {"token": 0.2, "corner": 0.15, "marker": 0.5, "tube": 0.15} | dict.fromkeys(DRAWN[2:], 0.08)
FINE = 8  # pixels drawn for one of the film
GREY = 0.95  # of what is drawn


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
        np.savez_compressed(
            path, films=[one[0] for one in made], laid=[one[1] for one in made], truth=[one[2] for one in made]
        )
    with np.load(path) as kept:
        bare, laid = (kept[name].astype(np.float32) / 255 for name in ("films", "laid"))
        truth = kept["truth"]
    covers = np.stack([[_cover(name, np.random.default_rng([seed, row])) for name in DRAWN] for row in range(films)])
    changes = np.concatenate([laid - bare[:, None], covers * (GREY - bare[:, None])], axis=1)
    return Chests(bare, changes.astype(np.float16), truth)


def strewn(films: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Lay objects on films at random."""
    return {name: rng.random(films) < RATES[name] for name in ALL}


def _rendered(seed: int, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    recipe = replace(draw_recipe(seed, index, "balanced"), objects=RENDERED)
    sitting = Sitting(recipe, SIDE)
    laid = [sitting.film([one for one in RENDERED if one != name]) for name in RENDERED]
    truth = np.array([name in recipe.severities for name in FINDINGS], np.float32)
    return _grey(sitting.film(RENDERED)), np.stack([_grey(film) for film in laid]), truth


def _grey(film: np.ndarray) -> np.ndarray:
    return np.rint(film * 255).astype(np.uint8)


def _cover(name: str, rng: np.random.Generator) -> np.ndarray:
    """Coverage (SIDE, SIDE) of what is drawn, another for each film."""
    kind, _, edge = name.partition("_")
    if kind == "border":
        return _strip(edge, rng)
    fine = np.zeros((SIDE * FINE, SIDE * FINE), np.uint8)
    if kind == "marker":
        at = rng.uniform((0.83, 0.1), (0.91, 0.17)) * len(fine)
        cv2.putText(fine, "L", at.astype(int).tolist(), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 255, 10, cv2.LINE_AA)
    else:
        way = np.array([[0.06, 0.78], [0.14, 0.6], [0.2, 0.4], [0.3, 0.22]]) + rng.normal(0, 0.02, (4, 2))
        side = rng.random() < 0.5
        points = np.where([side, False], 1 - way, way) * len(fine)
        cv2.polylines(fine, [np.rint(points).astype(np.int32)], False, 255, 11, cv2.LINE_AA)
    return cv2.resize(fine, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _strip(edge: str, rng: np.random.Generator) -> np.ndarray:
    """Coverage (SIDE, SIDE) of a strip along the middle of an edge."""
    depth, start, end = rng.uniform(0.03, 0.06), rng.uniform(0.22, 0.32), rng.uniform(0.68, 0.78)
    place = (np.arange(SIDE) + 0.5) / SIDE
    along = (place > start) & (place < end)
    near = np.clip((depth - place) * SIDE + 0.5, 0, 1)
    cover = np.outer(near, along)
    return {"top": cover, "bottom": cover[::-1], "left": cover.T, "right": cover.T[:, ::-1]}[edge].astype(np.float32)
