"""Value functions of regions whose answers are known, in place of a model: quick, with interactions of all kinds."""

from __future__ import annotations

import itertools
import math

import numpy as np


def all_films(regions: int) -> np.ndarray:
    """Every way to show regions: bool (2 ** regions, regions)."""
    return np.array(list(itertools.product((False, True), repeat=regions)), bool)


def game(regions: int, seed: int = 0, outputs: int = 3):
    """Make a function from films (N, regions) to logits (N, outputs): linear, pairs, triples, and a bend over all."""
    rng = np.random.default_rng(seed)
    linear = rng.standard_t(3, (regions, outputs)) * 0.3
    groups = [np.array([rng.choice(regions, size, replace=False) for _ in range(2 * regions)]) for size in (2, 3)]
    strengths = [rng.normal(0, 0.15, (2 * regions, outputs)) for _ in groups]

    def answers(shown: np.ndarray) -> np.ndarray:
        shown = np.asarray(shown, float)
        logits = shown @ linear
        for group, strength in zip(groups, strengths, strict=True):
            logits = logits + shown[:, group].prod(axis=-1) @ strength
        return logits + np.tanh(2 * logits)

    return answers


def shapley_values(answers, regions: int) -> np.ndarray:
    """Shapley values (regions, outputs) by their definition, from every film there is."""
    films = all_films(regions)
    logits = answers(films)
    sizes = films.sum(axis=1)
    place = films @ (1 << np.arange(regions))
    row = np.empty(2**regions, int)
    row[place] = np.arange(2**regions)
    values = []
    for region in range(regions):
        without = ~films[:, region]
        chance = np.array([1 / (regions * math.comb(regions - 1, int(size))) for size in sizes[without]])
        added = logits[row[place[without] + (1 << region)]] - logits[without]
        values.append(chance @ added)
    return np.array(values)


def long_run_weights(answers, regions: int) -> np.ndarray:
    """Weights (regions, outputs) of the straight fit to every film there is, each counting the same."""
    films = all_films(regions)
    logits = answers(films)
    return np.array([logits[films[:, k]].mean(axis=0) - logits[~films[:, k]].mean(axis=0) for k in range(regions)])


def share_held(fitted, truth: np.ndarray, errors: float = 1.96) -> float:
    """Share of values that their intervals hold, over fits with weights and errors."""
    return float(np.mean([np.abs(fit.weights - truth) <= errors * fit.errors for fit in fitted]))
