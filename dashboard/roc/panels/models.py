"""Two or more models on the same films, and whether they differ: in how they rank, and in what they flag."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.download import download
from dashboard.page import side_by_side
from dashboard.page.glossary import explained
from dashboard.page.words import escape, signed
from dashboard.roc import numbers
from dashboard.roc.at_thresholds import at_thresholds
from dashboard.roc.scene import Scene
from dashboard.roc.visit import visit
from dashboard.server.session import offer
from training.evaluate.compare import Paired
from training.evaluate.fair import Pair
from training.evaluate.met_words import met_words
from training.evaluate.side_by_side import METHOD
from xai.findings import finding_label
from xai.machine import file_name

MEANING = (
    "Each row takes the films that both predicted, and that neither or both have met. The interval and p are of the "
    "difference in AUROC: DeLong's test, which knows that both models saw the same films, and, where patients have "
    "several films, that these are alike. "
    "With 14 findings one p in 20 is small by chance alone."
)


def show(scene: Scene) -> None:
    """Show the paired test of each other model against the page's."""
    if not scene.others:
        st.info(
            "Choose other predictions of the same dataset at the top of the page (“Compare with …”) to see them on the "
            "same axes and to test whether they differ. `python -m training predict` makes more.",
            icon=":material/compare_arrows:",
        )
        return
    table = model_table(scene)
    st.dataframe(table, hide_index=True, width="stretch", key="roc_models")
    st.caption(f"{MEANING} {scene.judged.whose.caution}".rstrip(), help=explained(MEANING))
    for name, other in scene.others.items():
        st.markdown(verdict(scene, name, other.paired))
        st.caption(escape(f"{other.pair.words} {other.judged.model}: {met_words(other.judged)}".lstrip()))
    for place, name in enumerate(scene.others):
        _show_thresholds(scene, name, place)


def _show_thresholds(scene: Scene, name: str, place: int) -> None:
    """Show what either flags at its own threshold, and what that changes."""
    both = at_thresholds(scene, name, visit.state)
    st.markdown(f"**At their thresholds: {escape(scene.home.predictions)} and {escape(name)}**")
    st.dataframe(both.table, hide_index=True, width="stretch", key=f"roc_thresholds_{place}")
    said = f"Change is the second less the first, on {both.found.films:,} films. {escape(both.whence)}"
    st.caption(f"{said} {METHOD}", help=explained(f"{said} {METHOD}"))
    if both.differ:
        st.caption(both.differ)
    download(
        "This table as CSV",
        offer(
            f"side by side {place}",
            file_name(f"{scene.home.predictions}-{name}-{scene.finding}-side-by-side.csv".lower()),
            "text/csv",
            lambda: side_by_side.as_csv(both.numbers),
        ),
        key=f"roc_side_by_side_{place}",
        help="Each measure of both with its change, the interval's ends and p, as numbers.",
    )


def model_table(scene: Scene) -> pd.DataFrame:
    """Give a row a model, in words."""
    rows = []
    for name, other in scene.others.items():
        test = other.paired
        rows.append(
            {
                "model": name,
                "its AUROC": f"{numbers.area(test.second)} ({numbers.area_interval(test.second)})",
                f"AUROC of {scene.home.predictions}": (
                    f"{numbers.area(test.first)} ({numbers.area_interval(test.first)})"
                ),
                "difference": difference(test.difference),
                "95\u00a0% interval": f"{difference(test.low)} to {difference(test.high)}",
                "p": side_by_side.p_value(test.p),
                "films": f"{test.films:,}",
            }
        )
    return pd.DataFrame(rows)


def verdict(scene: Scene, name: str, test: Paired) -> str:
    """Say what a test says."""
    finding, ours, theirs = finding_label(scene.finding), escape(scene.home.predictions), escape(name)
    if test.films and same_order(scene.others[name].pair, scene.finding):
        return (
            f"For {finding}, **{ours} and {theirs} rank these {test.films:,} films in the same order**: no test is "
            "needed, their AUROC is the same. What they flag may still differ."
        )
    if math.isnan(test.p):
        return f"{ours} and {theirs}: too few films of either kind to test."
    better, worse = (ours, theirs) if test.difference > 0 else (theirs, ours)
    if test.p >= 0.05:
        return (
            f"For {finding}, **{ours} and {theirs} cannot be told apart by how they rank** on these {test.films:,} "
            f"films (p = {side_by_side.p_value(test.p)}). That is no proof that they are equal."
        )
    return (
        f"For {finding}, **{better} ranks better than {worse}** on these {test.films:,} films: "
        f"{abs(test.difference):.3f} of AUROC (p {side_by_side.p_value(test.p)})."
    )


def same_order(pair: Pair, finding: str) -> bool:
    """Whether two models put the films that count for a finding in the very same order, ties included."""
    both = [one.scores(finding) for one in (pair.first, pair.second)]
    used = ~np.isnan(both[0]) & ~np.isnan(both[1]) & np.isin(pair.first.truth(finding), (0, 1))
    first, second = (np.unique(one[used], return_inverse=True)[1] for one in both)
    return np.array_equal(first, second)


def difference(value: float) -> str:
    """Write a difference of AUROCs."""
    return numbers.NONE if math.isnan(value) else signed(value, 3)
