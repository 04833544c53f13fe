"""What the shortcut lab shows: results that come with the app, read once for all visitors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.server.library import Library
from training.benchmark.shortcut_files import CLAIM_FILE, CONTROLS, Lab, Pictured, read_lab, read_pictured
from training.benchmark.telling import telling
from training.evaluate.rates import wilson
from xai.built_in import BUILT_IN_LEAGUES
from xai.explainers import EXPLAINERS

FOLDER = BUILT_IN_LEAGUES / "shortcut-lab"
ABSENT = (
    "The shortcut lab's results are not here. This command measures them; put its folder where the app keeps its "
    "own, in assets/leagues/shortcut-lab:"
)
COMMAND = "python -m training shortcut-lab --out DIR"


def open_lab(folder: Path | None = None) -> Lab | None:
    """Read the results; None where there are none."""
    folder = FOLDER if folder is None else folder
    claim = folder / CLAIM_FILE
    return _lab(folder, claim.stat().st_mtime) if claim.is_file() else None


def films_of(lab: Lab) -> dict[int, Pictured]:
    """Give the films whose maps come with the app, by place."""
    return _pictured(lab.folder, (lab.folder / CLAIM_FILE).stat().st_mtime)


def told_apart(lab: Lab) -> pd.DataFrame:
    """Say for each method how the shares of both models differ: see `telling`."""
    return _telling(lab.folder, (lab.folder / CLAIM_FILE).stat().st_mtime)


def methods_of(lab: Lab) -> list[str]:
    """Name the methods that there are maps of, without the controls."""
    return [name for name in lab.methods if name in EXPLAINERS and name not in CONTROLS]


def other_models(lab: Lab, library: Library) -> list[str]:
    """Name the models that are no longer those that were measured."""
    models = library.models()
    return [
        name for name, known in lab.claim["models"].items() if name not in models or library.model_id(name) != known
    ]


def flagged(lab: Lab, library: Library) -> pd.DataFrame:
    """Count films that each model flags, with the object and without it, by the threshold of its card.

    Returns
    -------
    DataFrame
        Columns model, present, films, and ``flags`` and ``flags_without``, each a share with ``_low`` and ``_high``:
        Wilson's 95 % interval; ``moved``: the mean change of the logit by the object.
    """
    rows = []
    finding = lab.claim["finding"]
    for (model, present), own in lab.answers.groupby(["model", "present"], sort=False):
        card = library.card(str(model))
        row = {"model": model, "present": bool(present), "films": len(own)}
        for name, column in (("flags", "logit"), ("flags_without", "logit_without")):
            logits = np.zeros((len(own), len(card.outputs)))
            logits[:, card.index(finding)] = own[column]
            share = card.probabilities(logits)[:, card.index(finding)]
            over = int((share >= card.threshold(finding).value).sum())
            low, high = wilson(over, len(own))
            row |= {name: over / len(own), f"{name}_low": float(low), f"{name}_high": float(high)}
        rows.append(row | {"moved": float((own["logit"] - own["logit_without"]).mean())})
    return pd.DataFrame(rows)


@st.cache_resource(max_entries=2, show_spinner=False)
def _lab(folder: Path, stamp: float) -> Lab | None:
    return read_lab(folder)


@st.cache_resource(max_entries=2, show_spinner=False)
def _pictured(folder: Path, stamp: float) -> dict[int, Pictured]:
    lab = read_lab(folder)
    return {} if lab is None else read_pictured(lab)


@st.cache_resource(max_entries=2, show_spinner=False)
def _telling(folder: Path, stamp: float) -> pd.DataFrame:
    lab = read_lab(folder)
    assert lab is not None  # its claim was there just now
    return telling(lab)
