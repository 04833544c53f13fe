"""Measure the maps of a model's methods against the truth of a dataset, beside controls.

Writes ``league.csv`` (a row a method, finding and measure), ``beside.csv`` (how far each is ahead of where the finding
usually is, and how often chance does as well), ``scores.csv`` (every map) and ``peaks.csv`` (where each points, in
fractions of the model's input); of simulated films also ``twins.csv``
(what each finding really does to the answer, beside what each map claims) and ``promises.csv`` (how far claims hold).
``benchmark.json`` says what was measured, ``maps/`` and ``effects/`` keep what took long: the same command goes on
where it stopped.

Where several readers drew on the films, ``reader`` stands among the methods: what the others drew, held against the
same truth. ``readers.csv`` says how often they agree that a finding is there at all, where they were free to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from training.benchmark.league import ALL, PRIOR, SWAPPED, beside_the_prior, cases_of, league, score
from training.benchmark.maps import Order, truths_alone
from training.benchmark.peaks import peaks_of
from training.benchmark.readers import presence, reader_rows, reader_scores
from training.benchmark.run import explain_films, here, there
from training.benchmark.truth import with_truth
from training.benchmark.twins import effects_of, promises, twins_table
from training.datasets.facts import DatasetError
from training.datasets.table import Dataset
from training.front_door import open_dataset
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.explainers.controls import CentredMap, RandomMap
from xai.files import write_files
from xai.front_door import check_request, open_model
from xai.models.engine import DEFAULT_ENGINE, ENGINES
from xai.models.library import DEFAULT_MODEL, find_model

CONTROLS = (RandomMap.name, CentredMap.name)
DIGITS = 5  # of a logit or a share behind the point, of which a page shows two


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", metavar="DATASET", help="folder of a dataset with truth, or name of a built-in one")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name of a built-in model, or path of a model file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; continued if begun")
    parser.add_argument("--method", nargs="+", default=DEFAULT_METHODS, choices=list(EXPLAINERS), metavar="METHOD")
    parser.add_argument("--films", nargs="+", metavar="FILM", help="only these films")
    parser.add_argument("--samples", type=int, help="films that LIME and SHAP each send through the model")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same maps")
    parser.add_argument(
        "--engine", default=DEFAULT_ENGINE, choices=ENGINES, help="what runs films, hidden ones too (default: auto)"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="run on the Dask cluster at this address, or on a new one here: local"
    )


def run(options: argparse.Namespace) -> int:
    """Explain what is not explained yet, measure all, and print the league over all findings."""
    check_request(options.samples, options.seed, mark="--")
    dataset = open_dataset(options.dataset)
    if strange := set(options.films or ()) - set(dataset.films["film"]):
        raise DatasetError(f"The dataset {dataset.facts.name} has no film “{min(strange)}”.")
    classifier = open_model(options.model, options.engine)
    known = with_truth(dataset, classifier.card.outputs)
    wanted = chosen(known, options.films)
    order = Order(tuple(dict.fromkeys((*options.method, *CONTROLS))), options.samples, options.seed)
    start = here(classifier, dataset, order)
    if options.scheduler is not None:
        start = there(find_model(options.model), classifier, dataset, order, options.scheduler)
    measured, refused = explain_films(classifier, dataset, wanted, order, options.out, start)
    owners = owners_of(dataset)
    others = truths_alone(classifier, dataset, {film: known[film] for film in known if film not in wanted})
    cases = cases_of(measured, owners, others)
    scores = score(cases)
    people = reader_scores(dataset, {one.film: tuple(one.truths) for one in measured}, owners)
    table = pd.concat([league(scores), reader_rows(people)], ignore_index=True)
    beside = beside_the_prior(scores, cases, np.random.default_rng(options.seed))
    files = {"scores.csv": scores, "beside.csv": beside, "league.csv": table, "peaks.csv": peaks_of(cases)}
    if effects := effects_of(classifier, dataset, cases, options.out):
        twins = twins_table(cases, effects)
        files["promises.csv"] = promises(twins, np.random.default_rng(options.seed))
        files["twins.csv"] = twins.round(DIGITS)
    if len(agreed := presence(dataset, classifier.card.outputs, owners)):
        files["readers.csv"] = agreed
    write_files(options.out, {name: one.to_csv(index=False) for name, one in files.items()})
    print(summary(table))
    for sentence in refused:
        print(sentence, file=sys.stderr)
    return 0


def owners_of(dataset: Dataset) -> dict[str, str]:
    """Give the patient of each film; a film of an unknown one stands for itself."""
    films = dataset.films
    return dict(zip(films["film"], films["patient"].fillna(films["film"]).astype(str), strict=True))


def chosen(films: dict[str, tuple[str, ...]], only: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Give the films that are asked for; raises DatasetError for one that has no truth."""
    if only is None:
        return films
    if strange := [film for film in only if film not in films]:
        raise DatasetError(f"The film “{strange[0]}” has none of the model's findings at a place that is known.")
    return {film: films[film] for film in dict.fromkeys(only)}


def summary(table: pd.DataFrame) -> str:
    """Write the league over all findings in lines, a method a line, the best in pointing first."""
    own = table[table["finding"] == ALL]
    told = [f"{row.measure} {row.value:.3f} [{row.low:.3f}, {row.high:.3f}]" for row in own.itertuples()]
    shown = own.assign(told=told).pivot(index="method", columns="measure", values="told")[list(SWAPPED)]
    lines = [f"{method:>10}  {'  '.join(row)}" for method, row in zip(shown.index, shown.to_numpy(), strict=True)]
    best = own[own["measure"] == SWAPPED[0]].set_index("method")["value"][shown.index].to_numpy()
    order = np.argsort(-best, kind="stable")
    films = int(own["films"].max())
    return "\n".join([*(lines[k] for k in order), f"{films} films; controls: {', '.join((*CONTROLS, PRIOR))}"])
