"""How much of a network's bare training speed `fit` keeps: films a second with the pipeline, against one fixed batch.

    python tests/benchmarks/fit_throughput.py --architecture densenet121 --size 224 --channels 3

The films are noise, as many as asked for; `--disk` keeps them one byte a pixel in a file, as `fit` does with films that
do not fit into memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.fitting.canvases import Canvases
from training.fitting.input import standardise
from training.fitting.losses import balance, masked_loss
from training.fitting.recipe import Recipe
from training.fitting.step import learner, make_optimizer
from training.fitting.train import TrainingData
from training.networks.architectures import ARCHITECTURES, build
from xai.cards.model_card import InputSpec

OUTPUTS = 14


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default="small-resnet", choices=list(ARCHITECTURES))
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3, help="alternating measurements; the best of each counts")
    parser.add_argument("--disk", action="store_true")
    options = parser.parse_args()
    recipe = Recipe(options.architecture, options.size, batch_size=options.batch_size, channels=options.channels)
    rng = np.random.default_rng(0)
    network = build(recipe.architecture, recipe.size, OUTPUTS, 0.3, rng, recipe.channels)
    loss = masked_loss(balance("none", np.ones(OUTPUTS), np.ones(OUTPUTS)))
    step = learner(network, make_optimizer(network, 0.02), loss)
    films = options.steps * options.batch_size
    spec = InputSpec(recipe.size, recipe.channels, mean=(0.5,), std=(0.25,))
    targets = (rng.random((films, OUTPUTS)) < 0.1).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        shape = (films, recipe.size, recipe.size)
        store = rng.random(shape, np.float32)
        if options.disk:
            kept = np.memmap(Path(folder) / "films.u8", np.uint8, "w+", shape=shape)
            kept[:] = store * 255
            store = kept
        lesson = TrainingData(Canvases.of(store), targets, np.arange(films), np.arange(0))
        batch = standardise(rng.random((options.batch_size, *shape[1:]), np.float32), spec)
        float(step(batch, targets[: options.batch_size], 1e-3))  # compiles
        bare, fed = [], []
        for number in range(options.rounds):
            bare.append(_time(lambda: _bare(step, batch, targets[: options.batch_size], options.steps)))
            seed = np.random.SeedSequence(number)
            fed.append(_time(lambda seed=seed: _fed(step, lesson, recipe, spec, seed)))
    print(f"bare {films / min(bare):.1f} films/s, with the pipeline {films / min(fed):.1f} films/s")
    print(f"ratio {min(bare) / min(fed):.3f}")


def _bare(step, batch: np.ndarray, targets: np.ndarray, steps: int) -> None:
    for _ in range(steps):
        float(step(batch, targets, 1e-3))


def _fed(step, lesson: TrainingData, recipe: Recipe, spec: InputSpec, seed: np.random.SeedSequence) -> None:
    for films, targets in lesson.epoch(recipe, seed):
        float(step(standardise(films, spec), targets, 1e-3))


def _time(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
