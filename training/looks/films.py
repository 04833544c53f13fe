"""The films of a dataset that take part in learning or measuring how pictures look."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.datasets.table import Dataset
from training.predict.films import Reader, read_ahead, sources_of
from xai.cards.input_spec import InputSpec

SIDE = 128  # px, at which films are looked at
BATCH = 64  # films


def without_boxed_patients(dataset: Dataset) -> pd.DataFrame:
    """Give the films of patients on none of whose films a radiologist drew a box: those are a yardstick for maps."""
    films = dataset.films
    boxed = films["film"].isin(dataset.boxes["film"])
    return films[~boxed & ~films["patient"].isin(films.loc[boxed, "patient"].dropna())]


def canvases_of(dataset: Dataset, rows: pd.DataFrame, spec: InputSpec | None = None) -> np.ndarray:
    """Read or render the films of some rows of a dataset's table; those that cannot be are left out.

    Returns
    -------
    ndarray of float32, shape (films, height, width)
        As a model with this input sees them; without one `SIDE` pixels a side.
    """
    reader = Reader.of(dataset, spec or InputSpec(size=SIDE, channels=1, fit="stretch"))
    sources = sources_of(rows)
    batches = [sources[start : start + BATCH] for start in range(0, len(sources), BATCH)]
    read = [batch.canvases for batch in read_ahead(reader, batches)]
    return np.concatenate([np.empty((0, *reader.spec.shape), np.float32), *read])


def some_of(rows: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Give at most so many of the rows whose film can be opened, drawn by a seed."""
    has_recipe = rows["recipe"].notna() if "recipe" in rows else False
    rows = rows[rows["on_disk"].astype(bool) | has_recipe]
    return rows if len(rows) <= most else rows.sample(most, random_state=seed)
