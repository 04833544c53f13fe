"""What the shortcut alarm looks at: what the answers for some films lose when one region after the other is hidden."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_erosion

from dashboard.compare.film_maps import FilmMaps
from dashboard.errors.atlas import Atlas
from dashboard.errors.mean_map import laid
from dashboard.server.store import content_key
from training.evaluate.alarm import LEAST
from training.evaluate.hidden_regions import LINES, REGIONS, hidden, masks
from xai.budget import Budget
from xai.films.film import Film
from xai.pictures.render import place

VERSION = 2  # of the regions and of what is kept
SIDE = 160  # pixels of a film where its picture is kept
PICTURE = 320  # pixels of a drawn mean
MOST = 60  # films of either kind
OUTLINE, NAMED = (150, 150, 150), (64, 224, 208)
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model loses on some films.

    Attributes
    ----------
    films : tuple of str
    falls : float32 array (films, outputs, regions)
        What each output loses when a region is hidden, in logits.
    picture : float32 array (SIDE, SIDE)
        Mean of the films as the model sees them, in [0, 1].
    """

    films: tuple[str, ...]
    falls: np.ndarray
    picture: np.ndarray


class AlarmFalls(FilmMaps):
    """The falls of all findings, kept film by film."""

    title = "Hidden regions"
    cost = 1 + len(REGIONS)
    _hides = False  # in single precision: ten films take no time

    @property
    def key(self) -> str:
        """Name all of them, by everything that decides them."""
        stamp, model = self.services.library.dataset_stamp(self.dataset), self.services.model_key(self.model)
        return content_key("alarm", model, self.dataset, stamp, VERSION, SIDE)

    def there(self, films: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
        """Give what was made before, by film."""
        return {film: one for film in films if (one := self.services.arrays.get(self.name_of(film))) is not None}

    def seen(self, films: Sequence[str]) -> Seen:
        """Put together what was made before of films, of at least one."""
        known = self.there(films)
        pictures = [one["picture"].astype(np.float32) / 255 for one in known.values()]
        falls = np.stack([one["falls"] for one in known.values()])
        return Seen(tuple(known), falls, np.mean(pictures, axis=0))

    @property
    def _pace(self) -> str:
        return content_key("pace", "alarm", self.services.model_key(self.model))

    def asked(self, count: int) -> str:
        """Say on the button what is asked for."""
        return f"Hide regions on {count} films"

    def _made(self, film: Film, budget: Budget) -> dict[str, np.ndarray]:
        classifier, start = self.services.classifier(self.model), time.perf_counter()
        canvas, where = classifier.prepare(film).astype(np.float32), classifier.footprint(film)
        falls = classifier.answer(canvas) - classifier.logits(hidden(canvas, where))
        self._making.note(self._pace, time.perf_counter() - start)
        picture = place(canvas, where, SIDE, SIDE)
        return {"falls": falls.T, "picture": np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)}


def falls_for(atlas: Atlas) -> AlarmFalls:
    """Give the falls of the model in question."""
    return AlarmFalls(atlas.services, atlas.source.model, atlas.dataset, "", "")


def films_for(atlas: Atlas) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose films with a picture, one a patient: the surest false positives, and true negatives at random."""
    names = atlas.judged.films["film"].to_numpy().astype(str)
    scores, patients = atlas.judged.scores(atlas.finding), atlas.judged.patients
    wrong = np.flatnonzero((atlas.outcome == "FP") & atlas.can_open)
    right = np.flatnonzero((atlas.outcome == "TN") & atlas.can_open)
    flagged = _one_each(wrong[np.argsort(-scores[wrong], kind="stable")], patients)[:MOST]
    right = right[~np.isin(patients[right], patients[flagged])]
    unflagged = _one_each(np.random.default_rng(0).permutation(right), patients)[:MOST]
    return tuple(names[flagged]), tuple(names[unflagged])


def _one_each(rows: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Keep the first film of each patient, in the order of the films."""
    _, first = np.unique(patients[rows], return_index=True)
    kept: np.ndarray = rows[np.sort(first)]
    return kept


def drawn(first: Seen, second: Seen, output: int, region: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the mean falls of two kinds of films on one scale, and the first less the second, over the regions.

    No scale ends below what the alarm takes to matter, so that nothing is glaring where nothing is found.

    Returns
    -------
    tuple of uint8 array (PICTURE, PICTURE, 3)
    """
    means = [one.falls[:, output].mean(axis=0) for one in (first, second)]
    difference, span = means[0] - means[1], max(LEAST, *(float(np.abs(mean).max()) for mean in means))
    both = (first.picture + second.picture) / 2
    return (
        _laid(first.picture, means[0], span, region),
        _laid(second.picture, means[1], span, region),
        _laid(both, difference, max(LEAST, float(np.abs(difference).max())), region),
    )


def _laid(film: np.ndarray, values: np.ndarray, span: float, region: str) -> np.ndarray:
    """Tint each region by its value; what lies between the regions has that of the lines."""
    places = _places()
    shown = sum(value * here for value, here in zip(values, places.values(), strict=True))
    rgb = laid(
        place(film.astype(np.float32), WHOLE, PICTURE, PICTURE), np.asarray(shown, np.float32), span, signed=True
    )
    for name, here in places.items():
        if name != region:
            rgb[_rim(here, 1)] = OUTLINE
    if region:
        rgb[_rim(places[region], 3)] = NAMED
    return rgb


def _places() -> dict[str, np.ndarray]:
    """Say which pixels of a drawn mean belong to each region, bool (PICTURE, PICTURE)."""
    places = masks((PICTURE, PICTURE))
    return places | {LINES: ~np.logical_or.reduce(list(places.values()))}


def _rim(here: np.ndarray, width: int) -> np.ndarray:
    """Give the pixels of an area that lie nearer to its edge than a width."""
    inside: np.ndarray = here & ~binary_erosion(here, np.ones((3, 3)), iterations=width)
    return inside
