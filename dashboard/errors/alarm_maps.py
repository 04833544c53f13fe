"""What the shortcut alarm looks at: the evidence for all findings of some films, on one grid over the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.errors.atlas import Atlas
from dashboard.errors.film_maps import FilmMaps
from dashboard.errors.mean_map import laid
from dashboard.server.store import content_key
from training.evaluate.alarm import GRID, REGIONS
from training.evaluate.evidence import evidence_shares, on_grid
from xai.budget import Budget
from xai.films.film import Film
from xai.pictures.render import place

METHOD = "gradcam"  # all findings from one pass, and the method that the alarm's error rates were measured with
SIDE = 160  # pixels of a film where its evidence is put on the grid
PICTURE = 320  # pixels of a drawn mean
MOST = 60  # films of either kind
OUTLINE, NAMED = (150, 150, 150), (64, 224, 208)


@dataclass(frozen=True, eq=False)
class Seen:
    """Where a model looks on some films.

    Attributes
    ----------
    films : tuple of str
    evidence : float32 array (films, outputs, GRID, GRID)
        Shares of each film's evidence, for each output of the model.
    picture : float32 array (SIDE, SIDE)
        Mean of the films as the model sees them, in [0, 1].
    """

    films: tuple[str, ...]
    evidence: np.ndarray
    picture: np.ndarray


class AlarmMaps(FilmMaps):
    """The maps of all findings, kept film by film as the alarm reads them."""

    @property
    def key(self) -> str:
        """Name all of them, by everything that decides them."""
        return content_key("alarm", super().key, GRID, SIDE)

    def there(self, films: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
        """Give what was made before, by film."""
        return {film: one for film in films if (one := self.services.arrays.get(self.name_of(film))) is not None}

    def seen(self, films: Sequence[str]) -> Seen:
        """Put together what was made before of films, of at least one."""
        known = self.there(films)
        pictures = [one["picture"].astype(np.float32) / 255 for one in known.values()]
        evidence = np.stack([one["evidence"].astype(np.float32) for one in known.values()])
        return Seen(tuple(known), evidence, np.mean(pictures, axis=0))

    def _made(self, film: Film, budget: Budget) -> dict[str, np.ndarray]:
        classifier = self.services.classifier(self.model)
        found = self.explainer(**dict(self._parameters)).explain(classifier, film, None, budget)
        self._making.note(self._pace, found[0].seconds)
        where = classifier.footprint(film)
        evidence = [on_grid(evidence_shares(place(one.map, where, SIDE, SIDE)), GRID) for one in found]
        picture = place(classifier.prepare(film).astype(np.float32), where, SIDE, SIDE)
        return {
            "evidence": np.asarray(evidence, np.float16),
            "picture": np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8),
        }


def maps_for(atlas: Atlas) -> AlarmMaps:
    """Give the maps of the model in question."""
    return AlarmMaps(atlas.services, atlas.source.model, atlas.dataset, "", METHOD)


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
    """Draw the mean evidence of two kinds of films on one scale, and the first less the second, with the regions.

    Returns
    -------
    tuple of uint8 array (PICTURE, PICTURE, 3)
    """
    means = [one.evidence[:, output].mean(axis=0) for one in (first, second)]
    difference, span = means[0] - means[1], float(max(np.abs(mean).max() for mean in means))
    both = (first.picture + second.picture) / 2
    return (
        _laid(first.picture, means[0], span, region, signed=False),
        _laid(second.picture, means[1], span, region, signed=False),
        _laid(both, difference, float(np.abs(difference).max()), region, signed=True),
    )


def _laid(film: np.ndarray, values: np.ndarray, span: float, region: str, signed: bool) -> np.ndarray:
    whole = (0.0, 0.0, 1.0, 1.0)
    picture, evidence = (place(one.astype(np.float32), whole, PICTURE, PICTURE) for one in (film, values))
    rgb = laid(picture, evidence, span, signed)
    for name, (rows, columns) in REGIONS.items():
        if name != region:
            _outline(rgb, rows, columns, OUTLINE, 1)
    if region in REGIONS:
        _outline(rgb, *REGIONS[region], NAMED, 3)
    return rgb


def _outline(rgb: np.ndarray, rows: slice, columns: slice, colour: tuple[int, int, int], width: int) -> None:
    """Draw the outline of some cells into a picture."""
    top, bottom, left, right = (at * PICTURE // GRID for at in (rows.start, rows.stop, columns.start, columns.stop))
    inside = rgb[top + width : bottom - width, left + width : right - width].copy()
    rgb[top:bottom, left:right] = colour
    rgb[top + width : bottom - width, left + width : right - width] = inside
