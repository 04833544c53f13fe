"""Which defaults of the methods that hide parts of a film give the better maps, measured on films with a known truth.

    python tests/benchmarks/defaults.py --out DIR                 # the films on which defaults are chosen
    python tests/benchmarks/defaults.py --out DIR --half held     # old against new, on the others

Every second patient of the built-in simulated films is held back: what is chosen on one half is confirmed on the other.
Films come in an order drawn at random, a file a film and method, so that a run goes on where it stopped, and one that is stopped
has measured a random sample. Printed are means, and how far each variant is ahead of the one that it would replace, film
by film, with 95 % intervals from draws of patients. Faithfulness is mu-fidelity in logits, with the blurred film and with
the dataset mean behind what is hidden, because a test favours the maps that were made with its own baseline.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter
from tqdm import tqdm

import training
import xai
from training.benchmark.league import drawn_interval
from training.benchmark.truth import truths, with_truth
from training.datasets.table import Dataset
from xai import measures
from xai.explainers.baselines import baseline_canvas
from xai.explainers.explanation import Explainer
from xai.explainers.hiding import MOSAIC_REGIONS
from xai.explainers.known import Known
from xai.explainers.regions import superpixels
from xai.files import write_file
from xai.models.classifier import Classifier

BLUR, MEAN = "blurred film", "dataset mean"
SHORT = {BLUR: "blur", MEAN: "mean"}
SMOOTHED = {"": 0.0, ", smoothed by 1/32": 1 / 32, ", smoothed by 1/16": 1 / 16}  # standard deviation, in sides
MEASURES = ("pointing", "iou", "fidelity (blur)", "fidelity (mean)")
SEED, SUBSETS = 0, 64

TRIED: dict[str, tuple[Explainer, list[dict[str, int]]]] = {
    "shap": (xai.SHAP(), [{"evaluations": 200}, {"evaluations": 500}]),
    "lime": (xai.LIME(), [{"samples": 300}, {"samples": 1000}]),
    "rise": (xai.RISE(), [{"samples": 200}]),  # more of RISE are other films, not more of the same
    "occlusion": (xai.Occlusion(), [{"places": 13}]),
}
Variants = dict[str, list[Explainer]]  # of each, fewer films first: they are the first of more
OLD: dict[str, Explainer] = {
    "shap": xai.SHAP(evaluations=500, baseline=BLUR),
    "lime": xai.LIME(samples=1000, baseline=BLUR),
    "rise": xai.RISE(samples=500, baseline=BLUR),
    "occlusion": xai.Occlusion(places=13, baseline=BLUR),
}


def tried(method: str) -> Variants:
    """Everything that a method's defaults are chosen from."""
    kind, sizes = TRIED[method]
    found: Variants = {
        f"{method}, {short}": [replace(kind, baseline=name, **size) for size in sizes] for name, short in SHORT.items()
    }
    if method == "lime":
        found["lime, mean, 120 regions"] = [replace(kind, baseline=MEAN, regions=120, **size) for size in sizes]
    return found


def confirmed(method: str) -> Variants:
    """The defaults of before and those that are there now."""
    old = OLD[method]
    return {f"{method}, old": [old], f"{method}, new": [type(old)()]}


def named(kind: str, method: Explainer) -> str:
    """Name a variant by what was tried, with its number of films."""
    return f"{kind}, {method.cost}"


