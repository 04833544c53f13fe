"""Whether the films that a method sends make a difference: two leagues of one model on the same films, held together.

    python tests/benchmarks/samples.py FEWER MORE

Takes the folders of two benchmarks (`scores.csv`) and writes ``samples.csv`` for docs/trust.md: for each method and
measure the means on the films and findings that both have, and by how much the second is ahead, film by film, with a
95 % interval from draws of patients.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.benchmark.league import SWAPPED, drawn_interval
from training.benchmark.results import read_scores

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ["method", "fewer", "more", "measure", "value", "value_more", "ahead", "low", "high", "films", "cases"]
SENT = ("evaluations", "samples")  # what a method calls the films that it sends


def compared(fewer: Path, more: Path) -> pd.DataFrame:
    """Hold two benchmarks together: a row a method that sends another number of films, and measure."""
    claims = [json.loads((folder / "benchmark.json").read_text("utf-8")) for folder in (fewer, more)]
    if claims[0]["model"] != claims[1]["model"] or claims[0]["table"] != claims[1]["table"]:
        raise ValueError("The two benchmarks are of other models or films.")
    keys = ["film", "patient", "finding", "method"]
    tables = [read_scores(folder) for folder in (fewer, more)]
    if any(table is None for table in tables):
        raise ValueError("A benchmark has no scores of its films.")
    both = tables[0].merge(tables[1], on=keys, suffixes=("", "_more"))  # type: ignore[union-attr]
    rng, rows = np.random.default_rng(0), []
    for method, part in both.groupby("method", sort=False):
        sent = [claim["settings"].get(method, {}) for claim in claims]
        counts = [next((one[name] for name in SENT if name in one), 0) for one in sent]
        if counts[0] == counts[1]:
            continue
        for measure in SWAPPED:
            known = part[part[[measure, f"{measure}_more"]].notna().all(axis=1)]
            ahead = (known[f"{measure}_more"] - known[measure]).to_numpy()
            interval = drawn_interval(ahead, known["patient"].to_numpy(), rng)
            means = known[measure].mean(), known[f"{measure}_more"].mean()
            rows.append(
                (method, *counts, measure, *means, ahead.mean(), *interval, known["film"].nunique(), len(known))
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fewer", type=Path)
    parser.add_argument("more", type=Path)
    options = parser.parse_args()
    table = compared(options.fewer, options.more)
    print(table.to_string(index=False, float_format="%.3f"))
    table.to_csv(TABLE, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
