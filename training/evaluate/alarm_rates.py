"""How often the shortcut alarm is right: the table that comes with the app, measured on models whose truth is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from training.evaluate.rates import Share, share
from xai.built_in import ASSETS

RATES_FILE = ASSETS / "leagues" / "shortcut-alarm.csv"
KINDS = ("strong", "weak", "clean")
ARCHITECTURES = {  # of the study, and what their last cells see
    "deep": "Deep ones, whose every last cell sees the whole film, much as those of lightbox",
    "shallow": "Shallow ones, whose last cells see half of each side",
}
MEASURES = {  # beginnings of the columns of each; that of the page has none
    "": "regions hidden by the blurred film",
    "mean_": "regions hidden by the mean film",
    "layercam_": "LayerCAM",
    "gradcam_": "Grad-CAM",
}


@cache
def read_models(path: Path = RATES_FILE) -> pd.DataFrame:
    """Read the study: one row a model, with what was planted, what that does, and what the alarm said.

    Columns ``architecture`` (one of `ARCHITECTURES`), ``start`` (networks of one architecture and start began with the
    same weights), ``kind`` (one of `KINDS`), ``object``, ``effect`` (logits), and
    for each of `MEASURES`, behind its beginning, ``verdict``, ``region``, ``right`` (whether the region named is where
    the object lies).
    """
    return pd.read_csv(path, keep_default_na=False)


def named_rightly(models: pd.DataFrame, kind: str, measure: str = "") -> Share:
    """Say of how many models with a shortcut of a kind the alarm named the region where it lies."""
    some = models[models["kind"] == kind]
    return share(int(some[f"{measure}right"].sum()), len(some))


def found(models: pd.DataFrame, kind: str, measure: str = "") -> Share:
    """Say how many models of a kind the alarm accused, rightly or wrongly."""
    some = models[models["kind"] == kind]
    return share(int((some[f"{measure}verdict"] == "found").sum()), len(some))


def right_by_start(models: pd.DataFrame, kind: str) -> Share:
    """Say with how many starts the alarm was right of every network of a kind: strong ones named, clean ones not.

    Networks of one start resemble each other; starts do not, so that this interval claims less than one over networks.
    """
    some = models[models["kind"] == kind]
    right = some["verdict"] != "found" if kind == "clean" else some["right"] == 1
    starts = right.groupby([some["architecture"], some["start"]]).all()
    return share(int(starts.sum()), len(starts))


def starts_table(models: pd.DataFrame) -> str:
    """Write in Markdown with how many starts the alarm was right of all their networks."""
    rows = ["| networks | starts | right of all their networks |", "|---|---|---|"]
    for architecture in ARCHITECTURES:
        for kind in ("strong", "clean"):
            one = right_by_start(models[models["architecture"] == architecture], kind)
            rows.append(f"| {architecture}: {_kind_words(kind)} | {one.of} | {_written(one)} |")
    return "\n".join(rows)


def rates_table(models: pd.DataFrame) -> str:
    """Write the study as a table in Markdown: by architecture and kind, and the shortcuts by object."""
    rows = ["| networks | how many | accused | named rightly |", "|---|---|---|---|"]
    for architecture in ARCHITECTURES:
        some = models[models["architecture"] == architecture]
        rows += [_row(f"{architecture}: {_kind_words(kind)}", some, kind) for kind in KINDS]
    whose = models["object"].str.split("_").str[0]  # a border is one kind, whichever edge
    for kind in KINDS[:2]:
        names = sorted(set(whose[models["kind"] == kind]))
        rows += [_row(f"both: {kind} {name}", models[whose == name], kind) for name in names]
    return "\n".join(rows)


def measures_table(models: pd.DataFrame) -> str:
    """Write in Markdown what other measures of the regions would have found on the same networks."""
    kinds = [(architecture, kind) for architecture in ARCHITECTURES for kind in ("strong", "clean")]
    titles = [f"{one}: {'strong, named rightly' if kind == 'strong' else 'clean, accused'}" for one, kind in kinds]
    rows = [f"| measure | {' | '.join(titles)} |", "|---" * (1 + len(kinds)) + "|"]
    for measure, title in MEASURES.items():
        shares = []
        for architecture, kind in kinds:
            some = models[models["architecture"] == architecture]
            shares.append((named_rightly if kind == "strong" else found)(some, kind, measure))
        rows.append(f"| {title} | {' | '.join(f'{one.count} of {one.of}' for one in shares)} |")
    return "\n".join(rows)


def _kind_words(kind: str) -> str:
    return kind if kind == "clean" else f"{kind} shortcut"


def _row(title: str, models: pd.DataFrame, kind: str) -> str:
    accused, right = found(models, kind), named_rightly(models, kind)
    return f"| {title} | {accused.of} | {_written(accused)} | {'' if kind == 'clean' else _written(right)} |"


def _written(one: Share) -> str:
    return f"{one.count} ({100 * one.value:.0f} %, {100 * one.low:.0f} to {100 * one.high:.0f})"
