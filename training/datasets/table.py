"""The table of a dataset: one row a film, in one schema for every source.

A dataset is a folder with ``dataset.json`` (what it is, where its films lie), ``films.parquet`` and, where somebody
drew on them, ``boxes.parquet`` (`training.datasets.boxes`). A label is 1.0, 0.0 or NaN: a label that a source does not
have is missing, never 0. A source that is uncertain may say -1, a state of its own that `labels` gives as missing.
Beside each finding stands where its label comes from.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.boxes import BOX_COLUMNS as BOX_COLUMNS
from training.datasets.boxes import OLD_COLUMNS, check_boxes, complete_boxes
from training.datasets.boxes import empty_boxes as empty_boxes
from training.datasets.facts import FACTS_FILE, DatasetError, DatasetFacts, facts_from_json
from training.datasets.parquet import read_parquet
from training.datasets.patients import forget_invented
from training.datasets.splits import SPLITS, torn_patient
from training.datasets.splits import split_by_patient as split_by_patient
from xai.files import Content, write_files
from xai.findings import FINDINGS
from xai.machine import relative_path

TABLE_FILE = "films.parquet"
CLASS = "class"  # a column that datasets made from folders of classes have beside the others
BOXES_FILE = "boxes.parquet"
UNCERTAIN = -1.0

# Every dataset has these.
FACT_COLUMNS = ("film", "path", "dataset", "patient", "view", "age", "sex", "split", "on_disk")
COLUMNS = (*FACT_COLUMNS, *FINDINGS)
TEXTS = ("film", "path", "dataset", "patient", "study", "view", "sex", "split")

# Where a label comes from. Datasets made before there was a word for it get one when they are read.
PROVENANCE = {
    "explicit": "the source says so",
    "implied_by_no_finding": "absent, because the source says that nothing was found",
    "not_mentioned": "the source does not mention it",
    "uncertain": "the source mentions it and is not sure",
    "derived": "concluded from another label of the source",
    "not_labelled": "the source has no such label",
}
PROVENANCE_TYPE = pd.CategoricalDtype(list(PROVENANCE))
SOURCE_COLUMNS = tuple(f"source_{name}" for name in FINDINGS)
STUDY = "study"
SCHEMA = (*FACT_COLUMNS[:4], STUDY, *FACT_COLUMNS[4:], *FINDINGS, *SOURCE_COLUMNS)

# A path that starts at the disk's root, climbs out of its folder, or ends in the middle (a null byte).
LEAVES_ROOT = r"^[/\\]|^[A-Za-z]:[/\\]|(?:^|[/\\])\.\.(?:[/\\]|$)|\x00"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A dataset folder, read.

    Attributes
    ----------
    folder : Path
        Where the dataset lies.
    facts : DatasetFacts
        What it is.
    films : DataFrame
        One row a film, at least the columns `SCHEMA`: labels in float32, provenance categorical. ``patient`` is none
        where it is not known.

    Examples
    --------
    >>> films = training.open_dataset("simulated").films
    >>> films["view"].value_counts().to_dict()
    {'PA': 134, 'AP': 106}
    """

    folder: Path
    facts: DatasetFacts
    films: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Dataset {self.facts.name}: {len(self.films):,} films>"

    def path(self, relative: str) -> Path:
        """Give the place of a film's file."""
        return self.folder / self.facts.root / relative

    @cached_property
    def boxes(self) -> pd.DataFrame:
        """Boxes and masks that readers of the films drew, with the columns `BOX_COLUMNS`; empty where nobody did.

        Raises `DatasetError` where the file is no table of boxes.
        """
        file = self.folder / BOXES_FILE
        if not file.is_file():
            return empty_boxes()
        boxes = _read_parquet(file)
        _require(boxes, OLD_COLUMNS, file)
        check_boxes(boxes, str(self.folder))
        return complete_boxes(boxes)


def write_dataset(folder: Path, facts: DatasetFacts, films: pd.DataFrame, boxes: pd.DataFrame | None = None) -> None:
    """Write a dataset folder, whole or not at all.

    A relative root keeps the folder movable with its films.
    """
    folder = Path(folder)
    root = relative_path(Path(facts.root), folder.resolve())
    text = json.dumps({**asdict(facts), "root": root}, indent=2, ensure_ascii=False)
    files: dict[str, Content] = {TABLE_FILE: lambda path: films.to_parquet(path, index=False, compression="zstd")}
    if boxes is not None and len(boxes):
        files[BOXES_FILE] = lambda path: boxes.to_parquet(path, index=False, compression="zstd")
    files[FACTS_FILE] = text + "\n"
    write_files(folder, files)
    if BOXES_FILE not in files:
        (folder / BOXES_FILE).unlink(missing_ok=True)


