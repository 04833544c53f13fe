"""What explanations take in other packages: xplique's LIME, KernelSHAP and RISE, DIANNA's RISE, and ours.

    python tests/benchmarks/rival_packages.py [--model lightbox|densenet|PATH] [--film FILE] [--films N] [--findings N]

All are asked for the same findings with as many hidden films a map, and run twice, with another seed: how alike the two
are (Spearman's rank correlation of each finding's map in blocks of a 16 x 16 grid, median) says how much of a map is
chance. They hide with other things and share out otherwise, so that no long run serves all. requirements/rivals.txt has
the packages; what is not installed is said. DIANNA's KernelSHAP takes ONNX files only, and openvino-xai 1.1 asks for
OpenVINO 2024.4 and NumPy 1, which this project has left behind: neither is measured.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import xai
from tests.benchmarks.long_runs import in_blocks
from tests.benchmarks.regions_converging import correlations
from tests.benchmarks.stock_calls import Subject, blocks, open_subject
from tests.benchmarks.stock_comparison import FILM
from xai.backend import keras, tf
from xai.explainers.regions import superpixels
from xai.films.film import Film
from xai.models.units import model_units

REGIONS = 60
BATCH = 32
Make = Callable[[int], np.ndarray]  # from a seed to maps in blocks (blocks, findings)


def ours(subject: Subject, film: Film, films: int, findings: int) -> dict[str, Make]:
    names = list(subject.classifier.card.outputs[:findings])
    explainers = {
        "ours, LIME": xai.LIME(samples=films, stops=False),
        "ours, SHAP of regions": xai.SHAP(evaluations=films, regions=REGIONS, stops=False),
        "ours, SHAP of rectangles": xai.SHAP(evaluations=films),
    }
    return {
        name: lambda seed, explainer=explainer: in_blocks(explainer.explain(subject.classifier, film, names, seed=seed))
        for name, explainer in explainers.items()
    }


def of_xplique(subject: Subject, film: Film, films: int, findings: int) -> dict[str, Make]:
    from xplique.attributions import KernelShap, Lime, Rise

    canvas = subject.classifier.prepare(film)
    inputs = model_units(tf.constant(canvas[None]), subject.classifier.card.input).numpy()
    outputs = len(subject.classifier.card.outputs)
    regions = tf.constant(superpixels(canvas, REGIONS).astype(np.int32))
    asked = {
        "LIME": lambda: Lime(subject.network, BATCH, map_to_interpret_space=lambda _: regions, nb_samples=films),
        "KernelSHAP": lambda: KernelShap(
            subject.network, BATCH, map_to_interpret_space=lambda _: regions, nb_samples=films
        ),
        "RISE": lambda: Rise(subject.network, BATCH, nb_samples=films),
    }

    def make(seed: int, name: str) -> np.ndarray:
        keras.utils.set_random_seed(seed)
        targets = np.eye(outputs, dtype=np.float32)[:findings]
        maps = np.asarray(asked[name]().explain(np.repeat(inputs, findings, axis=0), targets))
        return np.stack([blocks(one.reshape(canvas.shape)) for one in maps], axis=1)

    return {f"xplique, {name}": lambda seed, name=name: make(seed, name) for name in asked}


def of_dianna(subject: Subject, film: Film, films: int, findings: int) -> dict[str, Make]:
    from dianna.methods.rise_image import RISEImage

    canvas = subject.classifier.prepare(film)
    inputs = model_units(tf.constant(canvas[None]), subject.classifier.card.input).numpy()

    def make(seed: int) -> np.ndarray:
        keras.utils.set_random_seed(seed)
        rise = RISEImage(n_masks=films, p_keep=0.5, axis_labels={2: "channels"})
        maps = rise.explain(
            lambda pictures: subject.network.predict(np.asarray(pictures, np.float32), verbose=0),
            inputs[0],
            range(findings),
            batch_size=BATCH,
        )
        return np.stack([blocks(np.asarray(one, float).reshape(canvas.shape)) for one in maps], axis=1)

    return {"DIANNA, RISE": make}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lightbox")
    parser.add_argument("--film", type=Path, default=FILM)
    parser.add_argument("--films", type=int, default=500, help="with hidden parts, a map")
    parser.add_argument("--findings", type=int, default=14, help="the first so many")
    options = parser.parse_args()
    subject, film = open_subject(options.model, "auto"), xai.read_film(options.film)
    findings = min(options.findings, len(subject.classifier.card.outputs))
    print(f"{subject.title}, {findings} findings, {options.films} films a map\n")
    print("| | seconds | correlation of two seeds |")
    print("|---|---|---|")
    for package, methods in {"ours": ours, "xplique": of_xplique, "DIANNA": of_dianna}.items():
        try:
            for name, make in methods(subject, film, options.films, findings).items():
                print(row(name, make), flush=True)
        except ImportError as error:
            print(f"| {package} | not installed: {error} | |")


def row(name: str, make: Make) -> str:
    """Time a second call, since the first one compiles, and hold both against each other."""
    one = make(0)
    start = time.perf_counter()
    other = make(1)
    took = time.perf_counter() - start
    return f"| {name} | {took:.2f} | {statistics.median(correlations(one, other)):.2f} |"


if __name__ == "__main__":
    main()