def halves(dataset: Dataset, known: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Part the films with truth by patient, and put each half into an order of its own."""
    owners = dataset.films.set_index("film")["patient"].astype(str)
    place = {name: number for number, name in enumerate(sorted(set(owners)))}
    rng = np.random.default_rng(SEED)
    parts = {"chosen": 0, "held": 1}
    return {
        half: list(rng.permutation([film for film in known if place[owners[film]] % 2 == odd]))
        for half, odd in parts.items()
    }


class Judge:
    """Measures maps of one film."""

    def __init__(self, model: Classifier, canvas: np.ndarray) -> None:
        mosaic = superpixels(canvas, MOSAIC_REGIONS)
        self.model, self.canvas = model, canvas
        self.baselines = {short: baseline_canvas(name, model, canvas, mosaic) for name, short in SHORT.items()}
        self._answers: dict[bytes, np.ndarray] = {}

    def answer(self, finding: str) -> Callable[[np.ndarray], np.ndarray]:
        """Give the logits of a finding; all maps are asked about the same hidden films, which the model sees once."""
        output = self.model.card.index(finding)

        def logits(canvases: np.ndarray) -> np.ndarray:
            key = canvases.tobytes()
            if key not in self._answers:
                self._answers[key] = self.model.hidden_logits(canvases)
            return self._answers[key][:, output]

        return logits

    def scores(self, values: np.ndarray, truth: np.ndarray, finding: str) -> dict[str, float]:
        """Hold a map against the truth and the model."""
        found = {name: getattr(measures, name)(values, truth) for name in ("pointing", "iou")}
        for short, baseline in self.baselines.items():
            rng, answer = np.random.default_rng(SEED), self.answer(finding)
            fidelity = measures.mu_fidelity(values, self.canvas, answer, baseline, rng=rng, subsets=SUBSETS)
            found[f"fidelity ({short})"] = fidelity.logit
        return found


def measured(
    model: Classifier, dataset: Dataset, film: str, findings: tuple[str, ...], variants: Variants
) -> Iterator[dict]:
    """Make the maps of all variants of one film and measure them: a row each."""
    opened = training.open_film(dataset, film)
    judge = Judge(model, model.prepare(opened))
    inside = truths(dataset, film, findings, model.shape, model.footprint(opened))
    for kind, methods in variants.items():
        known = Known()
        for method in methods:
            for one in method.explain(model, opened, seed=SEED, known=known):
                if one.finding not in inside:
                    continue
                for smooth, width in SMOOTHED.items():
                    values = gaussian_filter(one.map, width * one.map.shape[0]) if width else one.map
                    scores = judge.scores(values, inside[one.finding], one.finding)
                    name = named(kind, method) + smooth
                    yield {"film": film, "finding": one.finding, "variant": name, "made": one.evaluations, **scores}


def table(scores: pd.DataFrame, patients: pd.Series, against: dict[str, str]) -> str:
    """Write a table for the docs: the means of each variant, and how far it is ahead of another."""
    rng = np.random.default_rng(SEED)
    by_variant = {name: part.set_index(["film", "finding"]) for name, part in scores.groupby("variant", sort=False)}
    lines = ["| variant | films sent | " + " | ".join(MEASURES) + " |", "|---" * (2 + len(MEASURES)) + "|"]
    for name, part in by_variant.items():
        there = by_variant.get(against.get(name, ""))
        cells = []
        for measure in MEASURES:
            cell = f"{part[measure].mean():.3f}"
            if there is not None:
                ahead = (part[measure] - there[measure]).dropna()
                owners = patients[ahead.index.get_level_values("film")].astype(str).to_numpy()
                low, high = drawn_interval(ahead.to_numpy(), owners, rng)
                cell += f" ({ahead.mean():+.3f} [{low:+.3f}, {high:+.3f}])"
            cells.append(cell.replace("-", "−"))
        lines.append(f"| {name} | {part['made'].mean():.0f} | " + " | ".join(cells) + " |")
    films, rows = scores["film"].nunique(), len(scores) // max(len(by_variant), 1)
    return "\n".join([*lines, "", f"{films} films, {rows} findings of films."])


def compared(names: list[str]) -> dict[str, str]:
    """Say which variant each is held against: one of the same method, that with the blurred film and the most films."""
    first = {
        name.split(",")[0]: name for name in names if "smoothed" not in name and (", blur" in name or "old" in name)
    }
    return {name: first[method] for name in names if (method := name.split(",")[0]) in first and name != first[method]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dataset", default="simulated")
    parser.add_argument("--model", default="lightbox")
    parser.add_argument("--half", choices=("chosen", "held"), default="chosen")
    parser.add_argument("--method", nargs="+", choices=list(OLD), default=list(OLD))
    parser.add_argument("--fewest", action="store_true", help="only the fewest films sent that a method is tried with")
    parser.add_argument("--films", type=int, default=30, help="at most so many")
    options = parser.parse_args()
    dataset, model = training.open_dataset(options.dataset), xai.open_model(options.model)
    known = with_truth(dataset, model.card.outputs)
    rows: list[dict] = []
    for film in tqdm(halves(dataset, known)[options.half][: options.films]):
        for method in options.method:
            variants = confirmed(method) if options.half == "held" else tried(method)
            if options.fewest:
                variants = {name: methods[:1] for name, methods in variants.items()}
            kept = options.out / options.half / f"{film}-{method}{'-fewest' if options.fewest else ''}.json"
            if not kept.exists():
                found = list(measured(model, dataset, film, known[film], variants))
                write_file(kept, json.dumps(found))
            rows += json.loads(kept.read_text("utf-8"))
    scores = pd.DataFrame(rows)
    print(table(scores, dataset.films.set_index("film")["patient"], compared(list(scores["variant"].unique()))))


if __name__ == "__main__":
    main()
