"""The shortcut lab in words: shares with intervals, how sure, how many films one needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from dashboard.page.words import percent, to_tenth
from training.benchmark.shortcut_files import Lab
from training.benchmark.telling import MOST_FILMS, RIGHT
from xai.explainers import EXPLAINERS
from xai.findings import finding_label
from xai.written import counted

SMALL = 0.001


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Go through the rows of a table; what a cell holds is the business of its column."""
    return iter(table.itertuples())


def interval(value: float, low: float, high: float) -> str:
    """Write a share with its interval."""
    return f"{to_tenth(value)} ({to_tenth(low)} to {to_tenth(high)})"


def chance(value: float) -> str:
    """Write a p value."""
    return f"< {SMALL}" if value < SMALL else f"{value:.3f}"


def number_of_films(value: float) -> str:
    """Write how many films are needed."""
    return f"more than {MOST_FILMS}" if math.isinf(value) else f"{value:.0f}"


def needed(row: Any) -> str:
    """Write how many films a method needs, with its range."""
    if math.isinf(row.few):
        return number_of_films(row.films)
    ends = "" if row.few == row.most else f" ({number_of_films(row.few)} to {number_of_films(row.most)})"
    return f"{number_of_films(row.films)}{ends}"


def verdict(lab: Lab, row: Any, area: float) -> str:
    """Say of a method whether its maps give the leaning model away, and whether anybody would see it."""
    thing, title = lab.claim["thing"], EXPLAINERS[row.Index].title
    clean, leaning = lab.models
    share = f"{to_tenth(row.leaning)} of {leaning}'s evidence lies on the {thing}, {to_tenth(row.clean)} of {clean}'s"
    if not row.auroc_low > 0.5:
        return f"**{title}** does not tell the two models apart: {share}."
    if row.leaning_low <= area:
        return (
            f"**{title}** differs between the two models, but hardly anybody would see it: {share}, and an even map "
            f"would lay {to_tenth(area)} there."
        )
    return f"**{title}** gives it away: {share}; an even map would lay {to_tenth(area)} there."


def methods_table(lab: Lab, told: pd.DataFrame) -> pd.DataFrame:
    """Write the methods as people read them."""
    clean, leaning = lab.models
    rows = [
        {
            "Map": EXPLAINERS[row.Index].title,
            f"On the {lab.claim['thing']}, {clean}": interval(row.clean, row.clean_low, row.clean_high),
            f"On the {lab.claim['thing']}, {leaning}": interval(row.leaning, row.leaning_low, row.leaning_high),
            "p": chance(row.p),
            "Tells apart (AUROC)": f"{row.auroc:.2f} ({row.auroc_low:.2f} to {row.auroc_high:.2f})",
            "Films needed": needed(row),
        }
        for row in rows_of(told)
        if row.Index in EXPLAINERS
    ]
    return pd.DataFrame(rows)


def flags_table(lab: Lab, flags: pd.DataFrame) -> pd.DataFrame:
    """Write what the models flag, with the object and without it."""
    thing, finding = lab.claim["thing"], finding_label(lab.claim["finding"])
    return pd.DataFrame(
        {
            "Model": flags["model"],
            "Films": [
                f"{row.films} {'with' if row.present else 'without'} {finding.lower()}" for row in rows_of(flags)
            ],
            f"Flagged with the {thing}": [interval(row.flags, row.flags_low, row.flags_high) for row in rows_of(flags)],
            "Flagged on the twin without it": [
                interval(row.flags_without, row.flags_without_low, row.flags_without_high) for row in rows_of(flags)
            ],
        }
    )


def flags_sentence(lab: Lab, flags: pd.DataFrame) -> str:
    """Say what taking the object away does to the leaning model."""
    _, leaning = lab.models
    rows = {row.present: row for row in rows_of(flags) if row.model == leaning}
    thing, finding = lab.claim["thing"], finding_label(lab.claim["finding"]).lower()
    said = []
    for present in (True, False):
        if present in rows:
            row, which = rows[present], "with" if present else "without"
            said.append(
                f"Of {row.films} films {which} {finding}, **{leaning}** flags {percent(row.flags)} with the {thing} on "
                f"them and {percent(row.flags_without)} without it."
            )
    return " ".join(said)


def origin(lab: Lab, films: int) -> str:
    """Say what the numbers were measured on and how."""
    claim = lab.claim
    samples = claim["samples"]
    sent = f" Methods that hide parts sent {samples} films each through a model." if samples else ""
    return (
        f"{counted(films, 'simulated film')} of as many patients, each with {finding_label(claim['finding']).lower()} "
        f"and a {claim['thing']}. On the {claim['thing']} means in its box and a 32nd of a side around it. 95 % "
        f"intervals; p is two-sided, by Wilcoxon's signed ranks of the pairs. Films needed: so many that the majority "
        f"of them is right {percent(RIGHT)} of the time, when each is judged by whether the share is above the "
        f"threshold that is best on all other films.{sent}"
    )
