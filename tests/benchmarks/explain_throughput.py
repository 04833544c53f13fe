"""Films that go through the model a second while many films are explained, beside those of its bare forward pass.

    python tests/benchmarks/explain_throughput.py FOLDER [--model NAME_OR_PATH] [--films 6] [--rounds 3] [--at-once 1 2]

In turns: as many films through the model as the methods evaluate, in batches as the methods make them; the maps alone
(`xai.explain_many`); and maps, overlays and lists as `python -m xai explain FOLDER` writes them, from an engine that
is ready. All share the same cores, so that a picture drawn takes from the engine what it costs; the time of the cores
says what a busy machine hides. Prints figures and judges nothing.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import xai
from tests.benchmarks.predict_throughput import seconds
from xai.budget import Budget
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.many.film_files import find_films
from xai.many.in_turn import in_turn
from xai.many.kept import open_kept
from xai.many.making import Asked, FilmFile, make, readable_sha256
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE, ENGINES
from xai.models.library import DEFAULT_MODEL


def main() -> None:
    """Print films through the model a second, and their ratio to the bare forward pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="films")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--engine", default=DEFAULT_ENGINE, choices=ENGINES)
    parser.add_argument("--method", nargs="+", default=list(DEFAULT_METHODS), choices=list(EXPLAINERS))
    parser.add_argument("--films", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2], help="films that are under way at a time")
    options = parser.parse_args()

    model = xai.open_model(options.model, options.engine)
    films = dict(list(find_films([options.folder]).films.items())[: options.films])
    maps = xai.explain(model, xai.read_film(next(iter(films.values()))), options.method)  # compiles
    explainers = [EXPLAINERS[name]() for name in options.method]
    asked = Asked.of(model, explainers, model.card.outputs)
    batch = np.random.default_rng(0).random((BATCH_SIZE, *model.shape), np.float32)
    evaluations = 0

    def bare() -> None:
        for start in range(0, evaluations, BATCH_SIZE):
            model.logits(batch[: evaluations - start])

    def maps_alone(at_once: int) -> None:
        nonlocal evaluations
        found = [one.result for one in xai.explain_many(model, films, options.method, at_once=at_once)]
        evaluations = sum(one.of(name, asked.findings[0]).evaluations for one in found for name in options.method)

    def written(at_once: int) -> None:
        with tempfile.TemporaryDirectory() as folder, open_kept(Path(folder) / "maps") as kept:
            files = [
                FilmFile(name, path, tuple(f"{name}.{one.finding}.{one.method}" for one in maps), readable_sha256(path))
                for name, path in films.items()
            ]
            for file, made in in_turn(functools.partial(make, model, asked), files, Budget(), at_once):
                kept.keep(file, asked, made)

    calls: dict[str, Callable[[], None]] = {}
    for at_once in options.at_once:
        calls[f"maps, {at_once} at once"] = functools.partial(maps_alone, at_once)
        calls[f"maps and files, {at_once} at once"] = functools.partial(written, at_once)
    maps_alone(options.at_once[0])  # says how many films go through the model
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ("bare forward pass", *calls)}
    for _ in range(options.rounds):
        took["bare forward pass"].append(seconds(bare))
        for name, call in calls.items():
            took[name].append(seconds(call))
    pixels = " × ".join(map(str, maps.film.pixels.shape))
    print(
        f"{model.card.name}, {model.engine}, {len(films)} films of {pixels} px, {', '.join(options.method)} of "
        f"{len(asked.findings)} findings: {evaluations:,} films through the model; medians of {options.rounds} rounds"
    )
    for name, each in took.items():
        clock, _ = np.median(each, axis=0)
        ratio, share = (np.median(np.array(took["bare forward pass"]) / each, axis=0)).tolist()
        print(f"{name:28} {evaluations / clock:7.1f} a second   {ratio:.2f} of bare   {share:.2f} by time of cores")


if __name__ == "__main__":
    main()