def read_dataset(folder: Path) -> Dataset:
    """Read a dataset folder and check it.

    Raises
    ------
    DatasetError
        If the folder, its table or its facts are absent or lack a column, a film has two rows, a path leaves the
        root, or a patient lies in two splits.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}; `python -m training dataset` makes a dataset.")
    for name in (FACTS_FILE, TABLE_FILE):
        if not (folder / name).is_file():
            raise DatasetError(f"{folder} is not a dataset: {name} is missing.")
    try:
        facts = facts_from_json(json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")))
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise DatasetError(f"{folder} cannot be read ({error}).") from error
    films = _read_parquet(folder / TABLE_FILE)
    _require(films, COLUMNS, folder / TABLE_FILE)
    films = forget_invented(complete(films, str(folder)), facts)
    check_films(films, str(folder))
    return Dataset(folder, facts, films)


def labels(films: pd.DataFrame, findings: tuple[str, ...] = FINDINGS) -> np.ndarray:
    """Give the label columns as float32 (films, findings) with 1, 0 and NaN; uncertain is NaN."""
    values = films[list(findings)].to_numpy(np.float32, copy=True)
    values[values == UNCERTAIN] = np.nan
    return values


def complete(films: pd.DataFrame, where: str) -> pd.DataFrame:
    """Bring a table's columns into `SCHEMA`'s types, and add those that older datasets lack.

    Raises
    ------
    DatasetError
        If a label is not a number or a provenance is no word of `PROVENANCE`.
    """
    columns = dict(films.items())
    columns["path"] = films["path"].fillna("")
    columns["patient"] = films["patient"].where(films["patient"] != "", None)
    if not pd.api.types.is_bool_dtype(films["on_disk"]) or films["on_disk"].isna().any():
        raise DatasetError(f"{where} holds something else than true and false in the column on_disk.")
    columns["on_disk"] = films["on_disk"].astype(bool)
    columns.setdefault(STUDY, pd.Series(None, films.index, dtype="str"))
    for finding, source in zip(FINDINGS, SOURCE_COLUMNS, strict=True):
        try:
            columns[finding] = films[finding].astype(np.float32)
        except (ValueError, TypeError) as error:
            raise DatasetError(f"{where} holds something else than numbers in the column {finding}.") from error
        columns[source] = _provenance(columns.get(source), columns[finding], where)
    extra = [name for name in columns if name not in SCHEMA]
    return pd.DataFrame({name: columns[name] for name in (*SCHEMA, *extra)})


def check_films(films: pd.DataFrame, where: str) -> None:
    """Refuse a table that is empty or holds something else than its columns may.

    That is a film that is nameless or has two rows, a path that leaves the root, or a patient whom splits share.

    Raises
    ------
    DatasetError
        Naming the first such row; rows are counted from 1.
    """
    if films.empty:
        raise DatasetError(f"{where} has no film; expected at least one row.")
    for name in TEXTS:
        told = films[name].dropna()
        if len(told) and pd.api.types.infer_dtype(told) not in ("string", "categorical"):
            raise DatasetError(f"{where} holds something else than text in the column {name}, such as {told.iloc[0]}.")
    if films["age"].notna().any() and not pd.api.types.is_numeric_dtype(films["age"]):
        raise DatasetError(f"{where} holds something else than numbers in the column age.")
    _check_labels(films, where)
    nameless = np.flatnonzero(films["film"].isna() | (films["film"] == ""))
    if len(nameless):
        raise DatasetError(f"{where} has no film name in row {nameless[0] + 1}.")
    if not films["film"].is_unique:
        second = int(np.flatnonzero(films["film"].duplicated())[0])
        film = films["film"].iloc[second]
        first = int(np.flatnonzero(films["film"] == film)[0])
        raise DatasetError(f"{where} has two rows for the film “{film}”, row {first + 1} and row {second + 1}.")
    strays = np.flatnonzero(films["path"].astype(str).str.contains(LEAVES_ROOT))
    if len(strays):
        raise DatasetError(f"{where} gives in {_row(films, strays[0])} a path that lies outside its dataset.")
    strange = np.flatnonzero(films["split"].notna() & ~films["split"].isin(SPLITS))
    if len(strange):
        word, row = films["split"].iloc[strange[0]], _row(films, strange[0])
        raise DatasetError(f"{where} says “{word}” for the split in {row}; expected {', '.join(SPLITS)} or none.")
    _check_patients(films, where)


def _check_labels(films: pd.DataFrame, where: str) -> None:
    for finding in FINDINGS:
        strange = np.flatnonzero(films[finding].notna() & ~films[finding].isin((0, 1, UNCERTAIN)))
        if len(strange):
            value, row = films[finding].iloc[strange[0]], _row(films, strange[0])
            raise DatasetError(f"{where} says {value:g} for {finding} in {row}; expected 1, 0, -1 or none.")


def _check_patients(films: pd.DataFrame, where: str) -> None:
    if patient := torn_patient(films):
        homes = films[["patient", "split"]].reset_index(drop=True).dropna().drop_duplicates()
        rows = homes[homes["patient"] == patient]
        told = " and ".join(
            f"{split} ({_row(films, place)})" for place, split in zip(rows.index, rows["split"], strict=True)
        )
        raise DatasetError(f"{where} has the patient “{patient}” in two splits, {told}; splits are by patient.")


def _row(films: pd.DataFrame, place: int) -> str:
    return f"row {place + 1} (film “{films['film'].iloc[place]}”)"


def _provenance(told: pd.Series | None, values: pd.Series, where: str) -> pd.Series:
    """Give provenance as categories; a dataset without it says what it says explicitly."""
    if told is None:
        words = np.select([values.isna(), values == UNCERTAIN], ["not_labelled", "uncertain"], "explicit")
        return pd.Series(words, values.index).astype(PROVENANCE_TYPE)
    try:
        known = told.astype(PROVENANCE_TYPE)
    except TypeError as error:  # lists and the like
        raise DatasetError(f"{where} holds something else than words in the column {told.name}.") from error
    strange = told[known.isna() & told.notna()]
    if len(strange):
        raise DatasetError(f"{where} says “{strange.iloc[0]}” in {told.name}; expected {', '.join(PROVENANCE)}.")
    return known


def _require(table: pd.DataFrame, columns: tuple[str, ...], file: Path) -> None:
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DatasetError(f"{file} lacks the columns {', '.join(missing)}.")


def _read_parquet(file: Path) -> pd.DataFrame:
    try:
        return read_parquet(file)
    except (ValueError, TypeError, OSError) as error:
        raise DatasetError(f"{file.parent} cannot be read ({error}).") from error
