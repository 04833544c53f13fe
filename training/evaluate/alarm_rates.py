"""How often the shortcut alarm is right: the table that comes with the app, measured on models whose truth is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from training.evaluate.rates import Share, share
from xai.built_in import ASSETS

RATES_FILE = ASSETS / "leagues" / "shortcut-alarm.csv"
KINDS = ("strong", "weak", "clean")


@cache
def read_models(path: Path = RATES_FILE) -> pd.DataFrame:
    """Read the study: one row a model, with what was planted, what that does, and what the alarm said.

    Columns ``kind`` (one of `KINDS`), ``object``, ``effect`` (logits), ``verdict``, ``region``, ``right`` (whether the
    region named is where the object lies).
    """
    return pd.read_csv(path, keep_default_na=False)


def named_rightly(models: pd.DataFrame, kind: str) -> Share:
    """Say of how many models with a shortcut of a kind the alarm named the region where it lies."""
    some = models[models["kind"] == kind]
    return share(int(some["right"].sum()), len(some))


def found(models: pd.DataFrame, kind: str) -> Share:
    """Say how many models of a kind the alarm accused, rightly or wrongly."""
    some = models[models["kind"] == kind]
    return share(int((some["verdict"] == "found").sum()), len(some))


def rates_table(models: pd.DataFrame) -> str:
    """Write the study as a table in Markdown: by kind, and the strong shortcuts by object."""
    rows = [
        "| networks | how many | accused | named rightly |",
        "|---|---|---|---|",
        *(_row(f"{kind} shortcut", models[models["kind"] == kind]) for kind in KINDS[:2]),
        _row("clean", models[models["kind"] == "clean"]),
    ]
    strong = models[models["kind"] == "strong"]
    whose = strong["object"].str.split("_").str[0]  # a border is one kind, whichever edge
    rows += [_row(f"strong: {name}", strong[whose == name]) for name in sorted(whose.unique())]
    return "\n".join(rows)


def _row(title: str, some: pd.DataFrame) -> str:
    is_clean = (some["kind"] == "clean").all()
    accused, right = (
        share(int((some["verdict"] == "found").sum()), len(some)),
        share(int(some["right"].sum()), len(some)),
    )
    return f"| {title} | {len(some)} | {_written(accused)} | {'' if is_clean else _written(right)} |"


def _written(one: Share) -> str:
    return f"{one.count} ({100 * one.value:.0f} %, {100 * one.low:.0f} to {100 * one.high:.0f})"
