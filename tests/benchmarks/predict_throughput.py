"""Films a second of `training.predict` beside those of the model's bare forward pass, in turns.

    python tests/benchmarks/predict_throughput.py DATASET [--model NAME_OR_PATH|densenet121] [--films 1304] [--rounds 3]

Reading, decoding and fitting a film costs the processor about the same for every model, so the ratio depends on how
much the model itself takes. Both run here, on the same cores. Prints figures and judges nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.datasets.table import read_dataset
from training.predict import predict_dataset
from training.predict.films import Reader, sources_of
from xai.backend import keras
from xai.cards.model_card import InputSpec, ModelCard
from xai.findings import FINDINGS
from xai.models.classifier import Classifier
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE, SINGLE_ENGINES
from xai.models.library import DEFAULT_MODEL, find_model


def densenet121(engine: str) -> Classifier:
    """Make the network of CheXNet with random weights."""
    model = keras.applications.DenseNet121(weights=None, classes=len(FINDINGS), classifier_activation="sigmoid")
    spec = InputSpec(224, 3, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    card = ModelCard("DenseNet-121, random weights", FINDINGS, "sigmoid", "probabilities", spec)
    return Classifier(model, card, "random", engine)


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor's cores together."""
    clock, cores = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - cores


def main() -> None:
    """Print films a second and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="folder made by `python -m training dataset`")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--engine", default=DEFAULT_ENGINE, choices=SINGLE_ENGINES)
    parser.add_argument("--films", type=int, default=1304)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    dataset = read_dataset(options.dataset)
    random = options.model == "densenet121"
    classifier = densenet121(options.engine) if random else Classifier.load(find_model(options.model), options.engine)
    sources = sources_of(dataset.films)[: options.films]
    names = [source.film for source in sources]
    canvases = np.random.default_rng(0).random((len(sources), classifier.size, classifier.size), np.float32)
    reader = Reader.of(dataset, classifier.card.input)
    classifier.logits(canvases[:BATCH_SIZE])  # compiles
    with tempfile.TemporaryDirectory() as parent:
        fresh = (Path(parent) / str(number) for number in count())
        calls = {
            "bare forward pass": lambda: classifier.logits(canvases),
            "reading alone, one thread": lambda: reader.read(sources),
            "predict": lambda: predict_dataset(dataset, classifier, next(fresh), films=names),
        }
        took = {name: [] for name in calls}
        for _ in range(options.rounds):
            for name, call in calls.items():
                took[name].append(seconds(call))
    print(f"{classifier.card.name}, {classifier.engine}, {len(sources)} films, best of {options.rounds} rounds")
    best = {name: min(each) for name, each in took.items()}
    for name, (clock, cores) in best.items():
        rate, each = len(sources) / clock, 1000 * cores / len(sources)
        print(f"{name:26} {rate:7.0f} films/s   {each:6.2f} ms of a core a film")
    pairs = zip(took["bare forward pass"], took["predict"], strict=True)
    ratios = sorted(bare[0] / whole[0] for bare, whole in pairs)
    print(f"predict reaches {ratios[-1]:.2f} of the bare forward pass ({ratios[0]:.2f} in the worst round)")


if __name__ == "__main__":
    main()
