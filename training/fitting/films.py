"""The films of a training: those that are on disk, in a split, and can be read."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.facts import FACTS_FILE
from training.datasets.table import TABLE_FILE, Dataset, DatasetError
from training.fitting.canvases import Canvases, read_canvases
from xai.cards.model_card import InputSpec
from xai.findings import FINDINGS
from xai.models.loading import file_sha256

MEMORY = 4.0  # GiB


@dataclass(frozen=True, eq=False)
class Films:
    """Films that could be read.

    Attributes
    ----------
    datasets : tuple of Dataset
        Where they come from.
    table : DataFrame
        Their rows, all in a split.
    canvases : Canvases
        Their pixels.
    left_out : dict of str to int
        Why films of the datasets are missing here, and how many.
    """

    datasets: tuple[Dataset, ...]
    table: pd.DataFrame
    canvases: Canvases
    left_out: dict[str, int] = field(default_factory=dict)

    def in_splits(self, *splits: str) -> np.ndarray:
        """Rows of the films in these splits."""
        return np.flatnonzero(self.table["split"].isin(splits))

    @cached_property
    def version(self) -> dict[str, Any]:
        """What tells these films from others: hashes of the tables and of every pixel."""
        tables = [
            {name: file_sha256(dataset.folder / name) for name in (FACTS_FILE, TABLE_FILE)} for dataset in self.datasets
        ]
        names = hashlib.sha256("\0".join(self.table["film"]).encode()).hexdigest()
        return {"tables": tables, "films": names, "pixels": self.canvases.sha256}


def usable(dataset: Dataset) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the rows whose film is on disk and in a split, and count the others.

    Raises
    ------
    DatasetError
        If none is left.
    """
    films = dataset.films[dataset.films["on_disk"]]
    films = films[[dataset.path(path).is_file() for path in films["path"]]]
    here = films[films["split"].notna()]
    if films.empty:
        raise DatasetError(f"{dataset.folder} has {len(dataset.films)} films in its table, but none on disk.")
    if here.empty:
        raise DatasetError(f"{dataset.folder} has no film with a split; training, validation and test need one.")
    return here, {"not on disk": len(dataset.films) - len(films), "in no split": len(films) - len(here)}


def readable_films(
    datasets: list[Dataset], size: int, cache: Path | None = None, memory: float = MEMORY, channels: int = 1
) -> Films:
    """Give the films that are on disk, in a split, and can be read; name those that cannot.

    Parameters
    ----------
    datasets : list of Dataset
    size : int
        Side of the model's square in pixels.
    cache : Path, optional
        Folder for films that do not fit into memory; everything is held in memory without it.
    memory : float
        GiB that films may take there.
    channels : int
        Of the model.
    """
    chosen = [(dataset, *usable(dataset)) for dataset in datasets]
    needed = sum(len(films) for _, films, _ in chosen) * size**2 * 4 / 2**30
    place = cache if needed > memory else None
    tables = [pd.DataFrame(columns=["film", "patient", "split", "view", "sex", "age", *FINDINGS])]
    stores, kept = [], []
    left_out = {"not on disk": 0, "in no split": 0, "not readable": 0}
    for dataset, films, others in chosen:
        store, refused = read_canvases(dataset, films, InputSpec(size, channels), place)
        for film, reason in refused.items():
            print(f"{film} is left out: {reason}", file=sys.stderr)
        readable = ~films["film"].isin(list(refused)).to_numpy()
        tables.append(films[readable])
        stores.append(store)
        kept.append(np.flatnonzero(readable))
        for why, count in (others | {"not readable": len(refused)}).items():
            left_out[why] += count
    table = pd.concat(tables[1:], ignore_index=True) if datasets else tables[0]
    canvases = (
        Canvases.of(*stores, keep=tuple(kept)) if datasets else Canvases.of(np.empty((0, size, size), np.float32))
    )
    return Films(tuple(datasets), table, canvases, left_out)


def apart(also: Films, films: Films, *held_out: str) -> Films:
    """Leave out the films mixed in whose patient, as far as known, is among those that a model is measured on.

    Parameters
    ----------
    also : Films
        Films to mix in; their own test films stay.
    films : Films
        What the model is for.
    held_out : str
        Their splits that nothing may be trained on.
    """
    measured = [films.table["patient"].iloc[films.in_splits(*held_out)]]
    measured.append(also.table["patient"].iloc[also.in_splits("test")])
    shared = also.table["patient"].isin(pd.concat(measured).dropna()) & (also.table["split"] != "test")
    if not shared.any():
        return also
    count = int(shared.sum())
    print(
        f"{count:,} films of --also are left out: films of their patients are held out to measure on", file=sys.stderr
    )
    kept = np.flatnonzero(~shared)
    left_out = also.left_out | {"of patients that are held out": count}
    return replace(
        also, table=also.table.iloc[kept].reset_index(drop=True), canvases=also.canvases.view(kept), left_out=left_out
    )
