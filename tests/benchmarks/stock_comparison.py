"""What explanations cost here and with the stock libraries, at equal quality, in one run.

    python tests/benchmarks/stock_comparison.py [--model densenet|NAME|PATH] [--film FILE] [--engine NAME] [--quick]
        [--repeats N] [--write] [--long-runs]

Quality is Spearman's rank correlation of a map's values with those of a long run, its median over the findings. LIME's
weights, stock or ours, are held against one long run with lime's kernel, over the same regions and baseline. shap's
maskers explain other questions than our baseline does, so each is held against a long run of its own, in blocks of a
16 x 16 grid. No run of shap's is long enough to end, which flatters it: a map resembles the run that it begins. Ours of
rectangles does end, with all blocks told apart.

First it is found how many films ours need to be as good as stock, with seeds of their own; then all calls take turns on
the clock, and what they made is held against the long runs too. Quote ratios of one run only; seconds move with the
machine. Long runs take longer than all the rest and are kept on disk: --long-runs makes them and nothing else. --write
puts tables and picture into docs/speed.md. densenet is DenseNet-121 with random weights.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import xai
from tests.benchmarks.equal_quality import LIME, RECTANGLES, REGIONS, STOCK_LIME, Bench, Curve, films_for
from tests.benchmarks.long_runs import FULL, QUICK, long_runs
from tests.benchmarks.regions_converging import HIDDEN
from tests.benchmarks.speed_growth import growth
from tests.benchmarks.speed_page import Goal, Measured, Row, about, tables, write_page
from tests.benchmarks.stock_calls import DENSENET, MASKERS, Stock, open_subject
from xai.built_in import BUILT_IN_DATASETS
from xai.explainers.baselines import BLURRED
from xai.explainers.explanation import Explanation
from xai.models.engine import DEFAULT_ENGINE, ENGINES

FILM = BUILT_IN_DATASETS / "simulated" / "films" / "s00000.png"
USEFUL = 0.7  # Spearman's correlation of a first map that is worth a look
BARE_FILMS = 256
EXACT = "openvino"  # makes the long runs: in single precision, whatever runs ours on the clock
INPAINT, BLUR = MASKERS
BARE, FORWARD, GRADCAM, STOCK_GRADCAM = "bare films", "one film", "Grad-CAM", "Grad-CAM by Keras' example"
FIRST, CONVERGED = "first maps", "converged maps"


@dataclass(frozen=True, eq=False)
class Taken:
    """What the calls took, what they gave, and how good that was, by their names."""

    seconds: Mapping[str, float]
    gave: Mapping[str, Any]
    qualities: Mapping[str, list[float]]

    @property
    def pace(self) -> float:
        """Seconds of a film that goes through the bare engine."""
        return self.seconds[BARE] / BARE_FILMS

    def faster(self, kind: str, than: str, aim: str = "") -> Goal:
        """How many times as fast one is as another, with the quality of both."""
        found, other = (statistics.median(self.qualities[name]) for name in (kind, than))
        what = f"{kind}, times as fast as {than}; correlations {found:.2f} and {other:.2f}"
        return Goal(what, aim, self.seconds[than] / self.seconds[kind])


def in_turns(calls: Mapping[str, Callable[[], Any]], repeats: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Fewest seconds of each call, and what it gave: in turns, so that a busy moment does not hit one alone."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    gave = {}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            gave[name] = call()
            took[name].append(time.perf_counter() - start)
            print(f"{took[name][-1]:9.2f} s  {name}", file=sys.stderr, flush=True)
    return {name: min(times) for name, times in took.items()}, gave


def compare(bench: Bench, repeats: int) -> Measured:
    """Measure all but how cost grows."""
    curves = {kind: bench.curve(kind) for kind in (LIME, RECTANGLES, REGIONS, STOCK_LIME)}
    curves |= {masker: bench.stock_curve(masker) for masker in MASKERS}
    need = {LIME: films_for(curves[LIME], statistics.median(curves[STOCK_LIME][bench.plan.samples]))}
    as_shap = statistics.median(curves[INPAINT][bench.plan.evaluations])
    need |= {kind: films_for(curves[kind], as_shap) for kind in (RECTANGLES, REGIONS)}
    first = {kind: films_for(curves[kind], USEFUL) for kind in (LIME, RECTANGLES)}
    calls = calls_of(bench, need, first)
    warm_up(bench, [calls[name] for name in (FORWARD, GRADCAM, STOCK_GRADCAM)])
    seconds, gave = in_turns(calls, repeats)
    films = {kind: gave[kind][0].evaluations for kind in need}
    qualities = {kind: bench.quality(kind, gave[kind]) for kind in need}
    qualities[STOCK_LIME] = bench.lime_quality(gave[STOCK_LIME])
    qualities |= {masker: bench.shap_quality(masker, gave[masker]) for masker in MASKERS}
    taken = Taken(seconds, gave, qualities)
    films |= {STOCK_LIME: bench.plan.samples, INPAINT: bench.plan.evaluations, BLUR: bench.plan.evaluations}
    rows = [Row(kind, 1, seconds[kind], seconds[kind] / seconds[FORWARD]) for kind in (GRADCAM, STOCK_GRADCAM)]
    rows += [
        Row(kind, films[kind], seconds[kind], seconds[kind] / (taken.pace * films[kind]), qualities[kind])
        for kind in (STOCK_LIME, LIME, INPAINT, BLUR, RECTANGLES, REGIONS)
    ]
    return Measured(
        about=about(bench, taken.pace),
        rows=rows,
        goals=goals_of(bench, taken),
        curves={kind: on_the_clock(curve, seconds[kind] / films[kind]) for kind, curve in curves.items()},
    )


def warm_up(bench: Bench, calls: Sequence[Callable[[], Any]]) -> None:
    """Have all compiled that is compiled when it is first called; nobody waits for that twice."""
    for call in calls:
        call()
    bench.stock.lime(bench.truth.pieces, 10)
    for masker in MASKERS:
        bench.stock.shap(masker, 10)


def calls_of(bench: Bench, need: Mapping[str, int], first: Mapping[str, int]) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    classifier, stock, plan = bench.subject.classifier, bench.stock, bench.plan
    hidden, one_finding = bench.hidden(BARE_FILMS), list(classifier.card.outputs[:1])

    def gradcam() -> list[Explanation]:
        return xai.GradCAM().explain(classifier, bench.film)

    def converged() -> list[Explanation]:
        return [
            *xai.LIME(samples=2000, baseline=BLURRED).explain(classifier, bench.film),
            *xai.SHAP(evaluations=2000, regions=60, baseline=BLURRED).explain(classifier, bench.film),
        ]

    return {
        BARE: lambda: getattr(classifier, HIDDEN)(hidden),
        FORWARD: stock.forward,
        GRADCAM: gradcam,
        STOCK_GRADCAM: stock.gradcam,
        STOCK_LIME: lambda: stock.lime(bench.truth.pieces, plan.samples),
        **{kind: lambda kind=kind: bench.made(kind, need[kind]) for kind in need},
        **{masker: lambda masker=masker: stock.shap(masker, plan.evaluations) for masker in MASKERS},
        **{one(kind): lambda kind=kind: bench.made(kind, need[kind], findings=one_finding) for kind in need},
        FIRST: lambda: [gradcam(), *(bench.made(kind, films) for kind, films in first.items())],
        CONVERGED: converged,
    }


def one(kind: str) -> str:
    return f"{kind}, one finding"


def goals_of(bench: Bench, taken: Taken) -> list[Goal]:
    """Hold what was measured against what was aimed at."""
    seconds, gave = taken.seconds, taken.gave
    ours = sum(seconds[kind] for kind in (GRADCAM, LIME, RECTANGLES))
    stock = {masker: sum(seconds[kind] for kind in (STOCK_GRADCAM, STOCK_LIME, masker)) for masker in MASKERS}
    bare = seconds[FORWARD] + taken.pace * sum(gave[kind][0].evaluations for kind in (LIME, RECTANGLES))
    findings = len(bench.subject.classifier.card.outputs)
    lightbox = bench.subject.title == "lightbox"
    _, lime, shap = gave[FIRST]
    first = [statistics.median(bench.quality(kind, made)) for kind, made in ((LIME, lime), (RECTANGLES, shap))]
    done = [made.diagnostics["converged"] for made in gave[CONVERGED]]
    return [
        taken.faster(LIME, STOCK_LIME, "≥ 6"),
        taken.faster(RECTANGLES, INPAINT, "≥ 12"),
        taken.faster(REGIONS, INPAINT, "≥ 12"),
        taken.faster(RECTANGLES, BLUR),
        Goal(f"the three methods, times as fast as stock's with {INPAINT}", "≥ 12", stock[INPAINT] / ours),
        Goal(f"the three methods, times as fast as stock's with {BLUR}", "", stock[BLUR] / ours),
        Goal("the three methods, of bare forward passes", "≤ 1.10", ours / bare),
        *(
            Goal(f"{kind}: {findings} findings, of one finding's time", "≤ 1.1", seconds[kind] / seconds[one(kind)])
            for kind in (LIME, RECTANGLES, REGIONS)
        ),
        Goal(
            f"all first maps, s; LIME {lime[0].evaluations} films, correlation {first[0]:.2f}, SHAP "
            f"{shap[0].evaluations} films, {first[1]:.2f}",
            "≤ 0.3" if lightbox else "≤ 3",
            seconds[FIRST],
        ),
        Goal(
            f"LIME and SHAP of regions until they stop, s; {sum(done)} of {len(done)} maps converged by 2,000 films",
            "≤ 1.5" if lightbox else "",
            seconds[CONVERGED],
        ),
    ]


def on_the_clock(curve: Curve, pace: float) -> list[tuple[float, float, int]]:
    """Seconds, median quality and films of each point, all at the pace that was measured."""
    return [(pace * films, statistics.median(found), films) for films, found in curve.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DENSENET, help="densenet, a model that comes with the app, or a file")
    parser.add_argument("--film", type=Path, default=FILM)
    parser.add_argument("--engine", default=DEFAULT_ENGINE, choices=ENGINES, help="what runs our films")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, to see that it runs")
    parser.add_argument("--repeats", type=int, default=1, help="take the best of several turns")
    parser.add_argument("--long-runs", action="store_true", help="make the long runs, in single precision, and stop")
    parser.add_argument("--write", action="store_true", help="into docs/speed.md")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    film = xai.read_film(options.film)
    subject = open_subject(options.model, options.engine)
    stock = Stock(subject, film)
    exact = functools.cache(lambda: open_subject(options.model, EXACT).classifier)
    truth = long_runs(subject, film, stock, plan, exact)
    if options.long_runs:
        return
    found = compare(Bench(subject, film, stock, truth, plan), options.repeats)
    if not options.quick:
        found.growth = growth(options.model, options.engine, film, subject)
    print(tables(found))
    if options.write:
        write_page(options.model, found)


if __name__ == "__main__":
    main()
