"""Which models and datasets there are: the built-in ones, and those in the folder given with ``--library``."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.table import FACTS_FILE, Dataset, DatasetError, read_dataset
from training.simulation.dataset import read_masks
from training.simulation.recipe import Recipe
from training.simulation.render import SIZE, Sitting, render
from xai.film import Film, FilmError, FilmFacts, read_film
from xai.findings import FINDINGS
from xai.library import BUILT_IN_MODELS, list_models
from xai.loading import file_sha256
from xai.model_card import ModelCard, card_path, read_card

BUILT_IN_DATASETS = BUILT_IN_MODELS.parent / "datasets"
DEFAULT_ROOT = Path.home() / ".cache" / "lightbox"
TRUTH = {1.0: "present", 0.0: "absent"}


@dataclass(frozen=True)
class Record:
    """What a dataset says about one of its films.

    Attributes
    ----------
    dataset, film : str
        Names.
    facts : tuple of str
        View, sex, age.
    truth : mapping of str to str
        ``present`` or ``absent`` by finding; what the dataset does not label is not in it.
    recipe : Recipe or None
        How a simulated film was made.
    size : int
        Side in pixels that its dataset renders such films at.
    """

    dataset: str
    film: str
    facts: tuple[str, ...]
    truth: Mapping[str, str] = field(default_factory=dict)
    recipe: Recipe | None = None
    size: int = SIZE


class Library:
    """Models and datasets by name; of two with the same name, the built-in one.

    Parameters
    ----------
    root : Path
        Folder with ``models/`` and ``datasets/``; results are kept in its ``results/``. It need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def results(self) -> Path:
        """Where computed explanations are kept."""
        return self.root / "results"

    def models(self) -> dict[str, Path]:
        """Model files by name."""
        return list_models((BUILT_IN_MODELS, self.root / "models"))

    def card(self, model: str) -> ModelCard:
        """Read the card of a model; raises `ModelCardError`."""
        path = card_path(self.models()[model])
        return _card(path, _stamp(path))

    def model_id(self, model: str) -> str:
        """Sha256 of a model's file."""
        path = self.models()[model]
        return _model_id(path, _stamp(path))

    def datasets(self) -> dict[str, Path]:
        """Dataset folders by name."""
        found: dict[str, Path] = {}
        for parent in (BUILT_IN_DATASETS, self.root / "datasets"):
            for folder in sorted(parent.glob("*")) if parent.is_dir() else ():
                if (folder / "dataset.json").is_file():
                    found.setdefault(folder.name, folder)
        return found

    def films(self, dataset: str) -> pd.DataFrame:
        """Films of a dataset that can be opened or rendered, indexed by film; raises `DatasetError`."""
        return _films(self._folder(dataset), _stamp(self._folder(dataset) / "films.parquet"))

    def record(self, dataset: str, film: str) -> Record:
        """Look up a film; raises `DatasetError` if there is none of that name."""
        films = self.films(dataset)
        if film not in films.index:
            raise DatasetError(f"The dataset {dataset} has no film “{film}” on disk.")
        row = films.loc[film]
        facts = [str(row[name]) for name in ("view", "sex") if isinstance(row[name], str) and row[name]]
        if pd.notna(row["age"]):
            facts.append(f"{row['age']:.0f} years")
        truth = {name: TRUTH[row[name]] for name in FINDINGS if row[name] in TRUTH}
        recipe = Recipe.from_json(row["recipe"]) if isinstance(row.get("recipe"), str) else None
        return Record(dataset, film, tuple(facts), truth, recipe, _rendered_size(self._folder(dataset)))

    def open_film(self, dataset: str, film: str) -> Film:
        """Read a film of a dataset from disk, or render it where the dataset holds only its recipe.

        Raises
        ------
        DatasetError, FilmError
            If there is no such film, it leaves its dataset's folder, or it cannot be hung.
        """
        if not self.films(dataset).loc[self.record(dataset, film).film, "on_disk"]:
            return render_film(self.record(dataset, film))
        source = _dataset(self._folder(dataset), _stamp(self._folder(dataset) / "films.parquet"))
        row = self.films(dataset).loc[self.record(dataset, film).film]
        path = source.path(row["path"]).resolve()
        root = source.path("").resolve()
        if not path.is_relative_to(root):
            raise FilmError(f"The film {film} lies outside its dataset, so it is not opened.")
        return read_film(path)

    def masks(self, dataset: str, film: str) -> dict[str, np.ndarray]:
        """Pixels that each finding and object of a simulated film changed: bool (H, W) by name; empty elsewhere."""
        record = self.record(dataset, film)
        if record.recipe is None:
            return {}
        path = self._folder(dataset) / "masks" / f"{film}.png"
        return read_masks(path) if path.is_file() else Sitting(record.recipe, record.size).masks()

    def _folder(self, dataset: str) -> Path:
        folders = self.datasets()
        if dataset not in folders:
            raise DatasetError(f"There is no dataset “{dataset}”; there are {', '.join(folders) or 'none'}.")
        return folders[dataset]


def render_film(record: Record, without: Iterable[str] = ()) -> Film:
    """Render a simulated film, or its twin that lacks some findings or objects, in the 256 shades of its file."""
    shades = np.round(render(record.recipe, without, size=record.size) * 255) / np.float32(255)
    return Film.from_pixels(shades, facts=FilmFacts("simulated", record.size, record.size, 8))


def _stamp(path: Path) -> float:
    """When a file was last written: what was read from it before then is out of date."""
    return path.stat().st_mtime if path.exists() else 0.0


def _rendered_size(folder: Path) -> int:
    """Side in pixels of a simulated dataset's films; its plan stands in ``dataset.json``."""
    return json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")).get("plan", {}).get("size", SIZE)


@functools.lru_cache(maxsize=32)
def _card(path: Path, stamp: float) -> ModelCard:
    return read_card(path)


@functools.lru_cache(maxsize=32)
def _model_id(path: Path, stamp: float) -> str:
    return file_sha256(path)


@functools.lru_cache(maxsize=4)
def _dataset(folder: Path, stamp: float) -> Dataset:
    try:
        return read_dataset(folder)
    except DatasetError as error:  # no visitor needs to know where this server keeps its files
        raise DatasetError(str(error).replace(str(folder), folder.name)) from error


@functools.lru_cache(maxsize=4)
def _films(folder: Path, stamp: float) -> pd.DataFrame:
    films = _dataset(folder, stamp).films
    if films["film"].duplicated().any():
        twice = films["film"][films["film"].duplicated()].iloc[0]
        raise DatasetError(f"The dataset {folder.name} has two rows for the film “{twice}”.")
    has_recipe = films["recipe"].notna() if "recipe" in films else False
    return films[films["on_disk"].astype(bool) | has_recipe].set_index("film", drop=False)
