"""Ask of every method whether its maps change when the model is made random, over some films.

Writes ``sanity.csv``: a row a film, what made the map, and how many layers were at random; and ``sanity.json``, which
says of which model. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.benchmark.sanity import FILMS, make_strip
from training.benchmark.sanity_table import CLAIM_FILE, COLUMNS, SANITY_FILE, at_last, rows_of
from training.benchmark.truth import with_truth
from training.datasets.facts import DatasetError
from training.front_door import open_dataset
from training.opening import open_film
from xai.explainers import EXPLAINERS
from xai.explainers.controls import CentredMap, RandomMap
from xai.files import write_files
from xai.front_door import check_request, open_model, within_samples
from xai.models.library import DEFAULT_MODEL, find_model

MOST_FILMS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    own = [name for name in EXPLAINERS if name not in (RandomMap.name, CentredMap.name)]
    parser.add_argument("dataset", metavar="DATASET", help="folder of a dataset with truth, or name of a built-in one")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name of a built-in model, or path of a model file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; continued if begun")
    parser.add_argument("--films", type=int, default=10, help="the first films of the dataset with a finding")
    parser.add_argument("--method", nargs="+", default=own, choices=list(EXPLAINERS), metavar="METHOD")
    parser.add_argument("--samples", type=int, help="films that each method which hides parts sends through the model")


def run(options: argparse.Namespace) -> int:
    """Make the strips, write the table, and print how similar maps of a wholly random model still are."""
    from tqdm import tqdm

    check_request(options.samples, 0, mark="--")
    if not 1 <= options.films <= MOST_FILMS:
        raise ValueError(f"--films is {options.films}; expected 1 to {MOST_FILMS:,}.")
    dataset, classifier = open_dataset(options.dataset), open_model(options.model)
    wanted = list(with_truth(dataset, classifier.card.outputs).items())[: options.films]
    names = dataset.films["film"].head(FILMS)
    canvases = np.stack([classifier.prepare(open_film(dataset, name)) for name in names])
    explainers = [within_samples(EXPLAINERS[name](), options.samples) for name in options.method]
    claim = {
        "dataset": dataset.facts.name,
        "model": classifier.model_id,
        "samples": options.samples,
        "methods": options.method,
    }
    table = kept(options.out, claim)
    table = table[table["film"].isin(dict(wanted))]
    rows = list(table.itertuples(index=False, name=None))
    done = set(table["film"])
    for film, (finding, *_) in tqdm(wanted, unit="film", disable=None, file=sys.stderr):
        if film in done:
            continue
        opened = open_film(dataset, film)
        strip = make_strip(classifier, find_model(options.model), opened, finding, explainers, canvases)
        rows += [(film, finding, *row) for row in rows_of(strip)]
        table = pd.DataFrame(rows, columns=list(COLUMNS))  # whoever stops it has the films so far
        told = {SANITY_FILE: table.to_csv(index=False, float_format="%.4f"), CLAIM_FILE: json.dumps(claim, indent=2)}
        write_files(options.out, told)
    print(summary(table))
    return 0


def kept(out: Path, claim: dict[str, Any]) -> pd.DataFrame:
    """Give the rows that are there; raises DatasetError where the folder holds another check."""
    if not (out / CLAIM_FILE).is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    there = json.loads((out / CLAIM_FILE).read_text(encoding="utf-8"))
    if other := [name for name, value in claim.items() if there.get(name) != value]:
        raise DatasetError(f"{out} holds a sanity check with other {', '.join(other)}: choose another folder.")
    return pd.read_csv(out / SANITY_FILE, dtype={"film": str})


def summary(table: pd.DataFrame) -> str:
    """Write a line for each method: similarity under full randomisation, and whether it passes."""
    last = at_last(table)
    lines = []
    for row in last.itertuples():
        value = f"{row.similarity:.2f} [{row.low:.2f}, {row.high:.2f}]" if row.films else "not known"
        verdict = "may be either" if row.passes is None else "passes" if row.passes else "does not pass"
        lines.append(f"{row.Index:>10}  {value}  {verdict}  ({row.films} films, {row.empty} maps empty when random)")
    return "\n".join(lines)
