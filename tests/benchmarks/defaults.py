"""Which defaults of the methods that hide parts of a film give the better maps, measured on films with a known truth.

    python tests/benchmarks/defaults.py --out DIR                 # the films on which defaults are chosen
    python tests/benchmarks/defaults.py --out DIR --half held     # the same on the others
    python tests/benchmarks/defaults.py --out DIR --write         # what was measured, for docs/trust.md

Every second patient of the built-in simulated films is held back: what is chosen on one half is confirmed on the
other. Films come in an order drawn at random, a file a film and method, so that a run goes on where it stopped, and
one that is stopped has measured a random sample. Of each variant there are the means, and how far it is ahead of the
first of its method, film by film, with 95 % intervals from draws of patients. Faithfulness is mu-fidelity in logits,
with the blurred film and with the dataset mean behind what is hidden, because a test favours the maps that were made
with its own baseline.
"""

from __future__ import annotations

import argparse
import json
import math
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
from xai.explainers.baselines import BLURRED, DATASET_MEAN, baseline_canvas
from xai.explainers.explanation import Explainer
from xai.explainers.hiding import MOSAIC_REGIONS
from xai.explainers.known import Known
from xai.explainers.regions import superpixels
from xai.files import write_file
from xai.models.classifier import Classifier

SHORT = {BLURRED: "blur", DATASET_MEAN: "mean"}
SMOOTHED = {"": 0.0, ", smoothed by 1/32": 1 / 32, ", smoothed by 1/16": 1 / 16}  # standard deviation, in sides
MEASURES = ("pointing", "iou", "fidelity (blur)", "fidelity (mean)")
COLUMNS = ["half", "variant", "sent", "measure", "value", "ahead", "low", "high", "films", "cases"]
TABLE = Path(__file__).with_suffix(".csv")
HALVES = {"chosen": 0, "held": 1}
SEED, SUBSETS = 0, 64

TRIED: dict[str, tuple[Explainer, list[dict[str, int]]]] = {
    "shap": (xai.SHAP(), [{"evaluations": 200}, {"evaluations": 500}]),
    "lime": (xai.LIME(), [{"samples": 300}, {"samples": 1000}]),
    "rise": (xai.RISE(), [{"samples": 200}]),  # more of RISE are other films, not more of the same
    "occlusion": (xai.Occlusion(), [{"places": 13}]),
}
Variants = dict[str, list[Explainer]]  # of each, fewer films first: they are the first of more


def tried(method: str) -> Variants:
    """Everything that a method's defaults are chosen from."""
    kind, sizes = TRIED[method]
    found: Variants = {
        f"{method}, {short}": [replace(kind, baseline=name, **size) for size in sizes] for name, short in SHORT.items()
    }
    if method == "lime":
        found["lime, mean, 120 regions"] = [replace(kind, baseline=DATASET_MEAN, regions=120, **size) for size in sizes]
    return found


def named(kind: str, method: Explainer) -> str:
    """Name a variant by what was tried, with its number of films."""
    return f"{kind}, {method.cost}"


def halves(dataset: Dataset, known: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Part the films with truth by patient, and put each half into an order of its own."""
    owners = dataset.films.set_index("film")["patient"].astype(str)
    place = {name: number for number, name in enumerate(sorted(set(owners)))}
    rng = np.random.default_rng(SEED)
    return {
        half: list(rng.permutation([film for film in known if place[owners[film]] % 2 == odd]))
        for half, odd in HALVES.items()
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


def compared(half: str, scores: pd.DataFrame, patients: pd.Series) -> pd.DataFrame:
    """Hold each variant of a method against the first one, on the films that have both: a row a variant and measure."""
    rng, rows = np.random.default_rng(SEED), []
    by_variant = {name: part.set_index(["film", "finding"]) for name, part in scores.groupby("variant", sort=False)}
    for variant, part in by_variant.items():
        first = next(name for name in by_variant if name.split(",")[0] == variant.split(",")[0])
        for measure in MEASURES:
            ahead = (part[measure] - by_variant[first][measure]).dropna()
            owners = patients[ahead.index.get_level_values("film")].astype(str).to_numpy()
            interval = drawn_interval(ahead.to_numpy(), owners, rng)
            lead = (math.nan,) * 3 if variant == first else (ahead.mean(), *interval)
            counted = part.index.get_level_values("film").nunique(), len(part)
            rows.append((half, variant, part["made"].mean(), measure, part[measure].mean(), *lead, *counted))
    return pd.DataFrame(rows, columns=COLUMNS)


def kept(out: Path, half: str) -> pd.DataFrame:
    """Read what was measured before."""
    rows = [row for path in sorted((out / half).glob("*.json")) for row in json.loads(path.read_text("utf-8"))]
    # A variant of few films is in the files of more films too.
    return pd.DataFrame(rows).drop_duplicates(["film", "finding", "variant"]) if rows else pd.DataFrame()


def measure(dataset: Dataset, model: Classifier, options: argparse.Namespace) -> None:
    """Measure what is not measured yet."""
    known = with_truth(dataset, model.card.outputs)
    for film in tqdm(halves(dataset, known)[options.half][: options.films]):
        for method in options.method:
            variants = tried(method)
            if options.fewest:
                variants = {name: methods[:1] for name, methods in variants.items()}
            path = options.out / options.half / f"{film}-{method}{'-fewest' if options.fewest else ''}.json"
            if not path.exists():
                write_file(path, json.dumps(list(measured(model, dataset, film, known[film], variants))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dataset", default="simulated")
    parser.add_argument("--model", default="lightbox")
    parser.add_argument("--half", choices=list(HALVES), default="chosen")
    parser.add_argument("--method", nargs="+", choices=list(TRIED), default=list(TRIED))
    parser.add_argument("--fewest", action="store_true", help="only the fewest films sent that a method is tried with")
    parser.add_argument("--films", type=int, default=30, help="at most so many")
    parser.add_argument("--write", action="store_true", help=f"measure nothing, and write {TABLE.name}")
    options = parser.parse_args()
    dataset = training.open_dataset(options.dataset)
    if not options.write:
        measure(dataset, xai.open_model(options.model), options)
    patients = dataset.films.set_index("film")["patient"]
    done = {half: kept(options.out, half) for half in HALVES}
    done["both"] = pd.concat(done.values())
    table = pd.concat([compared(half, scores, patients) for half, scores in done.items() if len(scores)])
    print(table[~table["variant"].str.contains("smoothed")].to_string(index=False, float_format="%.3f"))
    if options.write:
        table.to_csv(TABLE, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
