"""Everything that comes from outside: what good files of it look like, where it is read, and what may refuse it."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from tests.fuzz import mutate
from xai.built_in import BUILT_IN_DATASETS, BUILT_IN_MODELS, BUILT_IN_PREDICTIONS

ROWS = 20


@dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes
    ----------
    damage : callable
        Puts a damaged one into an empty folder, by random numbers; gives its path.
    read : callable
        Reads it, and does with it what the pages do; raises `refused` where it cannot be used.
    refused : callable
        The exceptions that say so in one sentence.
    """

    damage: Callable[[Path, np.random.Generator], Path]
    read: Callable[[Path], object]
    refused: Callable[[], tuple[type[Exception], ...]]


def _chosen(files: Mapping[str, bytes], rng: np.random.Generator) -> bytes:
    return list(files.values())[rng.integers(len(files))]


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# Films


@cache
def _films() -> dict[str, bytes]:
    from tests.xai.films.test_film_hostile import WHOLE

    return WHOLE


def _damaged_film(folder: Path, rng: np.random.Generator) -> Path:
    whole = _chosen(_films(), rng)
    head = 132 if whole[128:132] == b"DICM" else 8
    return _written(folder / "film", mutate.bytes_of(whole, rng, head))


def _read_film(path: Path) -> None:
    from xai.films.reading import read_film

    pixels = read_film(path).pixels
    assert np.isfinite(pixels).all() and 0 <= pixels.min() <= pixels.max() <= 1


def _film_errors() -> tuple[type[Exception], ...]:
    from xai.films.film import FilmError

    return (FilmError,)


# Cards


@cache
def _cards() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(BUILT_IN_MODELS.glob("*.json"))}


def _damaged_card(folder: Path, rng: np.random.Generator) -> Path:
    return _written(folder / "model.json", mutate.json_of(_chosen(_cards(), rng), rng))


def _read_card(path: Path) -> None:
    from dashboard.compare.model_facts import _row
    from dashboard.models.cautions import cautions
    from dashboard.models.panels.card import input_words, outputs_words
    from dashboard.models.panels.measured import definitions, evaluation_words, figures_table
    from dashboard.models.panels.training import simulated_words
    from dashboard.page import card_figures
    from training.mending.known import known_of
    from xai.cards.model_card import card_sha256, card_to_dict, read_card

    card = read_card(path)
    card.probabilities(np.zeros((2, len(card.outputs))))
    assert card.fingerprint and card_sha256(card)
    json.dumps(card_to_dict(card), allow_nan=False)
    for tell in (cautions, outputs_words, input_words, simulated_words, definitions):
        tell(card)
    for tell in (card_figures.origins, card_figures.trained_on, card_figures.parameters, card_figures.architecture):
        tell(card)
    for name in card.outputs:
        _row(card, name)
        known_of(card_to_dict(card), name)
    for evaluation in card_figures.evaluations(card).values():
        evaluation_words(card, evaluation)
        figures_table(card, evaluation)


def _card_errors() -> tuple[type[Exception], ...]:
    from xai.cards.checks import ModelCardError

    return (ModelCardError,)


# Datasets and predictions


def _damaged_folder(source: Path, facts: str, table: str, folder: Path, rng: np.random.Generator) -> Path:
    """Copy a folder of facts and a table, one of the two damaged."""
    place = folder / source.name
    place.mkdir()
    shutil.copy(source / facts, place)
    films = _small(source / table)
    which = rng.integers(4)
    if which == 0:
        _written(place / facts, mutate.json_of((place / facts).read_bytes(), rng))
    elif which < 3:
        for _ in range(which):
            films = _storable(mutate.table_of(films, rng), films, place / table)
    films.to_parquet(place / table)
    if which == 3:
        _written(place / table, mutate.bytes_of((place / table).read_bytes(), rng))
    return place


@cache
def _small(file: Path) -> pd.DataFrame:
    return pd.read_parquet(file).iloc[:ROWS]


