"""What a dataset knows of the films that are explained by name of their files: where findings are, and usually are."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.benchmark.placing import beside_controls, on_truth
from training.benchmark.truth import truths, with_truth
from training.benchmark.usual import UsualPlaces, count_places, placed_on_map
from training.datasets.table import BOXES_FILE, TABLE_FILE, Dataset, read_dataset
from training.front_door import open_dataset
from xai.explainers.explanation import Explanation
from xai.measures.frame import Footprint
from xai.models.loading import file_sha256

LABELS: Mapping[Any, str] = {0: "absent", 1: "present"}


@dataclass(frozen=True)
class KnownTruth:
    """The truth of a dataset's films; see `xai.many.making.Truth`. It is plain: it opens the dataset where it is asked.

    Attributes
    ----------
    folder : Path
        Of the dataset.
    findings : tuple of str
        Of the model.
    content : str
        Names what the dataset says, by its bytes.
    """

    folder: Path
    findings: tuple[str, ...]
    content: str

    @classmethod
    def of(cls, name: str, findings: Sequence[str]) -> KnownTruth:
        """Open a dataset, by its folder or the name of a built-in one.

        Raises
        ------
        DatasetError
            If there is no such dataset, or it knows the place of none of the findings.
        """
        dataset = open_dataset(name)
        with_truth(dataset, findings)
        files = [dataset.folder / one for one in (TABLE_FILE, BOXES_FILE)]
        told = [file_sha256(path) for path in files if path.exists()]
        return cls(dataset.folder.resolve(), tuple(findings), hashlib.sha256("".join(told).encode()).hexdigest())

    def knows(self, path: Path) -> bool:
        """Whether the place of any finding is known on a film, by its file."""
        opened = self._opened
        return opened.films.get(path.resolve()) in opened.known

    def beside(self, path: Path, made: Sequence[Explanation], footprint: Footprint) -> list[dict[str, Any]]:
        """Hold maps of a film against its truth.

        Parameters
        ----------
        path : Path
            The film's file.
        made : sequence of Explanation
        footprint : tuple of float
            What of the film the maps cover.

        Returns
        -------
        list of dict
            For each map: ``truth``, present or absent, where that is known, and ``on_truth`` where the finding's place
            is: scores of the map, its controls and chance. Empty for a film that the dataset has not.
        """
        opened = self._opened
        film = opened.films.get(path.resolve())
        if film is None:
            return [{} for _ in made]
        shape = made[0].map.shape
        inside = truths(opened.dataset, film, opened.known.get(film, ()), shape, footprint)
        row = opened.dataset.films.set_index("film").loc[film]
        found: list[dict[str, Any]] = []
        for one in made:
            label = LABELS.get(row[one.finding]) if one.finding in row else None
            if one.finding not in inside:
                found.append({"truth": label} if label else {})
                continue
            usual = opened.places.prior(opened.dataset, film, one.finding)
            place, films = (None, 0) if usual is None else (placed_on_map(usual[0], shape, footprint), usual[1])
            scores = beside_controls(one, inside[one.finding], place)
            found.append({"truth": "present"} | ({"on_truth": on_truth(scores, films)} if scores else {}))
        return found

    @property
    def _opened(self) -> _Opened:
        return _open(self.folder, self.findings, self.content)


@dataclass(frozen=True, eq=False)
class _Opened:
    """A dataset, which films lie where, and what is known of them."""

    dataset: Dataset
    films: Mapping[Path, str]
    known: Mapping[str, tuple[str, ...]]
    places: UsualPlaces


@functools.lru_cache(maxsize=1)
def _open(folder: Path, findings: tuple[str, ...], content: str) -> _Opened:
    dataset = read_dataset(folder)
    there = dataset.films[dataset.films["on_disk"]]
    films = {dataset.path(path).resolve(): film for path, film in zip(there["path"], there["film"], strict=True)}
    return _Opened(dataset, films, with_truth(dataset, findings), count_places(dataset, findings))
