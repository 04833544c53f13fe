"""How many films a map of regions takes: lime's design, balanced pairs, pairs with a surrogate, and both kinds of SHAP.

    python tests/benchmarks/regions_converging.py [--films 3] [--draws 3] [--reference 20000] [--model NAME_OR_PATH ...]
        [--film FILE ...] [--intervals lime shap]

Prints, for each number of samples, Spearman's rank correlation of the regions' values with a long run, as the median
and the 10th percentile over models, films, findings and draws; then how often the 95 % intervals hold the long run's
value, and what is used where each stops by itself. Without --film, simulated films that come with the app are read.
With --intervals, only how often these hold is measured, of LIME's weights, SHAP's shares of regions, or both.

LIME's designs are all held against one long run of pairs, in which films count as lime's kernel says; how that differs
from letting all count the same is printed first. SHAP of rectangles is held against the long run of Shapley values of
regions too, its map added up over each region: it is another share-out, and need not come near.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import xai
from xai.built_in import BUILT_IN_DATASETS
from xai.explainers.baselines import BLURRED
from xai.explainers.explanation import Explainer, Explanation
from xai.explainers.lime import KERNEL_WIDTH
from xai.explainers.pairs import SURE, draw_pairs, films_of
from xai.films.film import Film
from xai.models.classifier import Classifier
from xai.models.library import list_models

SAMPLES = (100, 200, 500, 1000)
LIME_BY = {
    "lime": xai.LIME(design="lime", baseline=BLURRED),
    "pairs": xai.LIME(design="pairs", stops=False, baseline=BLURRED),
    "pairs, surrogate": xai.LIME(design="pairs", stops=False, surrogate=True, baseline=BLURRED),
}
HIDDEN = "hidden_logits" if hasattr(Classifier, "hidden_logits") else "logits"  # what hidden films are asked for by
SHAP_BY = {"rectangles": xai.SHAP(baseline=BLURRED), "regions": xai.SHAP(regions=60, stops=False, baseline=BLURRED)}


class Remembering:
    """A classifier's answers to hidden films, each asked for once: fewer samples of a seed are the first of more."""

    def __init__(self, ask: Callable[[np.ndarray], np.ndarray]) -> None:
        self._ask = ask
        self._known: dict[bytes, np.ndarray] = {}

    def __call__(self, canvases: np.ndarray) -> np.ndarray:
        keys = [hashlib.blake2b(canvas.tobytes(), digest_size=16).digest() for canvas in canvases]
        new = [k for k, key in enumerate(keys) if key not in self._known]
        if new:
            self._known |= dict(zip((keys[k] for k in new), self._ask(canvases[new]), strict=True))
        return np.stack([self._known[key] for key in keys])


@contextlib.contextmanager
def remembered(classifier: Classifier) -> Iterator[None]:
    """Ask a classifier for each hidden film but once, as long as this lasts."""
    setattr(classifier, HIDDEN, Remembering(getattr(classifier, HIDDEN)))
    try:
        yield
    finally:
        delattr(classifier, HIDDEN)


@dataclass
class LongRun:
    """What endless films would give, nearly: values of regions (regions, findings)."""

    by_kernel: np.ndarray
    alike: np.ndarray
    shapley: np.ndarray
    alike_errors: np.ndarray
    shapley_errors: np.ndarray


def by_region(made: Sequence[Explanation], pieces: np.ndarray, add_up: bool) -> np.ndarray:
    """Values (regions, findings): a region's own, or its pixels' added up."""
    pixels = np.bincount(pieces.ravel())
    sums = np.stack([np.bincount(pieces.ravel(), one.map.ravel().astype(np.float64)) for one in made], axis=1)
    return sums if add_up else sums / pixels[:, None]


