"""How soon a map is worth a look, how near it is to the finished one, and what looking costs.

    python tests/benchmarks/sharpening.py [--model NAME_OR_PATH] [--film FILE] [--seed S]

Prints, for each method, a row a state: seconds since it was asked for, the model loaded; films; the rank correlation
with the finished map (median over findings, and the lowest). Then what a map takes that is watched, one that is not,
and as many bare forward passes, by the clock and in the seconds of the processor. Without --film, the first simulated
film that comes with the app is read.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import training
from xai.budget import Budget
from xai.explainers.explanation import Explainer, Explanation
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP
from xai.films.film import Film
from xai.films.reading import read_film
from xai.models.classifier import Classifier
from xai.models.library import find_model

BLOCKS = 16  # a side, in which rectangles are compared
METHODS: tuple[Explainer, ...] = (LIME(), LIME(design="lime"), SHAP(), SHAP(regions=60))


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lightbox")
    parser.add_argument("--film", help="a file; the first simulated film without it")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    classifier = Classifier.load(find_model(asked.model))
    film = read_film(asked.film) if asked.film else first_film()
    for explainer in METHODS:  # what is imported and compiled by using it
        explainer.explain(classifier, film, budget=Budget(40, refined=lambda state: None))
    for explainer in METHODS:
        report(explainer, classifier, film, asked.seed)


def first_film() -> Film:
    """Give the first simulated film."""
    dataset = training.open_dataset("simulated")
    return training.open_film(dataset, dataset.films["film"].iloc[0])


def report(explainer: Explainer, classifier: Classifier, film: Film, seed: int) -> None:
    """Print the states of one method's map, and what they cost."""
    states: list[tuple[float, list[Explanation]]] = []
    start, worked = time.perf_counter(), time.process_time()
    note = Budget(refined=lambda state: states.append((time.perf_counter() - start, state)))
    made = explainer.explain(classifier, film, budget=note, seed=seed)
    states.append((time.perf_counter() - start, made))
    watched = time.process_time() - worked
    print(f"\n{explainer}")
    for seconds, state in states:
        alike = [spearmanr(blocks(one.map), blocks(last.map)).statistic for one, last in zip(state, made, strict=True)]
        print(f"{seconds:7.2f} s  {state[0].evaluations:5,} films  {np.median(alike):.2f} / {min(alike):.2f}")
    start, worked = time.perf_counter(), time.process_time()
    explainer.explain(classifier, film, seed=seed)
    alone, seconds = time.process_time() - worked, time.perf_counter() - start
    batch = np.repeat(classifier.prepare(film)[None], 32, axis=0)
    start = time.perf_counter()
    for _ in range(round(made[0].evaluations / len(batch))):
        classifier.logits(batch)
    bare = time.perf_counter() - start
    print(
        f"processor: watched {watched:.2f} s, not watched {alone:.2f} s ({watched / alone - 1:+.1%}); "
        f"clock: watched {states[-1][0]:.2f} s, not watched {seconds:.2f} s, bare passes {bare:.2f} s",
        flush=True,
    )


def blocks(values: np.ndarray) -> np.ndarray:
    """Give the sums of a map in blocks."""
    rows, columns = (np.arange(side) * BLOCKS // side for side in values.shape)
    return np.bincount((rows[:, None] * BLOCKS + columns).ravel(), values.ravel())


if __name__ == "__main__":
    main()
