"""Which models, datasets and predictions there are: built-in ones, and those in the folder given with ``--library``."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.server.drawn import Box as Box
from dashboard.server.drawn import Drawings
from dashboard.server.looking import looked_up
from dashboard.server.store import content_key
from training import opening
from training.datasets.conventions import UNKNOWN, Convention, convention_of, with_sides
from training.datasets.table import CLASS, FACTS_FILE, TABLE_FILE, Dataset, DatasetError, read_dataset
from training.evaluate.classes import class_names
from training.predictions import table as predictions_folder
from training.predictions.table import Predictions, PredictionsError, read_predictions
from training.simulation.recipe import Recipe
from training.simulation.render import SIZE
from xai.built_in import BUILT_IN_DATASETS, BUILT_IN_MODELS, BUILT_IN_PREDICTIONS
from xai.cards.model_card import ModelCard, ModelCardError, card_path, read_card
from xai.films.film import Film
from xai.films.reading import read_film
from xai.findings import FINDINGS
from xai.models.library import list_models
from xai.models.loading import file_sha256
from xai.others import CACHE
from xai.written import with_unit

OWN = "your films"  # stands for a visitor's own films in place of a dataset's name
DEFAULT_ROOT = CACHE
TRUTH = {1.0: "present", 0.0: "absent"}

"""Left, top, right and bottom edge, in fractions of a film's width and height."""


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
    convention : Convention
        What is known of its source's films: their sides, and whether their names tell labels.
    """

    dataset: str
    film: str
    facts: tuple[str, ...]
    truth: Mapping[str, str] = field(default_factory=dict)
    recipe: Recipe | None = None
    size: int = SIZE
    convention: Convention = UNKNOWN


class Library:
    """Models, datasets and predictions by name; of two with the same name, the built-in one.

    Parameters
    ----------
    root : Path
        Folder with ``models/``, ``datasets/`` and ``predictions/``; what was computed is kept in its ``results/``,
        ``arrays/`` and ``thumbnails/``. It need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def results(self) -> Path:
        """Where computed explanations are kept."""
        return self.root / "results"

    @property
    def arrays(self) -> Path:
        """Where arrays that a model took long to make are kept."""
        return self.root / "arrays"

    @looked_up
    def models(self) -> dict[str, Path]:
        """Model files by name."""
        return list_models((BUILT_IN_MODELS, self.root / "models"))

    @looked_up
    def model(self, model: str) -> Path:
        """Give the file of a model; raises `ModelCardError` where it is gone, as a whole library may be."""
        if Path(model).name == model:  # asked for again and again: no folder is listed
            for folder in (BUILT_IN_MODELS, self.root / "models"):
                if (path := folder / f"{model}.keras").is_file():
                    return path
        models = self.models()
        if model not in models:
            raise ModelCardError(
                f"There is no model “{model}” in the library; there are {', '.join(models) or 'none'}."
            )
        return models[model]

    @looked_up
    def card(self, model: str) -> ModelCard:
        """Read the card of a model; raises `ModelCardError`."""
        path = card_path(self.model(model))
        return _card(path, _stamp(path))

    @looked_up
    def model_key(self, model: str) -> str:
        """Name a model by the contents of its file and card; raises `ModelCardError` where either is not there."""
        path = self.model(model)
        card = card_path(path)
        return _model_key(path, _stamp(path), card, _stamp(card))

    @looked_up
    def model_id(self, model: str) -> str:
        """Sha256 of a model's file; raises `ModelCardError` where there is none."""
        path = self.model(model)
        return _model_id(path, _stamp(path))

    @looked_up
    def datasets(self) -> dict[str, Path]:
        """Dataset folders by name."""
        return _folders((BUILT_IN_DATASETS, self.root / "datasets"), FACTS_FILE)

    def predictions(self, dataset: str | None = None) -> dict[str, Path]:
        """Predictions folders by name; only those of a dataset, if one is named."""
        found = _folders((BUILT_IN_PREDICTIONS, self.root / "predictions"), predictions_folder.FACTS_FILE)
        if dataset is None:
            return found
        home = self._folder(dataset)
        written = {name: _stamp(path / predictions_folder.FACTS_FILE) for name, path in found.items()}
        return {name: path for name, path in found.items() if _is_of(path, written[name], home)}

    def read_predictions(self, name: str) -> Predictions:
        """Read predictions; raises `PredictionsError`."""
        return _predictions(self._predictions(name), self.predictions_stamp(name))

    def predictions_stamp(self, name: str) -> float:
        """When predictions were last written; raises `PredictionsError` where they are gone."""
        folder = self._predictions(name)
        return max(_stamp(folder / predictions_folder.TABLE_FILE), _stamp(folder / predictions_folder.FACTS_FILE))

    @looked_up
    def dataset_stamp(self, dataset: str) -> float:
        """When the table of a dataset was last written; raises `DatasetError`."""
        return _stamp(self._folder(dataset) / TABLE_FILE)

    def dataset(self, dataset: str) -> Dataset:
        """Read a dataset; raises `DatasetError`."""
        return _dataset(self._folder(dataset), self.dataset_stamp(dataset))

    def table(self, dataset: str) -> pd.DataFrame:
        """Every film of a dataset, also those that are not on disk, indexed by film; raises `DatasetError`."""
        return _table(self._folder(dataset), self.dataset_stamp(dataset))

    def films(self, dataset: str) -> pd.DataFrame:
        """Films of a dataset that can be opened or rendered, indexed by film; raises `DatasetError`."""
        return _films(self._folder(dataset), self.dataset_stamp(dataset))

    def record(self, dataset: str, film: str) -> Record:
        """Look up a film; raises `DatasetError` if there is none of that name."""
        row = self._row(dataset, film)
        facts = [str(row[name]) for name in ("view", "sex") if isinstance(row[name], str) and row[name]]
        if pd.notna(row["age"]):
            facts.append(with_unit(f"{row['age']:.0f}", "years"))
        truth = {name: TRUTH[row[name]] for name in FINDINGS if row[name] in TRUTH}
        if isinstance(row.get(CLASS), str):
            classes = class_names(self.dataset(dataset).films)
            truth |= {name: TRUTH[float(name == row[CLASS])] for name in classes if name not in FINDINGS}
        recipe = Recipe.from_json(row["recipe"]) if isinstance(row.get("recipe"), str) else None
        known = convention_of(self.dataset(dataset).facts, row)
        return Record(dataset, film, tuple(facts), truth, recipe, opening.rendered_size(self._folder(dataset)), known)

    def open_film(self, dataset: str, film: str) -> Film:
        """Read a film of a dataset from disk, or render it where the dataset holds only its recipe.

        Raises
        ------
        DatasetError, FilmError
            If there is no such film, it leaves its dataset's folder, or it cannot be hung.
        """
        path, record = self.film_path(dataset, film), self.record(dataset, film)
        return render_film(record) if path is None else with_sides(read_film(path), record.convention)

    def film_path(self, dataset: str, film: str) -> Path | None:
        """Give the file of a film; None where the dataset holds only its recipe. Raises as `open_film` does."""
        row = self._row(dataset, film)
        return opening.film_path(self.dataset(dataset), row)

    def masks(self, dataset: str, film: str) -> dict[str, np.ndarray]:
        """Pixels that each finding and object of a simulated film changed: bool (H, W) by name.

        On other films, those that people drew: uint8, see `Drawings.masks`. Raises `DatasetError` where one is damaged.
        """
        record = self.record(dataset, film)
        if record.recipe is None:
            return _drawn_masks(self._folder(dataset), self.dataset_stamp(dataset), film)
        return dict(_masks(self._folder(dataset), self.dataset_stamp(dataset), film, record.recipe.to_json()))

    def boxes(self, dataset: str, film: str) -> dict[str, list[Box]]:
        """Boxes that radiologists drew on a film, by finding; empty where there are none."""
        return self.drawings(dataset).boxes(film)

    def drawings(self, dataset: str) -> Drawings:
        """What people drew on the films of a dataset; raises `DatasetError` where that is damaged."""
        return _drawings(self._folder(dataset), self.dataset_stamp(dataset))

    def _row(self, dataset: str, film: str) -> pd.Series:
        """Look up a film that can be opened or rendered."""
        table = self.table(dataset)
        row = table.loc[film] if film in table.index else None
        if isinstance(row, pd.Series) and _can_be_hung(row):
            return row
        raise DatasetError(f"The dataset {dataset} has no film “{film}” on disk.")

    def _predictions(self, name: str) -> Path:
        folders = self.predictions()
        if name not in folders:
            raise PredictionsError(f"There are no predictions “{name}”; there are {', '.join(folders) or 'none'}.")
        return folders[name]

    @looked_up
    def _folder(self, dataset: str) -> Path:
        folders = self.datasets()
        if dataset not in folders:
            raise DatasetError(f"There is no dataset “{dataset}”; there are {', '.join(folders) or 'none'}.")
        return folders[dataset]