def long_run(classifier: Classifier, film: Film, films: int) -> tuple[LongRun, np.ndarray]:
    """Make the long runs, with a seed of their own, and the regions."""
    pairs = replace(LIME_BY["pairs"], samples=films).explain(classifier, film, seed=999)
    pieces = pairs[0].pieces
    shown = films_of(draw_pairs(films // 2 - 1, int(pieces.max()) + 1, 999))
    counts = np.exp(-((1 - np.sqrt(shown.mean(axis=1))) ** 2) / KERNEL_WIDTH**2 / 2)
    design = np.hstack([np.ones((len(shown), 1)), shown])
    logits = np.stack([one.answers[2:] for one in pairs], axis=1)
    by_kernel = np.linalg.solve((design.T * counts) @ design, (design.T * counts) @ logits)[1:]
    shapley = replace(SHAP_BY["regions"], evaluations=films).explain(classifier, film, seed=999)
    values = by_region(pairs, pieces, False), by_region(shapley, pieces, True)
    pixels = np.bincount(pieces.ravel())
    return LongRun(by_kernel, *values, errors_of(pairs), errors_of(shapley, pixels)), pieces


def errors_of(made: Sequence[Explanation], unit: np.ndarray | float = 1.0) -> np.ndarray:
    """Standard errors (regions, findings), in logits a region where the unit is a region's pixels."""
    return np.stack([one.errors * unit for one in made], axis=1)


def correlations(found: np.ndarray, truth: np.ndarray) -> list[float]:
    return [float(spearmanr(one, other).statistic) for one, other in zip(found.T, truth.T, strict=True)]


def held(errors: np.ndarray, values: np.ndarray, truth: np.ndarray, of_truth: np.ndarray) -> list[float]:
    """Share of intervals that hold the truth, for each finding; nothing where the errors are not known.

    A long run has errors of its own: they are allowed for.
    """
    wide = SURE * np.hypot(errors, of_truth)
    return list((np.abs(values - truth) <= wide).mean(axis=0)) if np.isfinite(errors).all() else []


def measure_intervals(classifier: Classifier, film: Film, options: argparse.Namespace, found: dict) -> None:
    """Add how often one film's intervals hold a long run's values, in all its regions, findings and draws."""
    for kind in options.intervals:
        explainer, add_up = (LIME_BY["pairs"], False) if kind == "lime" else (SHAP_BY["regions"], True)
        far = sized(explainer, options.reference).explain(classifier, film, seed=999)
        pieces, pixels = far[0].pieces, np.bincount(far[0].pieces.ravel())
        unit = pixels if add_up else 1.0
        truth, of_truth = by_region(far, pieces, add_up), errors_of(far, unit)
        for samples in SAMPLES:
            shares = []
            for seed in range(options.draws):
                made = sized(explainer, samples).explain(classifier, film, seed=seed)
                shares += held(errors_of(made, unit), by_region(made, pieces, add_up), truth, of_truth)
            if shares:
                found[f"{explainer.title}, {explainer.regions} regions", "", samples].append(float(np.mean(shares)))
                print(f"{kind}, {samples} films: {np.mean(shares):.3f}", file=sys.stderr, flush=True)


def share_of_films(shares: list[float]) -> str:
    """Write the mean over films with its 95 % interval, films being what was drawn."""
    if not shares:
        return "not known"
    spread = SURE * np.std(shares, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else np.inf
    return f"{100 * np.mean(shares):.1f} ± {100 * spread:.1f}"


def print_intervals(found: dict, films: int, options: argparse.Namespace) -> None:
    title = f"95 % intervals that hold the value of {options.reference:,} films, %"
    print(f"| {title} | {' | '.join(f'{samples:,}' for samples in SAMPLES)} |")
    print("|---" * (len(SAMPLES) + 1) + "|")
    for kind in dict.fromkeys(what for what, _, _ in found):
        cells = [share_of_films(found[kind, "", samples]) for samples in SAMPLES]
        print(f"| {kind}, {films} films | {' | '.join(cells)} |", flush=True)


def sized(explainer: Explainer, samples: int) -> Explainer:
    return replace(explainer, **{"samples" if explainer.name == "lime" else "evaluations": samples})


def measure(classifier: Classifier, film: Film, options: argparse.Namespace, found: dict) -> None:
    """Add one film's figures to lists under the kind of figure, the design and the samples."""
    truth, pieces = long_run(classifier, film, options.reference)
    pixels = np.bincount(pieces.ravel())
    found["kernel", "", 0] += correlations(truth.by_kernel, truth.alike)
    for seed in range(options.draws):
        for samples in SAMPLES:
            for name, explainer in LIME_BY.items():
                made = sized(explainer, samples).explain(classifier, film, seed=seed)
                values = by_region(made, pieces, False)
                found["lime", name, samples] += correlations(values, truth.by_kernel)
                if name != "lime":
                    found["held", f"LIME {name}", samples] += held(
                        errors_of(made), values, truth.alike, truth.alike_errors
                    )
            for name, explainer in SHAP_BY.items():
                if name == "rectangles" and seed:
                    continue  # it draws nothing
                made = sized(explainer, samples).explain(classifier, film, seed=seed)
                values = by_region(made, pieces, True)
                found["shap", name, samples] += correlations(values, truth.shapley)
                if name == "regions":
                    found["held", "SHAP regions", samples] += held(
                        errors_of(made, pixels), values, truth.shapley, truth.shapley_errors
                    )
        for name, explainer in {"LIME pairs": LIME_BY["pairs"], "SHAP regions": SHAP_BY["regions"]}.items():
            made = sized(replace(explainer, stops=True), options.most).explain(classifier, film, seed=seed)
            add_up, goal = name.startswith("SHAP"), truth.shapley if name.startswith("SHAP") else truth.by_kernel
            found["stopped", name, 0] += [made[0].evaluations]
            found["stopped at", name, 0] += correlations(by_region(made, pieces, add_up), goal)


def print_table(found: dict, kind: str, title: str, write) -> None:
    names = list(dict.fromkeys(name for what, name, _ in found if what == kind))
    print(f"\n| {title} | {' | '.join(f'{samples:,}' for samples in SAMPLES)} |")
    print("|---" * (len(SAMPLES) + 1) + "|")
    for name in names:
        cells = [write(found[kind, name, samples]) for samples in SAMPLES]
        print(f"| {name} | {' | '.join(cells)} |")


def median_and_low(values: list[float]) -> str:
    return f"{np.median(values):.3f} / {np.quantile(values, 0.1):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=list(list_models()), help="all that come with the app without it")
    parser.add_argument("--film", nargs="+", type=Path, help="films of your own")
    parser.add_argument("--films", type=int, default=3, help="simulated films for each model")
    parser.add_argument("--draws", type=int, default=3, help="seeds")
    parser.add_argument("--reference", type=int, default=20_000, help="films of a long run")
    parser.add_argument("--most", type=int, default=2000, help="films at which what stops by itself must stop")
    parser.add_argument("--intervals", nargs="+", choices=["lime", "shap"], default=[], help="these only")
    options = parser.parse_args()
    paths = options.film or sorted((BUILT_IN_DATASETS / "simulated" / "films").glob("*.png"))[: options.films]
    found: dict = defaultdict(list)
    for name in options.model:
        classifier = xai.open_model(name)
        for path in paths:
            with remembered(classifier):  # anew for each film, or memory fills up
                (measure_intervals if options.intervals else measure)(classifier, xai.read_film(path), options, found)
            print(f"{name}, {path.name}", file=sys.stderr, flush=True)
    print(
        f"{', '.join(options.model)}; {len(paths)} films each, {options.draws} draws; long runs {options.reference:,}."
    )
    if options.intervals:
        print_intervals(found, len(options.model) * len(paths), options)
        return
    print(f"lime's kernel against all films alike, in the long run: {median_and_low(found['kernel', '', 0])}")
    print_table(found, "lime", "LIME, Spearman with the long run", median_and_low)
    print_table(found, "shap", "SHAP, Spearman with the long run's Shapley values", median_and_low)
    print_table(
        found, "held", "95 % intervals that hold it, %", lambda v: f"{100 * np.mean(v):.1f}" if v else "not known"
    )
    print()
    for what, name, _ in [key for key in found if key[0] == "stopped"]:
        used = found[what, name, 0]
        print(
            f"{name}, stopping by itself: {np.median(used):.0f} films ({min(used)} to {max(used)}, at most "
            f"{options.most}), Spearman {median_and_low(found['stopped at', name, 0])}"
        )


if __name__ == "__main__":
    main()
