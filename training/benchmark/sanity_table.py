"""What the sanity check found over some films, in a table."""

from __future__ import annotations

import json
import math
from pathlib import Path

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
        the mean similarity of the others; ``passes``, None where no film says anything.
    """
    rows = {}
    for method, own in table.groupby("method", sort=False):
        last = own[own["layers"] == own["layers"].max()]
        known = last[last["similarity"].notna()]
        values, full = known["similarity"].to_numpy(), known.loc[~known["empty"], "similarity"]
        ends = (math.nan, math.nan)
        if len(values) > 1:
            ends = drawn_interval(values, np.arange(len(values)), np.random.default_rng(0))
        mean = float(values.mean()) if len(values) else math.nan
        rows[method] = {
            "similarity": mean,
            "low": ends[0],
            "high": ends[1],
            "films": len(values),
            "empty": int(known["empty"].sum()),
            "full": float(full.mean()) if len(full) else math.nan,
            "passes": mean < LIMIT if len(values) else None,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def read_sanity(folder: Path, model_id: str) -> pd.DataFrame | None:
    """Read the table of a folder; None where it was not made, or of another model by content."""
    if not (folder / CLAIM_FILE).is_file():
        return None
    claim = json.loads((folder / CLAIM_FILE).read_text(encoding="utf-8"))
    return pd.read_csv(folder / SANITY_FILE) if claim["model"] == model_id else None
