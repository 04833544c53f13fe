"""What an explanation costs here and with the stock libraries, on DenseNet-121 with random weights.

    python tests/benchmarks/stock_comparison.py [--evaluations N] [--size PIXELS] [--repeats N] [--engine tensorflow]

Without --evaluations: LIME with 1,000 samples, SHAP with 500 evaluations. Quote ratios of one run only; seconds move
with the machine. The stock calls get the same film, and LIME the same regions, baseline and samples.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shap
from lime import lime_image
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from xai.backend import keras, tf
from xai.budget import Budget
from xai.cards.model_card import InputSpec, ModelCard
from xai.explainers import EXPLAINERS
from xai.explainers.baselines import BLUR
from xai.explainers.explanation import Explanation
from xai.explainers.lime import LIME
from xai.films.film import Film
from xai.findings import FINDINGS
from xai.models.classifier import Classifier
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE, ENGINES


def best(*calls: Callable[[], object], repeats: int) -> list[float]:
    """Fewest seconds that each call took, in turns, so that a busy moment of the machine does not hit one alone."""
    took = [[] for _ in calls]
    for _ in range(repeats):
        for call, times in zip(calls, took, strict=True):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return [min(times) for times in took]


def smooth_film(size: int) -> Film:
    """Make a smooth random film."""
    shades = gaussian_filter(np.random.default_rng(0).random((size, size)), 9)
    return Film.from_pixels(((shades - shades.min()) / np.ptp(shades)).astype(np.float32))


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, help="for LIME and SHAP both, to scale the run down")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=1, help="take the best of several turns")
    parser.add_argument(
        "--engine", default=DEFAULT_ENGINE, choices=ENGINES, help="what runs our films; see xai.models.engine"
    )
    options = parser.parse_args()
    samples, evaluations = options.evaluations or 1000, options.evaluations or 500

    keras.utils.set_random_seed(0)
    shape = (options.size, options.size, 3)
    model = keras.applications.DenseNet121(
        weights=None, input_shape=shape, classes=len(FINDINGS), classifier_activation="sigmoid"
    )
    card = ModelCard("densenet", FINDINGS, "sigmoid", "probabilities", InputSpec(options.size, 3))
    classifier, film = Classifier(model, card, "random", options.engine), smooth_film(options.size)
    grey = np.repeat(film.pixels[..., None], 3, axis=-1)

    def predict(pictures: np.ndarray) -> np.ndarray:
        return model.predict(pictures, verbose=0)

    def ours(method: str, budget: int | None = None) -> list[Explanation]:
        explainer = LIME(design="lime") if method == LIME.name else EXPLAINERS[method]()  # as many films as stock
        return explainer.explain(classifier, film, budget=Budget(budget))

    def row(name: str, took: float, stock: float | None = None) -> None:
        ratio = "" if stock is None else f"   {stock / took:5.2f}x faster than stock"
        print(f"{name:44s}{took:9.3f} s{ratio}", flush=True)

    forward = tf.function(lambda pictures: model(pictures, training=False))
    one, batch = tf.constant(grey[None]), tf.constant(np.repeat(grey[None], BATCH_SIZE, axis=0))
    forward(one)
    start = time.perf_counter()
    ours("gradcam")
    row("Grad-CAM, first call (compiles)", time.perf_counter() - start)
    bare, gradcam, passes = best(
        lambda: forward(one).numpy(), lambda: ours("gradcam"), lambda: forward(batch).numpy(), repeats=5
    )
    row("bare forward pass, one film", bare)
    row(f"Grad-CAM, all {len(FINDINGS)} findings", gradcam)
    print(f"{'':44s}{gradcam / bare:9.2f} forward passes")
    row(f"bare forward passes, {samples} films by {BATCH_SIZE}", passes * samples / BATCH_SIZE)

    hung = ours("lime", 10)[0]  # compiles
    hide = np.repeat(gaussian_filter(film.pixels, BLUR * options.size, mode="nearest")[..., None], 3, axis=-1)

    def stock_lime() -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            lime_image.LimeImageExplainer(random_state=0).explain_instance(
                grey,
                predict,
                labels=range(len(FINDINGS)),
                top_labels=None,
                hide_color=hide,
                num_samples=samples,
                segmentation_fn=lambda _: hung.pieces,
                random_seed=0,
            )

    own, stock = best(lambda: ours("lime", samples), stock_lime, repeats=options.repeats)
    row(f"LIME, {samples} samples, stock", stock)
    row(f"LIME, {samples} samples, ours", own, stock)

    ours("shap", 10)
    calls = [lambda: ours("shap", evaluations)]
    for masker in ("inpaint_telea", "blur(32,32)"):
        explainer = shap.Explainer(predict, shap.maskers.Image(masker, shape))
        explainer(grey[None], max_evals=4, batch_size=10, silent=True)  # compiles shap's own loops, which is not timed
        calls.append(lambda e=explainer: e(grey[None], max_evals=evaluations, batch_size=10, silent=True))
    own, telea, blur = best(*calls, repeats=options.repeats)
    row(f"SHAP, {evaluations} evaluations, ours", own)
    row(f"SHAP, {evaluations} evaluations, stock inpaint_telea", telea)
    row("                      ... against ours", own, telea)
    row(f"SHAP, {evaluations} evaluations, stock blur", blur)
    row("                      ... against ours", own, blur)


if __name__ == "__main__":
    main()
