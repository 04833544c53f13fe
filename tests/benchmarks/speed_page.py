"""The tables of docs/speed.md and its pictures, from what `tests/benchmarks/stock_comparison.py` measured."""

from __future__ import annotations

import datetime
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.equal_quality import LIME, RECTANGLES, REGIONS, STOCK_LIME, Bench
from tests.benchmarks.speed_growth import Grown
from tests.benchmarks.stock_calls import MASKERS
from xai.machine import cores

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINES = {STOCK_LIME: "C0--", LIME: "C0-", MASKERS[0]: "C1--", MASKERS[1]: "C3--", RECTANGLES: "C1-", REGIONS: "C2-"}


@dataclass(frozen=True)
class Row:
    """What one call took: seconds, the same in bare forward passes of its films, and its findings' qualities."""

    name: str
    films: int
    seconds: float
    bare: float
    qualities: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Goal:
    """What was measured of something that was aimed at."""

    what: str
    aim: str
    measured: float


@dataclass
class Measured:
    """All of one run; curves are (seconds, quality, films) by what they are of."""

    about: str
    rows: list[Row]
    goals: list[Goal]
    curves: Mapping[str, list[tuple[float, float, int]]]
    growth: Grown = field(default_factory=list)


def about(bench: Bench, pace: float) -> str:
    """Say what was measured, on what and when."""
    classifier, plan = bench.subject.classifier, bench.plan
    height, width = classifier.shape
    described = ["git", "describe", "--always", "--dirty=, with changes"]
    commit = subprocess.run(described, capture_output=True, text=True, cwd=DOCS).stdout
    engine = getattr(classifier, "hiding", classifier).engine  # what runs hidden films
    return (
        f"{bench.subject.title}, {height} × {width} pixels, {len(classifier.card.outputs)} findings, "
        f"{bench.truth.lime.shape[0]} regions; engine {engine}, {1000 * pace:.1f} ms a film. "
        f"Long runs: {plan.long:,} films of regions, {plan.long_shap:,} evaluations of shap. "
        f"{datetime.date.today()}, commit {commit.strip() or 'unknown'}, {cores()} cores of {processor()}."
    )


def processor() -> str:
    """Name the processor, as Linux knows it."""
    known = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", known.read_text()) if known.exists() else None
    return " ".join(named[1].split()) if named else platform.processor() or platform.machine()


def tables(found: Measured) -> str:
    """Write all tables as Markdown."""
    lines = [found.about, "", "| | films | seconds | of bare forward passes | correlation, median (lowest) |"]
    lines += ["|---|---|---|---|---|"]
    for row in found.rows:
        quality = f"{median(row.qualities):.2f} ({min(row.qualities):.2f})" if row.qualities else ""
        lines.append(f"| {row.name} | {row.films:,} | {row.seconds:.2f} | {row.bare:.2f} | {quality} |")
    lines += ["", "| | aim | measured |", "|---|---|---|"]
    lines += [f"| {goal.what} | {goal.aim} | {goal.measured:.2f} |" for goal in found.goals]
    if found.growth:
        lines += ["", f"| LIME of {found.growth[0][1][0][0]} films, seconds | | | |", "|---|---|---|---|"]
    for what, points in found.growth:
        cells = [f"{size}: {seconds:.2f}" for size, seconds in points]
        lines.append(f"| {what} | {' | '.join(cells + [''] * (3 - len(cells)))} |")
    return "\n".join(lines)


def write_page(model: str, found: Measured) -> None:
    """Put tables and picture into docs/speed.md, between the marks of this model, at its end where it has none."""
    name, page = Path(model).stem, DOCS / "speed.md"
    begin, end = f"<!-- {name}: from here -->", f"<!-- {name}: to here -->"
    draw(found, DOCS / f"speed-{name}.svg")
    block = f"{begin}\n{tables(found)}\n\n![Quality against seconds](speed-{name}.svg)\n{end}"
    text = page.read_text(encoding="utf-8")
    if begin in text:
        head, rest = text.split(begin)
        text = head + block + rest.split(end)[1]
    else:
        text = f"{text.rstrip()}\n\n{block}\n"
    page.write_text(text, encoding="utf-8")


def draw(found: Measured, path: Path) -> None:
    """Draw quality against seconds, stock dashed."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.fonttype"], mpl.rcParams["svg.hashsalt"] = "none", "speed"
    figure = Figure(figsize=(7.2, 4), layout="constrained")
    axes = figure.subplots()
    for kind, points in found.curves.items():
        seconds, quality, _ = zip(*points, strict=True)
        axes.plot(seconds, quality, LINES[kind], marker=".", label=f"shap, {kind}" if kind in MASKERS else kind)
    axes.set(xscale="log", xlabel="seconds, all findings", ylabel="rank correlation with its long run")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
