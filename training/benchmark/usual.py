"""Where each finding of a dataset usually is, counted once, so that a film's map can be held against it at once."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.benchmark.truth import truths, with_truth
from training.datasets.facts import DatasetError
from training.datasets.table import Dataset
from xai.films.film import FilmError
from xai.measures.frame import WHOLE, Footprint

SIDE = 128  # pixels, of the places that are counted, whatever the film's own
MOST = 500  # films; those of a dataset that holds recipes alone take a third of a second each


@dataclass(frozen=True, eq=False)
class UsualPlaces:
    """How many films have each finding at each place.

    Attributes
    ----------
    totals : mapping of str to ndarray of int, shape (SIDE, SIDE)
        Over the whole film, by finding.
    films : mapping of str to tuple of str
        Which films those are.
    """

    totals: Mapping[str, np.ndarray]
    films: Mapping[str, tuple[str, ...]]

    def prior(self, dataset: Dataset, film: str, finding: str) -> tuple[np.ndarray, int] | None:
        """Give the mean mask of a finding over films of other patients, and how many those are.

        Where nobody knows the patient of a film, only the film itself is left out.

        Parameters
        ----------
        dataset : Dataset
            Whose places these are.
        film, finding : str

        Returns
        -------
        (ndarray of float64, shape (SIDE, SIDE), int) or None
            None where no film of another patient has it at a known place.
        """
        counted = self.films.get(finding, ())
        same = _of_same_patient(dataset, film)
        own = [one for one in counted if one in same]
        if len(own) == len(counted):
            return None
        rest = self.totals[finding].astype(np.float64)
        for one in own:
            rest -= _truth(dataset, one, finding)
        return rest / (len(counted) - len(own)), len(counted) - len(own)

    def arrays(self) -> dict[str, np.ndarray]:
        """Give it as arrays, for a file; see `read_places`."""
        names = list(self.totals)
        totals = np.array([self.totals[name] for name in names], np.uint16).reshape(-1, SIDE, SIDE)
        return {"totals": totals, "films": np.array(json.dumps({name: self.films[name] for name in names}))}


def count_places(
    dataset: Dataset, findings: Sequence[str], most: int = MOST, progress: Callable[[float], None] = lambda share: None
) -> UsualPlaces:
    """Count where findings are on the films of a dataset whose truth has a place.

    Parameters
    ----------
    dataset : Dataset
    findings : sequence of str
    most : int, default MOST
        Films that are looked at, drawn at random where there are more.
    progress : callable
        Called with the share that is done.

    Returns
    -------
    UsualPlaces
        Empty for a dataset without such films. Films that cannot be opened are passed over.
    """
    try:
        known = with_truth(dataset, findings)
    except DatasetError:
        return UsualPlaces({}, {})
    names = list(known)
    if len(names) > most:
        names = [names[k] for k in sorted(np.random.default_rng(0).permutation(len(names))[:most])]
    totals: dict[str, np.ndarray] = {}
    films: dict[str, list[str]] = {}
    for number, film in enumerate(names):
        try:
            inside = truths(dataset, film, known[film], (SIDE, SIDE), WHOLE)
        except (FilmError, DatasetError, OSError):
            continue
        for name, mask in inside.items():
            totals.setdefault(name, np.zeros((SIDE, SIDE), np.int64))
            totals[name] += mask
            films.setdefault(name, []).append(film)
        progress((number + 1) / len(names))
    return UsualPlaces(totals, {name: tuple(listed) for name, listed in films.items()})


def read_places(arrays: Mapping[str, np.ndarray]) -> UsualPlaces:
    """Read what `UsualPlaces.arrays` gave; ValueError or KeyError where it is damaged."""
    films = {name: tuple(listed) for name, listed in json.loads(str(arrays["films"])).items()}
    return UsualPlaces(dict(zip(films, arrays["totals"], strict=True)), films)


def placed_on_map(place: np.ndarray, shape: tuple[int, int], footprint: Footprint = WHOLE) -> np.ndarray:
    """Put a map of a whole film, (H, W) floats, into the geometry of a model's maps: 0 beside the film.

    As `xai.measures.on_map` does it for a mask: a pixel has the value at its middle.
    """
    left, top, right, bottom = footprint
    height, width = place.shape
    rows = np.floor((top + (np.arange(shape[0]) + 0.5) / shape[0] * (bottom - top)) * height).astype(int)
    columns = np.floor((left + (np.arange(shape[1]) + 0.5) / shape[1] * (right - left)) * width).astype(int)
    on_film = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    moved: np.ndarray = np.where(on_film, place[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))], 0.0)
    return moved


@functools.lru_cache(maxsize=256)
def _truth(dataset: Dataset, film: str, finding: str) -> np.ndarray:
    return truths(dataset, film, [finding], (SIDE, SIDE), WHOLE)[finding]


@functools.lru_cache(maxsize=256)  # films that visitors look at, each asked for again with every finding and map
def _of_same_patient(dataset: Dataset, film: str) -> frozenset[str]:
    table = dataset.films
    patient = table.loc[table["film"] == film, "patient"]
    if patient.empty or patient.isna().all():
        return frozenset({film})
    return frozenset(table.loc[table["patient"] == patient.iloc[0], "film"])
