"""Predict the films of a dataset with a model; safe to stop and continue, here or on a Dask cluster."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from training.datasets.table import SPLITS, read_dataset
from training.predict.films import choose, sources_of
from training.predict.run import predict_dataset
from training.predictions.table import Predictions
from xai.budget import Budget
from xai.built_in import BUILT_IN_MODELS
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE, SINGLE_ENGINES
from xai.models.library import DEFAULT_MODEL, find_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training predict``."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder made by `python -m training dataset`")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name of a built-in model, or path of a model file")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PREDICTIONS", help="folder to write; continued if begun"
    )
    parser.add_argument("--split", choices=SPLITS, help="only the films of this split")
    parser.add_argument("--films", nargs="+", metavar="FILM", help="only these films")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="run on the Dask cluster at this address, or on a new one here: local"
    )
    parser.add_argument(
        "--workers", type=_whole, help="threads that read films, or processes of a local cluster (default: one a core)"
    )
    parser.add_argument(
        "--batch-size",
        type=_whole,
        default=BATCH_SIZE,
        help=f"films that are read and run together (default: {BATCH_SIZE})",
    )
    parser.add_argument(
        "--engine",
        default=DEFAULT_ENGINE,
        choices=SINGLE_ENGINES,
        help=f"what runs the films (default: {DEFAULT_ENGINE})",
    )


def run(options: argparse.Namespace) -> int:
    """Predict, and say how many films were left out."""
    dataset = read_dataset(options.dataset)
    path = find_model(options.model, (BUILT_IN_MODELS,))
    chosen = choose(dataset.films, options.split, options.films)
    what = {"model": path.stem, "split": options.split, "films": options.films}
    with tqdm(total=len(sources_of(chosen)), unit="film", disable=None, file=sys.stderr) as bar:
        settings = what | {"batch_size": options.batch_size, "workers": options.workers, "budget": _shown_on(bar)}
        if options.scheduler is None:
            from xai.models.classifier import Classifier

            made = predict_dataset(dataset, Classifier.load(path, options.engine), options.out, **settings)
        else:
            from training.predict.cluster import predict_on_cluster

            made = predict_on_cluster(dataset, path, options.out, options.scheduler, engine=options.engine, **settings)
    print(_summary(made))
    return 0


def _shown_on(bar: tqdm) -> Budget:
    begun = False

    def show(share: float) -> None:
        nonlocal begun
        done = round(share * bar.total) if bar.total else 0
        if not begun:
            begun, bar.initial = True, done  # what an earlier run did must not count as speed
        bar.update(done - bar.n)

    return Budget(progress=show)


def _summary(made: Predictions) -> str:
    left_out, absent = len(made.facts.left_out), made.facts.notes.get("not_on_disk", 0)
    parts = [f"{len(made.table)} films predicted"]
    if left_out:
        parts.append(f"{left_out} left out (predictions.json says why)")
    if absent:
        parts.append(f"{absent} not on disk")
    return ", ".join(parts)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, but got {text}")
    return int(text)
