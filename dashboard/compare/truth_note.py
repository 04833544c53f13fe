"""What the truth about other findings says of a map: that its strongest evidence lies there, where it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dashboard.components import payload
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.server.library import Box, Library, Record
from training.datasets.facts import DatasetError
from xai.explainers.explanation import Explanation
from xai.films.mend import Mend
from xai.findings import finding_label
from xai.measures.frame import WHOLE, Footprint
from xai.measures.spots import bright_areas, spots

MUCH = 0.5  # of a finding, or of the bright area
WIDE = 0.2  # of the map: in a wider bright area nearly anything lies
MOST_NAMED = 2


@dataclass(frozen=True, eq=False)
class Regions:
    """Where on a film each finding lies, as far as it is known.

    Attributes
    ----------
    masks : mapping of str to ndarray of bool, shape (H, W)
        Exact ones, of a simulated film: also of what was laid on it, such as a marker; or those that people drew, where
        any value above 0 is inside.
    boxes : mapping of str to sequence of (x0, y0, x1, y1)
        Drawn by radiologists, in fractions of the film's width and height.
    """

    masks: Mapping[str, np.ndarray] = field(default_factory=dict)
    boxes: Mapping[str, Sequence[Box]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """What lies somewhere that is known."""
        return list(dict.fromkeys([name for name, mask in self.masks.items() if mask.any()] + list(self.boxes)))

    def under(self, name: str, across: np.ndarray, down: np.ndarray) -> np.ndarray:
        """Whether a finding lies at each of some places, in fractions of the film's width and height."""
        found = np.zeros(across.shape, bool)
        if name in self.masks:
            mask = self.masks[name]
            height, width = mask.shape
            rows, columns = np.floor(down * height).astype(int), np.floor(across * width).astype(int)
            is_on_film = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            found[is_on_film] = mask[rows[is_on_film], columns[is_on_film]]
        for x0, y0, x1, y1 in self.boxes.get(name, ()):
            found |= (across >= x0) & (across <= x1) & (down >= y0) & (down <= y1)
        return found


def regions_of(library: Library, record: Record, mend: Mend) -> Regions:
    """Look up where on a film, mended, each finding lies; nothing that people drew where that is damaged.

    The page says so then.
    """
    try:
        boxes = library.boxes(record.dataset, record.film)
    except DatasetError:
        boxes = {}
    try:
        masks = library.masks(record.dataset, record.film)
    except DatasetError:
        masks = {}
    return Regions({name: mend.moved(mask) for name, mask in masks.items()}, mend.boxes(boxes))


@dataclass(frozen=True, eq=False)
class OnFilm:
    """A film as words about its maps need it.

    Attributes
    ----------
    footprint : tuple of float
        The part of it that the model saw.
    sides_known : bool
        Whether its image's left is known to be the patient's right.
    regions : Regions
    removable : sequence of str
        What its twin can lack.
    """

    footprint: Footprint = WHOLE
    sides_known: bool = True
    regions: Regions = field(default_factory=Regions)
    removable: Sequence[str] = ()


def elsewhere(explanation: Explanation, truth: str | None, film: OnFilm) -> list[str]:
    """Name what lies where the strongest evidence for a finding is, if the finding itself does not.

    Something lies there if it covers the middle of the map's brightest spot, or half of the bright area around that
    (`xai.measures.location`), or if half of it lies in that area, unless that is a fifth of the map or more.

    Parameters
    ----------
    explanation : Explanation
    truth : {"present", "absent"} or None
        Of the finding that is explained. Where it is not known, or present at a place that is not known, nothing can be
        said.
    film : OnFilm

    Returns
    -------
    list of str
        First what lies there with the largest part of itself.
    """
    own, names = explanation.finding, film.regions.names
    if not names or truth is None or (truth == "present" and own not in names):
        return []
    frame = explanation.frame(film.footprint)
    found = spots(explanation.map, frame)
    if not found:
        return []
    area = bright_areas(explanation.map, found[0])[0].where
    height, width = area.shape
    middle = int(found[0].y * height), int(found[0].x * width)
    places = frame.on_film(*np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height))
    lies_there = {}
    for name in names:
        where = film.regions.under(name, *places)
        both = float((where & area).sum())
        inside = both / max(where.sum(), 1)
        if where[middle] or both >= MUCH * area.sum() or (inside >= MUCH and area.mean() < WIDE):
            lies_there[name] = inside
    return [] if own in lies_there else sorted(lies_there, key=lambda name: -lies_there[name])


def truth_note(explanation: Explanation, truth: str | None, film: OnFilm) -> payload.Payload | None:
    """Say in a sentence what `elsewhere` found, for the viewer; None where it found nothing."""
    names = elsewhere(explanation, truth, film)[:MOST_NAMED]
    if not names:
        return None
    labels = [finding_label(name).lower() for name in names]
    own = finding_label(explanation.finding).lower()
    rest = f"{own} is absent" if truth == "absent" else f"{own} lies elsewhere"
    sentence = f"Its strongest evidence lies on the {' and the '.join(labels)}, outlined dashed; {rest}."
    others = [
        payload.other_truth(
            name, label=label, color=FINDING_COLORS.get(name, OTHER_COLOR), has_twin=name in film.removable
        )
        for name, label in zip(names, labels, strict=True)
    ]
    return payload.truth_note(sentence, others)