def _storable(changed: pd.DataFrame, before: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Give a changed table, or the one before where Parquet cannot hold it."""
    try:
        changed.to_parquet(file)
    except Exception:  # pyarrow raises its own errors
        return before
    return changed


def _damaged_dataset(folder: Path, rng: np.random.Generator) -> Path:
    return _damaged_folder(BUILT_IN_DATASETS / "simulated", "dataset.json", "films.parquet", folder, rng)


def _read_dataset(path: Path) -> None:
    from dashboard.server.library import Library

    home = path.parent / "datasets"
    home.mkdir()
    path = path.rename(home / "fuzzed")
    library = Library(path.parent.parent)
    table = library.films(path.name)
    library.boxes(path.name, "")
    for film in table.index[:3]:
        library.record(path.name, str(film))


def _dataset_errors() -> tuple[type[Exception], ...]:
    from training.datasets.facts import DatasetError
    from training.simulation.recipe import RecipeError

    return (DatasetError, RecipeError)


def _damaged_predictions(folder: Path, rng: np.random.Generator) -> Path:
    source = BUILT_IN_PREDICTIONS / "lightbox-on-simulated-2000"
    return _damaged_folder(source, "predictions.json", "predictions.parquet", folder, rng)


def _read_predictions(path: Path) -> None:
    from dashboard.server.library import Library
    from training.mending.known import known_of
    from training.mending.mended import mended_before

    home = path.parent / "predictions"
    home.mkdir()
    path = path.rename(home / "fuzzed")
    library = Library(path.parent.parent)
    predictions = library.read_predictions(path.name)
    library.predictions("simulated-2000")
    mended_before(predictions, [])
    for name in predictions.facts.outputs:
        known_of(predictions.facts.card, name)


def _predictions_errors() -> tuple[type[Exception], ...]:
    from training.predictions.table import PredictionsError

    return (PredictionsError,)


# Label tables


@cache
def _labels() -> bytes:
    from tests.training.datasets.made_sources import NIH_ROWS, nih_table

    return nih_table(NIH_ROWS).encode()


def _damaged_labels(folder: Path, rng: np.random.Generator) -> Path:
    change = mutate.csv_of if rng.random() < 0.7 else mutate.bytes_of
    _written(folder / "Data_Entry_2017_v2020.csv", change(_labels(), rng))
    return folder


def _read_labels(path: Path) -> None:
    from training.datasets.nih import read_nih

    read_nih(path)


# Models


@cache
def _models() -> dict[str, bytes]:
    """A small network in each format that Keras writes."""
    import tempfile

    from xai.backend import keras

    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    with tempfile.TemporaryDirectory() as home:
        for name in ("model.keras", "model.h5"):
            model.save(Path(home) / name)
        return {path.name: path.read_bytes() for path in Path(home).iterdir()}


def _damaged_model(folder: Path, rng: np.random.Generator) -> Path:
    name = list(_models())[rng.integers(len(_models()))]
    whole = _models()[name]
    path = folder / name
    if name == "model.h5" or rng.random() < 0.4:
        return _written(path, mutate.bytes_of(whole, rng))
    _written(folder / "whole", whole)
    with zipfile.ZipFile(folder / "whole") as old, zipfile.ZipFile(path, "w") as new:
        for member in old.infolist():
            change = mutate.json_of if member.filename.endswith(".json") else mutate.bytes_of
            data = old.read(member)
            new.writestr(member.filename, change(data, rng) if rng.random() < 0.5 else data)
    return path


def _read_model(path: Path) -> None:
    from xai.models.loading import load_model

    load_model(path)


def _model_errors() -> tuple[type[Exception], ...]:
    from xai.models.errors import ModelError

    return (ModelError,)


TARGETS = {
    "film": Target(_damaged_film, _read_film, _film_errors),
    "card": Target(_damaged_card, _read_card, _card_errors),
    "dataset": Target(_damaged_dataset, _read_dataset, _dataset_errors),
    "predictions": Target(_damaged_predictions, _read_predictions, _predictions_errors),
    "labels": Target(_damaged_labels, _read_labels, _dataset_errors),
    "model": Target(_damaged_model, _read_model, _model_errors),
}
