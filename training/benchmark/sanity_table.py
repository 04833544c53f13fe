"""What the sanity check found over some films, in a table."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.benchmark.league import drawn_interval
from training.benchmark.sanity import Strip
from xai.measures.sanity import LIMIT

SANITY_FILE, CLAIM_FILE = "sanity.csv", "sanity.json"
COLUMNS = {
    "film": "Name in the dataset.",
    "finding": "Whose map: the first that the film shows.",
    "method": "What made the map; edges and gradient are no methods of the app.",
    "layers": "Layers at random, from the head on.",
    "similarity": "To the trained model's map; 0 where this one is empty; missing where the trained one's is.",
    "empty": "Whether this map is the same everywhere.",
}
PREFIX = "sanity-"  # of the names of folders that hold such a table
MOST_BYTES = 4 << 20


@dataclass(frozen=True, eq=False)
class Sanity:
    """What was found of a model's maps, read.

    Attributes
    ----------
    dataset : str
    samples : int or None
        Films that each method which hides parts sent through a model; None where each took its own number.
    table : DataFrame
        Columns `COLUMNS`.
    """

    dataset: str
    samples: int | None
    table: pd.DataFrame

    @property
    def films(self) -> int:
        """How many films."""
        return int(self.table["film"].nunique())


def rows_of(strip: Strip) -> list[tuple[str, int, float, bool]]:
    """Give the rows of a film: method, layers, similarity, and whether the map is empty."""
    rows = []
    for name in strip.maps:
        curve = strip.curve(name)
        values = np.full(len(strip.layers), np.nan) if curve is None else curve
        rows += [(name, *row) for row in zip(strip.layers, values.tolist(), strip.empty(name).tolist(), strict=True)]
    return rows


def at_last(table: pd.DataFrame) -> pd.DataFrame:
    """Sum up what is left of each method's maps when all layers are at random.

    Parameters
    ----------
    table : DataFrame
        Columns `COLUMNS`.

    Returns
    -------
    DataFrame
        Indexed by method: mean ``similarity``, and the ends of its 95 % interval from draws of films, ``low`` and
        ``high``; ``films`` behind it, whose trained map is not empty; of them ``empty`` ones when random; ``full`` is
        the mean similarity of the others; ``passes``, whether the interval lies on one side of the limit: None where
        it holds the limit, or where there are too few films for an interval.
    """
    rows = {}
    for method, own in table.groupby("method", sort=False):
        last = own[own["layers"] == own["layers"].max()]
        known = last[last["similarity"].notna()]
        full = known.loc[~known["empty"], "similarity"]
        rows[method] = {
            **_mean(known["similarity"].to_numpy()),
            "empty": int(known["empty"].sum()),
            "full": float(full.mean()) if len(full) else math.nan,
        }
    found = pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
    passes = [_side(float(low), float(high)) for low, high in zip(found["low"], found["high"], strict=True)]
    return found.assign(passes=pd.Series(passes, found.index, object))


def on_the_way(table: pd.DataFrame) -> pd.DataFrame:
    """Sum up the way there: a row a method and number of layers, with ``similarity``, ``low``, ``high`` and ``films``.

    Parameters
    ----------
    table : DataFrame
        Columns `COLUMNS`.
    """
    rows = [
        {"method": method, "layers": layers, **_mean(own["similarity"].dropna().to_numpy())}
        for (method, layers), own in table.groupby(["method", "layers"], sort=False)
    ]
    return pd.DataFrame(rows)


def find_sanity(model_id: str, folders: Sequence[Path]) -> Sanity | None:
    """Find what was measured of a model, by the content of its file; None where nothing was, or it cannot be read.

    Parameters
    ----------
    model_id : str
        Sha256 of the model's file.
    folders : sequence of Path
        That hold folders whose names begin with `PREFIX`; the first that is found counts.
    """
    for parent in folders:
        for folder in sorted(parent.glob(f"{PREFIX}*")) if parent.is_dir() else []:
            try:
                found = read_sanity(folder)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if found is not None and found[0] == model_id:
                return found[1]
    return None


def read_sanity(folder: Path) -> tuple[str, Sanity] | None:
    """Read the sha256 of a model and what was found of it; None where nothing was made.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is damaged.
    """
    claim_file, file = folder / CLAIM_FILE, folder / SANITY_FILE
    if not (claim_file.is_file() and file.is_file()):
        return None
    if max(one.stat().st_size for one in (claim_file, file)) > MOST_BYTES:
        raise ValueError(f"{folder.name} holds more than {MOST_BYTES >> 20} MB, which no sanity check writes.")
    claim: dict[str, Any] = json.loads(claim_file.read_text(encoding="utf-8"))
    types = {"film": str, "finding": str, "method": str, "layers": int, "similarity": float, "empty": bool}
    table = pd.read_csv(file, dtype=types)
    return claim["model"], Sanity(claim["dataset"], claim["samples"], table[list(COLUMNS)])


def _side(low: float, high: float) -> bool | None:
    """Say whether an interval lies below the limit; None where it holds it, or is not known."""
    return high < LIMIT if high < LIMIT or low >= LIMIT else None


def _mean(values: np.ndarray) -> dict[str, float]:
    """Give a mean over films with its interval, where more than one film is there."""
    low, high = (math.nan, math.nan)
    if len(values) > 1:
        low, high = drawn_interval(values, np.arange(len(values)), np.random.default_rng(0))
    mean = float(values.mean()) if len(values) else math.nan
    return {"similarity": mean, "low": low, "high": high, "films": len(values)}