def render_film(record: Record, without: Iterable[str] = ()) -> Film:
    """Render a simulated film, or its twin that lacks some findings or objects, in the 256 shades of its file."""
    assert record.recipe is not None  # what is not simulated has no twin, and is hung from its file
    return opening.render_film(record.recipe, record.size, without)


def _stamp(path: Path) -> float:
    """When a file was last written: what was read from it before then is out of date."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@functools.lru_cache(maxsize=32)
def _card(path: Path, stamp: float) -> ModelCard:
    return read_card(path)


@functools.lru_cache(maxsize=32)
def _model_id(path: Path, stamp: float) -> str:
    return file_sha256(path)


@functools.lru_cache(maxsize=32)
def _model_key(path: Path, stamp: float, card: Path, card_stamp: float) -> str:
    return content_key(_model_id(path, stamp), _card(card, card_stamp).fingerprint)


@functools.lru_cache(maxsize=4)
def _dataset(folder: Path, stamp: float) -> Dataset:
    try:
        return read_dataset(folder)
    except DatasetError as error:  # no visitor needs to know where this server keeps its files
        raise DatasetError(str(error).replace(str(folder), folder.name)) from error


@functools.lru_cache(maxsize=4)
def _table(folder: Path, stamp: float) -> pd.DataFrame:
    return _dataset(folder, stamp).films.set_index("film", drop=False)


@functools.lru_cache(maxsize=4)
def _films(folder: Path, stamp: float) -> pd.DataFrame:
    films = _table(folder, stamp)
    has_recipe = films["recipe"].notna() if "recipe" in films else False
    return films[films["on_disk"].astype(bool) | has_recipe]


def _can_be_hung(row: pd.Series) -> bool:
    return bool(row["on_disk"]) or isinstance(row.get("recipe"), str)


@functools.lru_cache(maxsize=4)
def _predictions(folder: Path, stamp: float) -> Predictions:
    try:
        return read_predictions(folder)
    except PredictionsError as error:
        raise PredictionsError(str(error).replace(str(folder), folder.name)) from error


@functools.lru_cache(maxsize=256)
def _is_of(folder: Path, stamp: float, dataset: Path) -> bool:
    """Whether predictions are of a dataset: of the folder they name, or by name where that folder has moved."""
    try:
        facts = json.loads((folder / predictions_folder.FACTS_FILE).read_text(encoding="utf-8"))
        home = (folder / facts["dataset_folder"]).resolve()
        return home == dataset.resolve() if home.is_dir() else facts["dataset"] == dataset.name
    except (OSError, ValueError, TypeError, KeyError):
        return False


@functools.lru_cache(maxsize=4)
def _drawings(folder: Path, stamp: float) -> Drawings:
    try:
        return Drawings(_dataset(folder, stamp).boxes)
    except DatasetError as error:
        raise DatasetError(str(error).replace(str(folder), folder.name)) from error


@functools.lru_cache(maxsize=8)
def _drawn_masks(folder: Path, stamp: float, film: str) -> dict[str, np.ndarray]:
    return _drawings(folder, stamp).masks(film)


@functools.lru_cache(maxsize=32)  # films that visitors look at: 0.1 MB a finding
def _masks(folder: Path, stamp: float, film: str, recipe: str) -> dict[str, np.ndarray]:
    """Masks that are not on disk take a third of a second to make, and every map of a film asks for them."""
    return opening.film_masks(folder, film, Recipe.from_json(recipe))


def _folders(parents: Iterable[Path], file: str) -> dict[str, Path]:
    """Folders that hold a file of that name, by their own name."""
    found: dict[str, Path] = {}
    for parent in parents:
        for folder in sorted(parent.glob("*")) if parent.is_dir() else ():
            if (folder / file).is_file():
                found.setdefault(folder.name, folder)
    return found
