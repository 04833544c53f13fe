"""What maps come to with nearly endless films: what a quick map is held against. Kept on disk, for they take minutes.

Ours are long runs of LIME's pairs (films counted by lime's own kernel), of Shapley values of the same regions, and of
rectangles. Each of shap's maskers explains another question, so each is held against a long run of its own.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import xai
from tests.benchmarks.regions_converging import long_run
from tests.benchmarks.stock_calls import GRID, MASKERS, Stock, Subject, blocks
from xai.explainers.baselines import BLURRED
from xai.explainers.explanation import Explanation
from xai.films.film import Film
from xai.models.classifier import Classifier
from xai.others import CACHE

FOLDER = CACHE / "benchmarks"
ALL_RECTANGLES = 2 * 2 * (GRID**2 + 4)  # evaluations that halve every rectangle of the grid, in both contexts


@dataclass(frozen=True)
class Plan:
    """How much is done: films of the long runs, what stock takes, what ours may take, and how many seeds."""

    long: int
    long_shap: int
    samples: int
    evaluations: int
    ladder: tuple[int, ...]
    seeds: int


FULL = Plan(10_000, 4_000, 1000, 500, (64, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000), 3)
QUICK = Plan(1_000, 400, 200, 100, (64, 100, 150, 200), 1)


@dataclass(frozen=True, eq=False)
class LongRuns:
    """Converged values, each (parts, findings).

    Attributes
    ----------
    pieces : ndarray of uint16, shape (H, W)
        The regions.
    lime, shapley : ndarray
        Of regions: LIME's weights, and Shapley values.
    rectangles : ndarray
        Of blocks: our SHAP's, and exact, since every block was told apart.
    stock : dict of str to dict of int to ndarray
        Of blocks: shap's, by masker and evaluations; the most are the long run.
    """

    pieces: np.ndarray
    lime: np.ndarray
    shapley: np.ndarray
    rectangles: np.ndarray
    stock: dict[str, dict[int, np.ndarray]]


def long_runs(subject: Subject, film: Film, stock: Stock, plan: Plan, exact: Callable[[], Classifier]) -> LongRuns:
    """Give the long runs of one film, from disk where they were made before; else of an exact engine's classifier."""
    classifier = subject.classifier
    canvas = classifier.prepare(film)

    def kept(what: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        named = hashlib.sha256(classifier.model_id.encode() + canvas.tobytes() + what.encode()).hexdigest()[:24]
        path = FOLDER / f"{named}.npz"
        if not path.exists():
            print(f"long run: {what}", file=sys.stderr, flush=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, **make())
        return dict(np.load(path))

    def regions() -> dict[str, np.ndarray]:
        found, pieces = long_run(exact(), film, plan.long)
        return {"pieces": pieces, "lime": found.by_kernel, "shapley": found.shapley}

    def rectangles() -> dict[str, np.ndarray]:
        made = xai.SHAP(evaluations=ALL_RECTANGLES, grid=GRID, context="ends", baseline=BLURRED).explain(exact(), film)
        return {"rectangles": in_blocks(made)}

    def by_shap(masker: str, evaluations: int) -> np.ndarray:
        made = kept(
            f"shap with {masker}, {evaluations} evaluations",
            lambda: {"values": stock.shap(masker, evaluations, exact().logits)},
        )
        return made["values"]

    steps = (plan.evaluations // 5, plan.evaluations // 2, plan.evaluations, plan.long_shap)
    return LongRuns(
        **kept(f"regions, {plan.long} films", regions),
        **kept(f"rectangles, {ALL_RECTANGLES} evaluations", rectangles),
        stock={masker: {evaluations: by_shap(masker, evaluations) for evaluations in steps} for masker in MASKERS},
    )


def in_blocks(made: list[Explanation]) -> np.ndarray:
    """Add the maps of all findings up in blocks: (blocks, findings)."""
    return np.stack([blocks(np.asarray(one)) for one in made], axis=1)
