"""Which predictions the pages that judge open on: those that this visitor used last, else those with most to judge."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboard.server.library import Library
from training.datasets.table import CLASS
from training.datasets.table import TABLE_FILE as FILMS_FILE
from training.predictions.table import TABLE_FILE
from xai.findings import FINDINGS
from xai.models.library import DEFAULT_MODEL

KEY = "last_used"  # in the session: dataset and predictions


def note_used(dataset: str | None, predictions: str | None) -> None:
    """Remember what this visitor looks at, for the pages opened later."""
    st.session_state[KEY] = (dataset, predictions)


def last_dataset(names: Sequence[str]) -> str | None:
    """Give the dataset that this visitor looked at last, if it is among these."""
    dataset = st.session_state.get(KEY, (None, None))[0]
    return dataset if dataset in names else None


def last_predictions(names: Sequence[str]) -> str | None:
    """Give the predictions that this visitor looked at last, if they are among these."""
    predictions = st.session_state.get(KEY, (None, None))[1]
    return predictions if predictions in names else None


def first_predictions(library: Library, names: Sequence[str]) -> str:
    """Choose what a page opens on: what was used last, else what has most to judge, the default model's among equals.

    Parameters
    ----------
    library : Library
    names : sequence of str
        Of predictions; at least one.
    """
    if (last := last_predictions(names)) is not None:
        return last
    homes = {name: folder for dataset, folder in library.datasets().items() for name in library.predictions(dataset)}
    return min(names, key=lambda name: (-to_judge(library, name, homes.get(name)), not name.startswith(DEFAULT_MODEL)))


def to_judge(library: Library, name: str, home: Path | None) -> int:
    """Count the answers of predictions that there may be a label for, without reading the tables themselves.

    Parameters
    ----------
    library : Library
    name : str
        Of predictions.
    home : Path or None
        Folder of their dataset; None where it is not in the library.
    """
    films = None if home is None else home / FILMS_FILE
    if films is None or not films.is_file():
        return 0
    answers = library.predictions()[name] / TABLE_FILE
    return _count(answers, library.predictions_stamp(name), films, films.stat().st_mtime)


@functools.lru_cache(maxsize=256)
def _count(answers: Path, stamp: float, films: Path, films_stamp: float) -> int:
    try:
        asked, told = pq.read_metadata(answers), _labelled(pq.read_metadata(films))
    except (OSError, pa.ArrowException):
        return 0
    outputs = [name for name in asked.schema.names if name != "film"]
    share = [told.get(name if name in FINDINGS else CLASS, 0.0) for name in outputs]
    return round(asked.num_rows * sum(share))


def _labelled(table: pq.FileMetaData) -> dict[str, float]:
    """Give the share of films that have a value, by column, as far as the file's own statistics tell."""
    shares = {}
    for place, name in enumerate(table.schema.names):
        parts = [table.row_group(group).column(place) for group in range(table.num_row_groups)]
        empty = [part.statistics.null_count if part.statistics is not None else 0 for part in parts]
        shares[name] = 1 - sum(empty) / max(table.num_rows, 1)
    return shares
