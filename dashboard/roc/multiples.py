"""All findings at a glance: a small ROC curve each, with its AUROC; any of them opens large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.components.bundle import bundle
from dashboard.roc.colors import colors
from dashboard.roc.data import Row
from dashboard.roc.numbers import NONE, area, area_interval
from xai.findings import finding_label

_FOLDER = Path(__file__).parents[1] / "components" / "overview"
_component = st.components.v2.component(
    "lightbox_roc_overview",
    html=(_FOLDER / "overview.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "overview.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "overview.js"),
)


def show_multiples(rows: Sequence[Row], chosen: str, open_: Callable[[str], None]) -> None:
    """Show the overview.

    Parameters
    ----------
    rows : sequence of Row
        In the order wanted.
    chosen : str
        The finding that is large.
    open_ : callable
        Called with the finding that was clicked, before the next run.
    """

    def opened() -> None:
        open_(st.session_state.roc_overview.opened)

    _component(
        data={"items": [item(row) for row in rows], "chosen": chosen}, key="roc_overview", on_opened_change=opened
    )


def item(row: Row) -> dict[str, Any]:
    """Give what the browser needs of one finding."""
    name = finding_label(row.finding)
    common = {"finding": row.finding, "name": name, "problem": bool(row.problem)}
    if row.problem:
        said = {"auroc": NONE, "more": row.problem, "points": [], "color": "", "alt": f"{name}: {row.problem}"}
        return common | said
    points = np.stack([row.curve.false_positive_rate, row.curve.true_positive_rate], axis=1)
    return common | {
        "auroc": area(row.auroc),
        "more": area_interval(row.auroc),
        "points": points.round(3).tolist(),
        "color": colors(row.finding).finding,
        "alt": f"{name}: AUROC {area(row.auroc)}, 95\u00a0% interval {area_interval(row.auroc)}, "
        f"{row.auroc.positives:,} films with it and {row.auroc.negatives:,} without",
    }
