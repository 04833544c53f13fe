"""The maps that a benchmark measures: a file a film, so that a run goes on where it stopped."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.benchmark.truth import truths
from training.datasets.facts import DatasetError
from training.datasets.table import BOXES_FILE, TABLE_FILE, Dataset
from training.opening import open_film
from xai.cards.model_card import card_sha256
from xai.explainers import EXPLAINERS
from xai.explainers.archive import VERSION
from xai.explainers.explanation import Explanation
from xai.files import write_file
from xai.films.film import FilmError
from xai.front_door import explain, within_samples
from xai.measures.frame import WHOLE
from xai.models.errors import ModelError
from xai.models.loading import file_sha256

if TYPE_CHECKING:
    from xai.cards.model_card import ModelCard
    from xai.models.classifier import Classifier

CLAIM_FILE = "benchmark.json"
MAPS_FOLDER = "maps"


@dataclass(frozen=True, eq=False)
class Measured:
    """One film with its truth and its maps, in one geometry.

    Attributes
    ----------
    film : str
    truths : dict of str to bool array (H, W)
        By finding.
    maps : dict of (str, str) to float32 array (H, W)
        By method and finding.
    cells : dict of (str, str) to float32 array (h, w)
        Of maps that were scaled up.
    without : dict of str to str
        Methods that cannot explain this model, and why.
    """

    film: str
    truths: dict[str, np.ndarray]
    maps: dict[tuple[str, str], np.ndarray]
    cells: dict[tuple[str, str], np.ndarray]
    without: dict[str, str]


@dataclass(frozen=True)
class Order:
    """What is explained, and how.

    Attributes
    ----------
    methods : tuple of str
    samples : int or None
        Films that LIME and SHAP each send through the model; their own default where it is None.
    seed : int
        Each film has one of its own, made from this one and its place in the table.
    """

    methods: tuple[str, ...]
    samples: int | None = None
    seed: int = 0

    def claim(self, classifier: Classifier, dataset: Dataset) -> dict[str, Any]:
        """Everything that changes a map or its truth, by content."""
        drawn = dataset.folder / BOXES_FILE
        return {
            "dataset": dataset.facts.name,
            "table": file_sha256(dataset.folder / TABLE_FILE),
            **({"drawn": file_sha256(drawn)} if drawn.exists() else {}),
            "model": classifier.model_id,
            "card": card_sha256(classifier.card),
            "version": VERSION,
            **asdict(self),
            "settings": {name: self._settings(name, classifier.card) for name in self.methods},
        }

    def _settings(self, method: str, card: ModelCard) -> dict[str, Any]:
        """Give a method's parameters as they are with this model: defaults of today are not those of tomorrow."""
        return within_samples(EXPLAINERS[method](), self.samples).settled(card).parameters()


def open_folder(out: Path, claim: Mapping[str, Any]) -> Path:
    """Make the folder of a benchmark, or go on with it; raises DatasetError where it holds another one."""
    told = json.loads(json.dumps(claim))
    file = out / CLAIM_FILE
    if file.exists():
        try:
            there = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            there = {}
        other = [name for name, value in told.items() if there.get(name) != value]
        if other:
            raise DatasetError(f"{out} holds a benchmark with other {', '.join(other)}: choose another folder.")
    else:
        write_file(file, json.dumps(told, indent=2) + "\n")
    folder = out / MAPS_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def explain_film(
    classifier: Classifier, dataset: Dataset, film: str, findings: Sequence[str], order: Order
) -> Measured:
    """Make all maps of a film; all outputs of the model are explained together, as the app does.

    Raises
    ------
    FilmError, DatasetError
        If the film cannot be opened.
    """
    opened = open_film(dataset, film)
    place = int(np.flatnonzero(dataset.films["film"] == film)[0])
    seed = int(np.random.default_rng([order.seed, place]).integers(2**32))
    made: list[Explanation] = []
    without = {}
    for method in order.methods:
        try:
            made += explain(classifier, opened, method, samples=order.samples, seed=seed)
        except ModelError as error:
            without[method] = str(error)
    inside = truths(dataset, film, findings, classifier.shape, classifier.footprint(opened))
    wanted = [one for one in made if one.finding in inside]
    maps = {(one.method, one.finding): one.map for one in wanted}
    cells = {(one.method, one.finding): one.cells for one in wanted if one.cells is not None}
    return Measured(film, inside, maps, cells, without)


def truths_alone(
    classifier: Classifier, dataset: Dataset, films: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, np.ndarray]]:
    """Give the truth of films by finding, without any map; films that cannot be opened are left out."""
    found = {}
    for film, findings in films.items():
        try:  # only a model that crops or pads must know how large the film is
            whole = classifier.card.input.fit == "stretch"
            footprint = WHOLE if whole else classifier.footprint(open_film(dataset, film))
            found[film] = truths(dataset, film, findings, classifier.shape, footprint)
        except (FilmError, DatasetError):
            continue
    return found


def kept(path: Path) -> Measured | None:
    """Give what is kept of a film; None where nothing is, or what is there is damaged."""
    try:
        return read(path.read_bytes())
    except (OSError, ValueError, KeyError, EOFError):
        return None


def written(one: Measured) -> bytes:
    """Write a film's maps as an ``.npz``."""
    arrays: dict[str, Any] = {f"truth/{name}": mask for name, mask in one.truths.items()}
    for kind, values in (("map", one.maps), ("cells", one.cells)):
        arrays |= {f"{kind}/{method}/{name}": value for (method, name), value in values.items()}
    about = json.dumps({"film": one.film, "without": one.without})
    file = io.BytesIO()
    np.savez_compressed(file, about=np.array(about), **arrays)
    return file.getvalue()


def read(content: bytes) -> Measured:
    """Read what `written` wrote; raises ValueError or KeyError where it is damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            kinds: dict[str, dict] = {"truth": {}, "map": {}, "cells": {}}
            for key in file.files:
                kind, *names = key.split("/")
                if names:
                    kinds[kind][names[0] if kind == "truth" else tuple(names)] = file[key]
    except (zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise ValueError(str(error)) from error
    return Measured(about["film"], kinds["truth"], kinds["map"], kinds["cells"], about["without"])
