"""The table of a dataset: one row a film, in one schema for every source.

A dataset is a folder with ``dataset.json`` (what it is, where its films lie) and ``films.parquet``. A label is
1.0, 0.0 or NaN: a label that a source does not have is missing, never 0.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xai.findings import FINDINGS

TABLE_FILE = "films.parquet"
FACTS_FILE = "dataset.json"
SPLITS = ("train", "validation", "test")
FACT_COLUMNS = ("film", "path", "dataset", "patient", "view", "age", "sex", "split", "on_disk")
COLUMNS = (*FACT_COLUMNS, *FINDINGS)


class DatasetError(ValueError):
    """A dataset that cannot be read; the message is one sentence that says what was expected and what came."""


@dataclass(frozen=True)
class DatasetFacts:
    """What ``dataset.json`` says.

    Attributes
    ----------
    name : str
        Short name, such as ``nih``.
    root : str
        Folder that the film paths start from; relative roots start from the dataset folder.
    source, licence, citation : str
        Where the films come from and on what terms; they go into every model card made from them.
    files : dict of str to str
        sha256 of each label file that was read, by file name.
    split_seed : int
        Seed of the split by patient.
    """

    name: str
    root: str
    source: str
    licence: str
    citation: str
    files: dict[str, str]
    split_seed: int


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset folder, read.

    Attributes
    ----------
    folder : Path
        Where the dataset lies.
    facts : DatasetFacts
        What it is.
    films : DataFrame
        One row a film, at least the columns `COLUMNS`.
    """

    folder: Path
    facts: DatasetFacts
    films: pd.DataFrame

    def path(self, relative: str) -> Path:
        """Give the place of a film's file."""
        return self.folder / self.facts.root / relative


def write_dataset(folder: Path, facts: DatasetFacts, films: pd.DataFrame) -> None:
    """Write ``dataset.json`` and ``films.parquet``; a relative root keeps the folder movable with its films."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    root = os.path.relpath(facts.root, folder.resolve())
    text = json.dumps({**asdict(facts), "root": root}, indent=2, ensure_ascii=False)
    (folder / FACTS_FILE).write_text(text + "\n", encoding="utf-8")
    films.to_parquet(folder / TABLE_FILE, index=False)


def read_dataset(folder: Path) -> Dataset:
    """Read a dataset folder.

    Raises
    ------
    DatasetError
        If the folder, its table or its facts are absent or lack a column.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}; `python -m training dataset` makes a dataset.")
    for name in (FACTS_FILE, TABLE_FILE):
        if not (folder / name).is_file():
            raise DatasetError(f"{folder} is not a dataset: {name} is missing.")
    try:
        facts = _facts(json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")))
        films = pd.read_parquet(folder / TABLE_FILE)
    except (ValueError, TypeError, OSError) as error:
        raise DatasetError(f"{folder} cannot be read ({error}).") from error
    missing = [name for name in COLUMNS if name not in films.columns]
    if missing:
        raise DatasetError(f"{folder / TABLE_FILE} lacks the columns {', '.join(missing)}.")
    return Dataset(folder, facts, films)


def labels(films: pd.DataFrame, findings: tuple[str, ...] = FINDINGS) -> np.ndarray:
    """Give the label columns as float32 (films, findings) with 1, 0 and NaN."""
    return films[list(findings)].to_numpy(np.float32)


def split_by_patient(patients: np.ndarray, positives: np.ndarray, shares: tuple[float, ...], seed: int) -> np.ndarray:
    """Share films out so that no patient lies in two parts and each finding is spread as evenly as it can be.

    Patients with the rarest finding are dealt first, each to the part that is furthest behind its share of that
    finding's films: iterative stratification (Sechidis et al., ECML 2011) with patients in place of samples.

    Parameters
    ----------
    patients : array (films,)
        Patient of each film.
    positives : bool array (films, findings)
        Which findings each film shows.
    shares : tuple of float
        Share of the films that each part is to get; they sum to 1.
    seed : int
        Seed of the order in which patients of equal rank are dealt.

    Returns
    -------
    int array (films,)
        Part of each film, an index into ``shares``.
    """
    names, owner = np.unique(patients, return_inverse=True)
    wanted = np.asarray(shares) / np.sum(shares)
    # One more column for "any film", so that patients without finding are dealt by number of films.
    counts = np.zeros((len(names), positives.shape[1] + 1))
    np.add.at(counts, owner, np.column_stack([positives, np.ones(len(owner))]))
    rarity = np.argsort(counts.sum(axis=0), kind="stable")
    part = np.full(len(names), -1)
    held = np.zeros((len(wanted), counts.shape[1]))
    order = np.random.default_rng(seed).permutation(len(names))
    for column in rarity:
        waiting = order[(part[order] < 0) & (counts[order, column] > 0)]
        # Patients with many films of the finding first: late, they would tip the balance.
        for patient in waiting[np.argsort(-counts[waiting, column], kind="stable")]:
            behind = wanted * counts[:, column].sum() - held[:, column]
            behind_in_films = wanted * counts[:, -1].sum() - held[:, -1]
            part[patient] = np.lexsort((behind_in_films, behind))[-1]
            held[part[patient]] += counts[patient]
    return part[owner]


def _facts(content: Any) -> DatasetFacts:
    names = DatasetFacts.__dataclass_fields__
    missing = [name for name in names if name not in content]
    if missing:
        raise ValueError(f"{FACTS_FILE} lacks {', '.join(missing)}")
    return DatasetFacts(**{name: content[name] for name in names})
