"""Predictions: what one model says of the films of one dataset.

A folder with ``predictions.json`` (whose model, which dataset, what was left out) and ``predictions.parquet`` (one row
a film, one column an output). Labels are not in it; they are joined from the dataset, so that a corrected label
table needs no new predictions.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.facts import check_kinds
from training.datasets.parquet import read_parquet
from training.datasets.table import Dataset, read_dataset
from xai.cards.model_card import Threshold
from xai.files import write_files
from xai.machine import relative_path

FACTS_FILE = "predictions.json"
TABLE_FILE = "predictions.parquet"
REQUIRED = ("name", "dataset", "dataset_folder", "model", "source")
# Entries of `FACTS_FILE`, and what JSON must hold there.
KINDS = {
    **dict.fromkeys((*REQUIRED, "model_sha256", "card_fingerprint"), str),
    "outputs": list,
    **dict.fromkeys(("thresholds", "card", "left_out", "notes"), dict),
}


class PredictionsError(ValueError):
    """Predictions that cannot be used; the message is one sentence that says what was expected and what came."""


@dataclass(frozen=True)
class PredictionsFacts:
    """What ``predictions.json`` says.

    Attributes
    ----------
    name : str
        Short name, such as ``lightbox-on-simulated``.
    dataset : str
        Name of the dataset.
    dataset_folder : str
        Where the dataset lies; a relative path starts from the predictions folder.
    model : str
        Name of the model.
    source : {"predict", "import"}
        Whether a model of this project's format ran here, or somebody else's numbers were read.
    outputs : tuple of str
        The columns, in the model's order.
    thresholds : dict of str to Threshold
        Of each output; empty where none is known.
    card : dict
        The model card as it was, without its mean film; empty for imported predictions without one.
    model_sha256, card_fingerprint : str
        What made them; empty where not known.
    left_out : dict of str to str
        Film -> why it has no prediction.
    notes : dict
        Free-form: the command, the imported file and its sha256, rows that matched no film.
    """

    name: str
    dataset: str
    dataset_folder: str
    model: str
    source: str
    outputs: tuple[str, ...]
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    model_sha256: str = ""
    card_fingerprint: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """A predictions folder, read.

    Attributes
    ----------
    folder : Path
        Where it lies.
    facts : PredictionsFacts
        What it is.
    table : DataFrame
        Indexed by film; float64 probabilities in [0, 1], one column an output.

    Examples
    --------
    >>> predictions = training.open_predictions("lightbox-on-simulated-2000")
    >>> predictions.table["Effusion"].between(0, 1).all().item()
    True
    """

    folder: Path
    facts: PredictionsFacts
    table: pd.DataFrame

    @property
    def name(self) -> str:
        """What they are called everywhere: as their folder, which may have been named anew since it was written."""
        return self.folder.resolve().name

    def __repr__(self) -> str:
        return f"<Predictions {self.name}: {len(self.table):,} films, {len(self.facts.outputs)} outputs>"

    def open_dataset(self) -> Dataset:
        """Read the dataset that these predictions are of; raises `DatasetError`."""
        return read_dataset((self.folder / self.facts.dataset_folder).resolve())


def write_predictions(folder: Path, facts: PredictionsFacts, table: pd.DataFrame) -> None:
    """Write a predictions folder; the table is checked first, and appears whole or not at all.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    facts : PredictionsFacts
        ``dataset_folder`` may be absolute; it is written relative to ``folder``.
    table : DataFrame
        Indexed by film, one column an output.
    """
    _check(table, facts.outputs, facts.name)
    folder = Path(folder)
    home = relative_path(folder.resolve() / facts.dataset_folder, folder.resolve())
    content = dataclasses.asdict(dataclasses.replace(facts, dataset_folder=home))
    plain = table[list(facts.outputs)].astype(np.float64).rename_axis("film").reset_index()
    write_files(
        folder,
        {
            TABLE_FILE: lambda path: plain.to_parquet(path, index=False, compression="zstd"),
            FACTS_FILE: _json(content),
        },
    )


def read_predictions(folder: Path) -> Predictions:
    """Read a predictions folder.

    Raises
    ------
    PredictionsError
        If a file is absent or damaged, a column is missing, there is no film, a film has two rows, or a value is no
        probability.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PredictionsError(f"There is no folder {folder}; `python -m training predict` makes predictions.")
    for name in (FACTS_FILE, TABLE_FILE):
        if not (folder / name).is_file():
            raise PredictionsError(f"{folder} holds no predictions: {name} is missing.")
    try:
        facts = _facts(json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")))
        table = read_parquet(folder / TABLE_FILE)
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise PredictionsError(f"{folder} cannot be read ({error}).") from error
    if "film" not in table:
        raise PredictionsError(f"{folder / TABLE_FILE} lacks the column film.")
    if len(table) and pd.api.types.infer_dtype(table["film"], skipna=False) != "string":
        raise PredictionsError(f"{folder} holds something else than text in the column film.")
    table = table.set_index("film")
    _check(table, facts.outputs, str(folder))
    return Predictions(folder, facts, table[list(facts.outputs)])


def check_probabilities(table: pd.DataFrame, where: str) -> None:
    """Refuse anything but numbers in [0, 1]; NaN, a film without a prediction of this output, is allowed.

    Raises
    ------
    PredictionsError
        Naming the first film and value that is no probability.
    """
    values = table.to_numpy(np.float64)
    wrong = (values < 0) | (values > 1)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise PredictionsError(
            f"{where} gives {values[row, column]:g} as the probability of {table.columns[column]} for the film "
            f"“{table.index[row]}”; expected numbers from 0 to 1."
        )


def _check(table: pd.DataFrame, outputs: tuple[str, ...], where: str) -> None:
    missing = [name for name in outputs if name not in table.columns]
    if missing or not outputs:
        raise PredictionsError(f"{where} lacks the columns {', '.join(missing) or 'of its outputs'}.")
    if table.empty:
        raise PredictionsError(f"{where} has no film; expected at least one row.")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise PredictionsError(f"{where} has two rows for the film “{twice}”.")
    wrong = [name for name in outputs if not pd.api.types.is_numeric_dtype(table[name])]
    if wrong:
        raise PredictionsError(f"{where} holds something else than numbers in the column {wrong[0]}.")
    check_probabilities(table[list(outputs)], where)


def _facts(content: Any) -> PredictionsFacts:
    if not isinstance(content, dict):
        raise ValueError(f"{FACTS_FILE} holds {type(content).__name__}, not an object with entries")
    check_kinds(content, KINDS, FACTS_FILE)
    missing = [name for name in (*REQUIRED, "outputs") if name not in content]
    if missing:
        raise ValueError(f"{FACTS_FILE} lacks {', '.join(missing)}")
    if not all(isinstance(name, str) for name in content["outputs"]):
        raise ValueError(f"outputs in {FACTS_FILE} must be names")
    if "\0" in content["dataset_folder"]:
        raise ValueError(f"dataset_folder in {FACTS_FILE} holds a character that no name has")
    names = [one.name for one in dataclasses.fields(PredictionsFacts)]
    thresholds = {name: Threshold(**one) for name, one in content.get("thresholds", {}).items()}
    known = {name: content[name] for name in names if name in content}
    return PredictionsFacts(**{**known, "outputs": tuple(content["outputs"]), "thresholds": thresholds})


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
