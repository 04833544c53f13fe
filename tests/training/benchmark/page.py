"""The parts of docs/trust.md that are written from what was measured: run this file, and they are written anew.

    python tests/training/benchmark/page.py

Leagues, sanity check and shortcut lab are those in ``assets/leagues``; what defaults were chosen by is
``tests/benchmarks/defaults.csv``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))  # run as a file

from tests.training.benchmark.page_parts import lab, sanity  # noqa: E402
from training.benchmark.held_out import held_out  # noqa: E402
from training.benchmark.results import read_scores  # noqa: E402
from training.front_door import open_dataset  # noqa: E402
from xai.explainers import EXPLAINERS  # noqa: E402

PAGE = REPOSITORY / "docs" / "trust.md"
LEAGUES = REPOSITORY / "assets" / "leagues"
MODELS = REPOSITORY / "assets" / "models"
BUILT_IN = ("simulated",)  # datasets whose films are at hand
DEFAULTS = REPOSITORY / "tests" / "benchmarks" / "defaults.csv"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
ALL, PRIOR = "all", "prior"
CONTROLS = ("random", "centred", PRIOR)
BOTH = ("pointing", "iou")  # in which a method must be ahead
SHOWN = ("pointing", "energy", "iou")
MEASURES = {"pointing": "pointing", "energy": "energy", "iou": "IoU"}
HALVES = {
    "chosen": "Films on which they were chosen",
    "held": "Films that were held back",
    "both": "All of these films together",
}
FEWEST = 6  # films with a finding, below which nothing is said of it


def measured() -> str:
    """Everything that was measured, a league a section."""
    folders = sorted(path.parent for path in LEAGUES.glob("*/league.csv"))
    parts = [League(folder).section() for folder in folders]
    parts += [part for folder in sorted(LEAGUES.glob("sanity-*")) if (part := sanity(folder))]
    parts += [part for part in (lab(LEAGUES / "shortcut-lab"),) if part]
    if DEFAULTS.exists():
        parts.append(defaults(pd.read_csv(DEFAULTS)))
    return "\n".join(parts)


class League:
    """One of the leagues that come with the app, in words and tables."""

    def __init__(self, folder: Path) -> None:
        self.name, self.folder = folder.name, folder
        self.claim = json.loads((folder / "benchmark.json").read_text("utf-8"))
        self.league = pd.read_csv(folder / "league.csv").set_index(["method", "finding", "measure"])
        self.beside = pd.read_csv(folder / "beside.csv").set_index(["method", "finding", "measure"])
        self.methods = [name for name in self.claim["methods"] if name not in CONTROLS]
        self.methods = [name for name in self.methods if (name, ALL, "iou") in self.league.index]

    def section(self) -> str:
        """Everything about it."""
        model, _, dataset = self.name.partition("-on-")
        films = int(self.league.loc[(PRIOR, ALL, "iou"), "films"])
        return "\n".join(
            [
                f"## `{model}` on `{dataset}`\n",
                f"{films} films. Sent and hidden as follows; all else is as the method has it by default.\n",
                *self._held_out(),
                *self._settings(),
                *self._not_measured(),
                "",
                self._overall(),
                "",
                self._verdict(),
                "",
                *self._by_finding(),
                "",
            ]
        )

    def _held_out(self) -> Iterator[str]:
        """Say whether the model met these films, as the page of the app does."""
        model, _, dataset = self.name.partition("-on-")
        if (card := MODELS / f"{model}.json").is_file():
            provenance = json.loads(card.read_text("utf-8"))["provenance"]
            films = open_dataset(dataset) if dataset in BUILT_IN else None
            yield f"{held_out(provenance, read_scores(self.folder), dataset, films)}\n"

    def _settings(self) -> Iterator[str]:
        for method in self.methods:
            told = [
                f"{value:,} {name}" if isinstance(value, int) and not isinstance(value, bool) else f"{name} {value}"
                for name, value in self.claim["settings"][method].items()
                if name in ("evaluations", "samples", "places", "window", "regions", "baseline")
                and value not in ("", 0)
            ]
            yield f"- `{method}`: {', '.join(told) or 'nothing to set'}"

    def _not_measured(self) -> Iterator[str]:
        missing = [name for name in EXPLAINERS if name not in (*self.methods, *CONTROLS)]
        if missing:
            yield f"\nNot in this league yet, so that nothing is known of them here: {_list(missing)}."

    def _overall(self) -> str:
        heads = [*(MEASURES[name] for name in SHOWN), *(f"{MEASURES[name]} ahead of prior" for name in SHOWN)]
        lines = [f"| map | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
        for method in (*self.methods, *CONTROLS):
            cells = [_with_interval(self.league.loc[(method, ALL, name)], "value") for name in SHOWN]
            cells += ["" if method == PRIOR else self._ahead(method, ALL, name) for name in SHOWN]
            title = f"*{method}*" if method in CONTROLS else method
            lines.append(f"| {title} | {' | '.join(cells)} |")
        return "\n".join(lines)

    def _ahead(self, method: str, finding: str, measure: str) -> str:
        return _with_interval(self.beside.loc[(method, finding, measure)], "ahead", "+")

    def _verdict(self) -> str:
        ahead = [name for name in self.methods if all(self.stands(name, ALL, measure) > 0 for measure in BOTH)]
        verdict = (
            f"**Above the prior in pointing and IoU over all findings** (both intervals above 0): {_list(ahead)}."
            if ahead
            else "**No method is above the prior in both pointing and IoU over all findings** (both intervals above 0)."
        )
        return f"{verdict} {self._energy()}"

    def _energy(self) -> str:
        """Say how methods stand in energy: one may point well and strew most of its evidence elsewhere."""
        words = {1: "above it", -1: "below it", 0: "not to be told from it"}
        by = {sign: [name for name in self.methods if self.stands(name, ALL, "energy") == sign] for sign in words}
        told = [f"{words[sign]} {_list(names)}" for sign, names in by.items() if names]
        return f"**In energy**, the share of all evidence that lies on the finding: {'; '.join(told)}."

    def stands(self, method: str, finding: str, measure: str) -> int:
        """Say whether a method is above the prior (1), below it (−1), or nobody knows (0), by its 95 % interval."""
        row = self.beside.loc[(method, finding, measure)]
        return int(row["low"] > 0) - int(row["high"] < 0)

    def _by_finding(self) -> Iterator[str]:
        yield "By finding, against the prior (paired, film by film):\n"
        known = self.beside["films"].xs("iou", level="measure")
        for method in self.methods:
            found = [name for name in known[method].index if name != ALL and known[method][name] >= FEWEST]
            few = [name for name in known[method].index if name != ALL and known[method][name] < FEWEST]
            told = []
            for measure in BOTH:
                by = {
                    sign: [name for name in found if self.stands(method, name, measure) == sign] for sign in (1, 0, -1)
                }
                said = [
                    f"{word} {self._findings(method, by[sign], measure)}"
                    for sign, word in ((1, "above it for"), (-1, "below it for"), (0, "not to be told from it for"))
                    if by[sign]
                ]
                told.append(f"{MEASURES[measure]} {'; '.join(said)}")
            rest = f" Fewer than {FEWEST} films, nothing is said: {_list(few)}." if few else ""
            yield f"- **{method}**: {'. '.join(told)}.{rest}"

    def _findings(self, method: str, names: Sequence[str], measure: str) -> str:
        """List findings, the farthest from the prior first, each with its lead and the films behind it."""
        rows = sorted(
            ((self.beside.loc[(method, name, measure)], name) for name in names), key=lambda one: -abs(one[0].ahead)
        )
        return ", ".join(f"{name} ({_with_interval(row, 'ahead', '+')}, {int(row['films'])})" for row, name in rows)


def defaults(table: pd.DataFrame) -> str:
    """Write what defaults were chosen by."""
    parts = ["## What the defaults were chosen by\n"]
    for half, part in table.groupby("half", sort=False):
        parts.append(f"{HALVES[half]}; in brackets how far ahead of the first of its method, on the same films:\n")
        names = list(part["measure"].unique())
        parts += [f"| map | sent | films (findings) | {' | '.join(names)} |", "|---" * (3 + len(names)) + "|"]
        for variant, own in part.groupby("variant", sort=False):
            rows, first = own.set_index("measure"), own.iloc[0]
            cells = [_number(rows.at[name, "value"]) + _lead(rows.loc[name]) for name in names]
            counted = f"{first['sent']:.0f} | {first['films']} ({first['cases']})"
            parts.append(f"| {variant} | {counted} | {' | '.join(cells)} |")
        parts += ["", *_told(part), ""]
    return "\n".join(parts)


def _told(part: pd.DataFrame) -> Iterator[str]:
    """Say in which measures each variant is ahead or behind, by its 95 % interval."""
    for variant, own in part[part["ahead"].notna()].groupby("variant", sort=False):
        better, worse = list(own["measure"][own["low"] > 0]), list(own["measure"][own["high"] < 0])
        if "smoothed" not in variant:
            said = [f"{word} {_list(names)}" for word, names in (("better in", better), ("worse in", worse)) if names]
            yield f"- {variant}: {'; '.join(said) or 'not to be told from the first'}"


def _lead(row: pd.Series) -> str:
    return "" if pd.isna(row["ahead"]) else f" ({_with_interval(row, 'ahead', '+')})"


def _with_interval(row: pd.Series, column: str, sign: str = "") -> str:
    return f"{_number(row[column], sign)} [{_number(row['low'], sign)}, {_number(row['high'], sign)}]"


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign}.2f}".replace("-0.00", "0.00").replace("+0.00", "0.00").replace("-", "−")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def with_measured(page: str) -> str:
    """Put what was measured between the marks of the page."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + "\n" + measured() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(with_measured(PAGE.read_text("utf-8")), "utf-8")
