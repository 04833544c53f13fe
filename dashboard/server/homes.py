"""Which folder of the library holds the films of a benchmark: it names a dataset as its facts do, not as its folder."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from dashboard.server.library import Library
from dashboard.server.looking import looked_up
from training.datasets.table import FACTS_FILE, TABLE_FILE
from xai.models.loading import file_sha256


@looked_up
def home_of(library: Library, dataset: str, table: str = "") -> str | None:
    """Find a dataset by the name that it gives itself.

    Parameters
    ----------
    library : Library
    dataset : str
        As `training.datasets.facts.DatasetFacts.name` has it.
    table : str
        Sha256 of its table, where that was noted: of several datasets that give themselves this name, it tells which.

    Returns
    -------
    str or None
        What the library calls it, which is the name of its folder; None where there is none. Of several whose tables
        are all others, the one whose folder has the name too.
    """
    named = {name: folder for name, folder in library.datasets().items() if _own_name(folder) == dataset}
    if len(named) > 1 and table:
        same = [name for name, folder in named.items() if _table_id(folder) == table]
        if same:
            return same[0]
    return dataset if dataset in named else next(iter(named), None)


def _own_name(folder: Path) -> str:
    return _read_name(folder / FACTS_FILE, _stamp(folder / FACTS_FILE))


def _table_id(folder: Path) -> str:
    return _hash(folder / TABLE_FILE, _stamp(folder / TABLE_FILE))


def _stamp(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


@functools.lru_cache(maxsize=512)
def _read_name(path: Path, stamp: float) -> str:
    """Read the name alone; empty where the facts are damaged, which opening the dataset says."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""


@functools.lru_cache(maxsize=512)
def _hash(path: Path, stamp: float) -> str:
    return file_sha256(path) if path.is_file() else ""
