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
