"""What the truth about another finding says of a map: that its strongest evidence lies there, where it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dashboard.components import payload
from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR
from dashboard.server.library import Box, Library, Record
from training.datasets.facts import DatasetError
from xai.explainers.explanation import Explanation
from xai.findings import finding_label
from xai.measures.frame import WHOLE, Footprint
from xai.measures.spots import spots


@dataclass(frozen=True, eq=False)
class Regions:
    """Where on a film each finding lies, as far as it is known.

    Attributes
    ----------
    masks : mapping of str to ndarray of bool, shape (H, W)
        Exact ones, of a simulated film: also of what was laid on it, such as a marker.
    boxes : mapping of str to sequence of (x0, y0, x1, y1)
        Drawn by radiologists, in fractions of the film's width and height.
    """

    masks: Mapping[str, np.ndarray] = field(default_factory=dict)
    boxes: Mapping[str, Sequence[Box]] = field(default_factory=dict)

    def areas(self) -> dict[str, float]:
        """Give the share of the film that each finding takes, of those whose place is known; the smallest first."""
        found = {name: float(mask.mean()) for name, mask in self.masks.items() if mask.any()}
        for name, boxes in self.boxes.items():
            found.setdefault(name, sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes))
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def covers(self, name: str, x: float, y: float) -> bool:
        """Whether a finding lies at a place, in fractions of the film's width and height."""
        if not (0 <= x < 1 and 0 <= y < 1):
            return False
        mask = self.masks.get(name)
        if mask is not None and mask[int(y * mask.shape[0]), int(x * mask.shape[1])]:
            return True
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self.boxes.get(name, ()))


def regions_of(library: Library, record: Record) -> Regions:
    """Look up where on a film each finding lies; no boxes where those of its dataset are damaged: the page says so."""
    try:
        boxes = library.boxes(record.dataset, record.film)
    except DatasetError:
        boxes = {}
    return Regions(library.masks(record.dataset, record.film), boxes)


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


def other_truth(explanation: Explanation, truth: str | None, film: OnFilm) -> str | None:
    """Name what lies where the strongest evidence for a finding is, where the finding itself does not.

    The strongest evidence is the middle of the map's brightest spot (`xai.measures.spots`). Of several things that lie
    there, the one that takes least of the film.

    Parameters
    ----------
    explanation : Explanation
    truth : {"present", "absent"} or None
        Of the finding that is explained. Where it is not known, or present at a place that is not known, nothing can be
        said.
    film : OnFilm

    Returns
    -------
    str or None
    """
    areas = film.regions.areas()
    own = explanation.finding
    if truth is None or (truth == "present" and own not in areas):
        return None
    frame = explanation.frame(film.footprint)
    found = spots(explanation.map, frame)
    if not found:
        return None
    x, y = (float(one) for one in frame.on_film(found[0].x, found[0].y))
    if film.regions.covers(own, x, y):
        return None
    return next((name for name in areas if name != own and film.regions.covers(name, x, y)), None)


def truth_note(explanation: Explanation, truth: str | None, film: OnFilm) -> payload.Payload | None:
    """Say in a sentence what `other_truth` found, for the viewer; None where it found nothing."""
    other = other_truth(explanation, truth, film)
    if other is None:
        return None
    label = finding_label(other)
    own = finding_label(explanation.finding).lower()
    rest = f"{own} is absent" if truth == "absent" else f"{own} lies elsewhere"
    sentence = f"Its strongest evidence lies on the {label.lower()}, outlined dashed; {rest}."
    color = FINDING_COLORS.get(other, OTHER_COLOR)
    return payload.truth_note(sentence, other=other, label=label, color=color, has_twin=other in film.removable)
