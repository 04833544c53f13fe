"""How fast each engine is, how far bf16 moves maps, and what is left beside the bare forward passes.

    python tests/benchmarks/engines.py [MODEL ...] [--films N] [--repeats N]

MODEL is a name or path, or ``densenet`` for a DenseNet-121 of 14 findings with random weights. All of one model is
measured in turns in one run. Beside seconds stands the processor's time, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from xai.backend import keras
from xai.cards.model_card import InputSpec, ModelCard
from xai.explainers.baselines import baseline_canvas
from xai.explainers.composing import Composer
from xai.explainers.lime import LIME
from xai.explainers.pairs import draw_pairs, films_of, fit_pairs
from xai.explainers.regions import superpixels
from xai.explainers.shap import SHAP
from xai.explainers.shapley import draw_coalitions, fit_shares
from xai.films.film import Film
from xai.findings import FINDINGS
from xai.front_door import open_model
from xai.models.classifier import Classifier
from xai.models.engine import BATCH_SIZE
from xai.models.engines.agreement import agreement
from xai.models.engines.compiled import Run
from xai.models.engines.on_openvino import run_on_openvino
from xai.models.engines.on_tensorflow import run_on_processor
from xai.models.errors import ModelError
from xai.models.probes import hidden_probes, probe_canvases


def opened(name: str) -> Classifier:
    """Open a model, or make the random one."""
    if name != "densenet":
        return open_model(name)
    keras.utils.set_random_seed(0)
    model = keras.applications.DenseNet121(weights=None, input_shape=(224, 224, 3), classes=len(FINDINGS))
    return Classifier(model, ModelCard(name, FINDINGS, "softmax", "probabilities", InputSpec(224, 3)), "random")


def in_turns(calls: dict[str, Callable[[], object]], films: dict[str, int], repeats: int) -> dict[str, np.ndarray]:
    """Least milliseconds a film of the clock and of the processor, by call."""
    best = {name: np.full(2, np.inf) for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            clock, processor = time.perf_counter(), time.process_time()
            call()
            took = np.array([time.perf_counter() - clock, time.process_time() - processor])
            best[name] = np.minimum(best[name], 1000 * took / films[name])
    return best


def table(took: dict[str, np.ndarray], against: str) -> None:
    """Print a row a call, with how many times as long as one of them it takes."""
    for name, (clock, processor) in took.items():
        ratios = took[name] / took[against]
        print(
            f"  {name:30s}{clock:8.2f} ms a film{ratios[0]:7.3f} x{processor:10.2f} ms of processors{ratios[1]:7.3f} x",
            flush=True,
        )


def engines_of(classifier: Classifier) -> dict[str, Run]:
    """Compile a model for each engine of the processor."""
    function, shape = classifier._function, classifier.shape
    made = {"tensorflow": run_on_processor(function), "openvino": run_on_openvino(function, shape)}
    try:
        made["openvino-bf16"] = run_on_openvino(function, shape, "bf16")
    except ModelError as error:
        print(f"  {error}")
    return made


def maps_moved(classifier: Classifier, single: Run, half: Run, films: int) -> None:
    """Print what bf16 does to LIME's weights and SHAP's values of regions, fitted to the very same films."""
    canvas = probe_canvases(classifier.shape)[1]
    regions = superpixels(canvas, 60)
    count = int(regions.max()) + 1
    composer = Composer(canvas, regions, baseline_canvas("blurred film", classifier, canvas, regions))

    def ask(run: Run, shown: np.ndarray) -> np.ndarray:
        starts = range(0, len(shown), BATCH_SIZE)
        return np.concatenate([run(composer.compose(shown[start : start + BATCH_SIZE])) for start in starts])

    def lime(run: Run, seed: int):
        pairs = draw_pairs(films // 2, count, seed)
        return fit_pairs(pairs, ask(run, films_of(pairs)))

    ends = ask(single, np.array([[True] * count, [False] * count]))

    def shap(run: Run, seed: int):
        pairs = draw_coalitions(films // 2, count, seed)
        return fit_shares(pairs, ask(run, films_of(pairs)), ends[0] - ends[1])

    for title, fit in (("LIME", lime), ("SHAP of regions", shap)):
        exact, other, lower = fit(single, 0), fit(single, 1), fit(half, 0)
        alike = [
            np.array([spearmanr(exact.weights[:, k], one.weights[:, k])[0] for k in range(exact.weights.shape[1])])
            for one in (lower, other)
        ]
        moved = np.sqrt(((lower.weights - exact.weights) ** 2).mean(axis=0) / (exact.errors**2).mean(axis=0))
        print(
            f"  {title}, {films} films: bf16 orders regions as f32 by {np.median(alike[0]):.3f} (least "
            f"{alike[0].min():.3f}), other films by {np.median(alike[1]):.3f} ({alike[1].min():.3f}); bf16 moves a "
            f"value by {np.median(moved):.2f} standard errors (at most {moved.max():.2f})",
            flush=True,
        )


def measure(name: str, films: int, repeats: int) -> None:
    """Print everything about one model."""
    classifier = opened(name)
    print(f"{classifier.card.name}, {classifier.shape[0]} x {classifier.shape[1]}", flush=True)
    engines, hidden = engines_of(classifier), hidden_probes(classifier.shape, BATCH_SIZE // 2)
    batch = hidden.reshape(-1, *classifier.shape)
    for run in engines.values():
        run(batch)
    calls = {engine: lambda run=run: run(batch) for engine, run in engines.items()}
    table(in_turns(calls, dict.fromkeys(calls, len(batch)), 2 * repeats), "openvino")
    if "openvino-bf16" in engines:
        pair = [engines[one](batch).reshape(2, len(batch) // 2, -1) for one in ("openvino-bf16", "openvino")]
        print(f"  bf16: {agreement(*pair)}", flush=True)
        maps_moved(classifier, engines["openvino"], engines["openvino-bf16"], films)
    film = Film.from_pixels(probe_canvases(classifier.shape)[1])
    classifier.hidden_logits(batch)
    print(f"  {classifier.engine_facts}")
    composer = Composer(batch[0], np.arange(batch[0].size).reshape(batch[0].shape) % 60, batch[1])
    shown = np.random.default_rng(0).random((BATCH_SIZE, 60)) < 0.5
    finding = [classifier.card.outputs[0]]
    lime, shap, regions = LIME(films, stops=False), SHAP(films), SHAP(films, regions=60, stops=False)
    work: dict[str, Callable[[], object]] = {
        "bare forward passes": lambda: [classifier.hidden_logits(batch) for _ in range(films // BATCH_SIZE)],
        "hidden films put together": lambda: [composer.compose(shown) for _ in range(films // BATCH_SIZE)],
    }
    counts = dict.fromkeys(work, films // BATCH_SIZE * BATCH_SIZE)
    for title, method in (("LIME", lime), ("SHAP", shap), ("SHAP of regions", regions)):
        for asked, which in ((None, "all findings"), (finding, "one")):
            work[f"{title}, {which}"] = lambda method=method, asked=asked: method.explain(classifier, film, asked)
            counts[f"{title}, {which}"] = method.explain(classifier, film, asked)[0].evaluations
    table(in_turns(work, counts, repeats), "bare forward passes")


def main() -> None:
    """Print a block a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["lightbox", "densenet"], metavar="MODEL")
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    for name in options.models:
        measure(name, options.films, options.repeats)


if __name__ == "__main__":
    main()
