"""Two or more models on the same films, and whether they differ."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from dashboard.page.glossary import explained
from dashboard.page.words import escape, signed
from dashboard.roc import numbers
from dashboard.roc.scene import Scene
from training.evaluate.compare import Paired
from training.evaluate.met_words import met_words
from xai.findings import finding_label

MEANING = (
    "Each row takes the films that both predicted. The interval and p are of the difference in AUROC: DeLong's test, "
    "which knows that both models saw the same films, and, where patients have several films, that these are alike. "
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
        st.caption(escape(f"{other.judged.model}: {met_words(other.judged)}"))


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
                "p": p_value(test.p),
                "films": f"{test.films:,}",
            }
        )
    return pd.DataFrame(rows)


def verdict(scene: Scene, name: str, test: Paired) -> str:
    """Say what a test says."""
    finding, ours, theirs = finding_label(scene.finding), escape(scene.home.predictions), escape(name)
    if math.isnan(test.p):
        return f"{ours} and {theirs}: too few films of either kind to test."
    better, worse = (ours, theirs) if test.difference > 0 else (theirs, ours)
    if test.p >= 0.05:
        return (
            f"For {finding}, **{ours} and {theirs} cannot be told apart** on these {test.films:,} films "
            f"(p = {p_value(test.p)}). That is no proof that they are equal."
        )
    return (
        f"For {finding}, **{better} ranks better than {worse}** on these {test.films:,} films: "
        f"{abs(test.difference):.3f} of AUROC (p {p_value(test.p)})."
    )


def difference(value: float) -> str:
    """Write a difference of AUROCs."""
    return numbers.NONE if math.isnan(value) else signed(value, 3)


def p_value(p: float) -> str:
    """Write a p value."""
    if math.isnan(p):
        return numbers.NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
