"""Where maps have their peaks, counted over the films of datasets that were looked at.

A peak that lies in the same cell on nearly every film says something of the model and nothing of a film. Counts are
kept, in memory; no maps.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from xai.explainers.explanation import Explanation

FEWEST_FILMS = 12  # below so many nothing is said
NEARLY_ALL = 0.9  # of the films
GRID = (8, 8)  # where a method has no cells of its own
MOST_KEPT = 64  # models, methods and parameters

Cell = tuple[int, int]


class Common(NamedTuple):
    """A cell in which nearly all peaks lie.

    Attributes
    ----------
    cell : (int, int)
        Row and column.
    films, of : int, int
        Films on which the peak of this finding's map lies in it, of those on which the map has a peak.
    maps, of_maps : int, int
        The same of the maps of all findings together.
    """

    cell: Cell
    films: int
    of: int
    maps: int
    of_maps: int

    @property
    def whatever_the_finding(self) -> bool:
        """Whether nearly all maps of all findings have their peak there too."""
        return self.maps >= NEARLY_ALL * self.of_maps


@dataclass
class _Counted:
    films: set[str] = field(default_factory=set)
    peaks: dict[str, Counter[Cell]] = field(default_factory=dict)


class Peaks:
    """Counts of this server, since it started."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, _Counted] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, about: str, film: str, made: Sequence[Explanation]) -> None:
        """Count the peaks of one film's maps, once.

        Parameters
        ----------
        about : str
            Names the model, the method and its parameters.
        film : str
            Names the film.
        made : sequence of Explanation
        """
        with self._lock:
            counted = self._counted.setdefault(about, _Counted())
            self._counted.move_to_end(about)
            while len(self._counted) > MOST_KEPT:
                self._counted.popitem(last=False)
            if film in counted.films:
                return
            counted.films.add(film)
            for one in made:
                cell = peak_cell(one)
                if cell is not None:
                    counted.peaks.setdefault(one.finding, Counter())[cell] += 1

    def common(self, about: str) -> dict[str, Common]:
        """Give the cell in which nearly all peaks of a finding's maps lie, where there is one and enough films."""
        with self._lock:
            counted = self._counted.get(about)
            peaks = {} if counted is None else {name: Counter(cells) for name, cells in counted.peaks.items()}
        together: Counter[Cell] = sum(peaks.values(), Counter())
        found = {}
        for name, cells in peaks.items():
            (cell, films), of = cells.most_common(1)[0], cells.total()
            if of >= FEWEST_FILMS and films >= NEARLY_ALL * of:
                found[name] = Common(cell, films, of, together[cell], together.total())
        return found


def peak_cell(made: Explanation) -> Cell | None:
    """Give the cell of a map in which its largest value lies; None where nothing speaks for the finding.

    A largest value that many pixels share, as in a region, lies in their middle.
    """
    values = made.map if made.cells is None else made.cells
    if values.max() <= 0:
        return None
    rows, columns = np.nonzero(values == values.max())
    height, width = values.shape
    down, across = GRID if made.cells is None else values.shape
    return int((rows.mean() + 0.5) * down / height), int((columns.mean() + 0.5) * across / width)
