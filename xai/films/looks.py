"""What makes one doubt that a picture is a frontal chest film at all: a model answers whatever it is shown.

Two measures, with limits beyond those of 2,159 of the 2,161 real chest films that were looked at (1,800 of NIH
ChestX-ray14, 361 of covid-chestxray). They notice most pages of text and photographs, every film whose greys are
inverted and half of those that are turned, but not each picture that is no chest film.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from xai.built_in import BUILT_IN_DATASETS
from xai.films.film import Film
from xai.films.reading import read_film

_SIDE = 256  # px, of the picture in which edges are looked for
_STEEP = 200 / 255  # of the gradient (Sobel), which is 4 at an edge from black to white
MOST_EDGES = 0.1  # share of the pixels; the real film with the most had 0.084, a page of text has 0.15
_CELLS = 24  # a side, of the coarse picture that is compared
_EVERY, _MOST_WAYS = 4, 12  # which of the simulated films it is compared with, and how many ways to differ they show
MOST_APART = 0.95  # of the coarse picture's variation; two real films were farther, the third had 0.92


def doubts_about(film: Film) -> tuple[str, ...]:
    """Give all reasons to doubt what a model answers about a film: its reader's, and what it looks like.

    Parameters
    ----------
    film : Film

    Returns
    -------
    tuple of str
        Empty where there is no reason, which is no proof that it is a chest film.
    """
    doubts = film.facts.doubts
    if (edges := hard_edges(film.pixels)) > MOST_EDGES:
        doubts += (f"hard edges over {edges:.0%} of the picture, as in writing and drawings: it may be no chest film",)
    if apart_from_chest_films(film.pixels) > MOST_APART:
        doubts += ("light and dark lie elsewhere than on a frontal chest film: it may be none, turned or inverted",)
    return doubts


def hard_edges(pixels: np.ndarray) -> float:
    """Share of a picture where it goes from dark to bright within few pixels."""
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    across, down = (cv2.Sobel(small, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return float((np.hypot(across, down) > _STEEP).mean())


def apart_from_chest_films(pixels: np.ndarray) -> float:
    """Share of a coarse picture that frontal chest films do not explain: 0 for one of them, about 1 for noise.

    The distance from the plane through simulated chest films (their principal components), whose anatomy is known,
    over that from an even grey. Shades are taken as ranks, so that no window matters.
    """
    mean, ways = _chest_films()
    ranks = _ranks(pixels)
    off = ranks - mean
    return float(np.linalg.norm(off - ways.T @ (ways @ off)) / np.linalg.norm(ranks))


@cache
def _chest_films() -> tuple[np.ndarray, np.ndarray]:
    files = sorted((BUILT_IN_DATASETS / "simulated" / "films").glob("*.png"))[::_EVERY]
    films = np.array([_ranks(read_film(file).pixels) for file in files])
    mean = films.mean(axis=0)
    return mean, np.linalg.svd(films - mean, full_matrices=False)[2][:_MOST_WAYS]


def _ranks(pixels: np.ndarray) -> np.ndarray:
    coarse = cv2.resize(pixels, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).ravel()
    return np.argsort(np.argsort(coarse, kind="stable")) / (coarse.size - 1) - 0.5
