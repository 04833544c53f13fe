"""How many films a map takes to be as good as another one: both are held against long runs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import xai
from tests.benchmarks.long_runs import FOLDER, LongRuns, Plan, in_blocks
from tests.benchmarks.regions_converging import by_region, correlations, remembered, sized
from tests.benchmarks.stock_calls import Stock, Subject
from xai.explainers.baselines import BLURRED, baseline_canvas
from xai.explainers.explanation import Explainer, Explanation
from xai.films.film import Film

LIME, RECTANGLES, REGIONS, STOCK_LIME = "LIME", "SHAP of rectangles", "SHAP of regions", "stock lime"
DESIGNS: dict[str, Explainer] = {
    LIME: xai.LIME(stops=False, baseline=BLURRED),
    RECTANGLES: xai.SHAP(baseline=BLURRED),
    REGIONS: xai.SHAP(regions=60, stops=False, baseline=BLURRED),
    STOCK_LIME: xai.LIME(design="lime", baseline=BLURRED),  # lime's own films and fit
}
Curve = dict[int, list[float]]


@dataclass(frozen=True, eq=False)
class Bench:
    """One film, its model, the stock calls, and the long runs."""

    subject: Subject
    film: Film
    stock: Stock
    truth: LongRuns
    plan: Plan

    def made(self, kind: str, films: int, seed: int = 0, findings: Sequence[str] | None = None) -> list[Explanation]:
        return sized(DESIGNS[kind], films).explain(self.subject.classifier, self.film, findings, seed=seed)

    def quality(self, kind: str, made: list[Explanation]) -> list[float]:
        """Give the correlation of each finding's map with the long run."""
        if kind == RECTANGLES:
            return correlations(in_blocks(made), self.truth.rectangles)
        if not np.array_equal(made[0].pieces, self.truth.pieces):
            raise SystemExit(f"The long runs in {FOLDER} are of other regions: delete them.")
        if kind == REGIONS:
            return correlations(by_region(made, self.truth.pieces, True), self.truth.shapley)
        return self.lime_quality(by_region(made, self.truth.pieces, False))

    def lime_quality(self, weights: np.ndarray) -> list[float]:
        """Give the same of weights (regions, findings)."""
        return correlations(weights, self.truth.lime)

    def shap_quality(self, masker: str, values: np.ndarray) -> list[float]:
        """Give the same of shap's values (blocks, findings)."""
        runs = self.truth.stock[masker]
        return correlations(values, runs[max(runs)])

    def curve(self, kind: str) -> Curve:
        """Qualities by number of films, over findings and seeds; rectangles have one seed, for they draw nothing."""
        with remembered(self.subject.classifier):  # fewer films of a seed are the first of more
            return {
                films: [
                    one
                    for seed in range(1, 1 + (1 if kind == RECTANGLES else self.plan.seeds))
                    for one in self.quality(kind, self.made(kind, films, seed))
                ]
                for films in self.plan.ladder
            }

    def stock_curve(self, masker: str) -> Curve:
        """Qualities of shap's maps by number of evaluations."""
        runs = self.truth.stock[masker]
        return {films: self.shap_quality(masker, values) for films, values in runs.items() if films < max(runs)}

    def hidden(self, films: int) -> np.ndarray:
        """Give canvases with half of the regions hidden, ready for the model: float32 (films, H, W)."""
        classifier, pieces = self.subject.classifier, self.truth.pieces
        canvas = classifier.prepare(self.film)
        baseline = baseline_canvas(BLURRED, classifier, canvas, pieces)
        shown = np.random.default_rng(0).random((films, int(pieces.max()) + 1)) < 0.5
        return np.where(shown[:, pieces], canvas, baseline)


def films_for(curve: Curve, goal: float) -> int:
    """Fewest films with which the median quality reaches a goal; all there are where none does."""
    return next((films for films, found in curve.items() if statistics.median(found) >= goal), max(curve))
