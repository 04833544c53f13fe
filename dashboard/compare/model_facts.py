"""What a model's card says, for people."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.page.card_figures import at, number
from dashboard.page.glossary import explained
from dashboard.page.words import escape, percent
from xai.cards.model_card import ModelCard
from xai.findings import finding_label


def model_facts(card: ModelCard, engine: str) -> None:
    """Show what a model is, how good it was measured to be, the threshold of each finding, and what runs it."""
    st.markdown(f"**{escape(card.name)}**")
    if card.summary:
        st.markdown(escape(card.summary), help=explained(card.summary))
    rows = [_row(card, name) for name in card.outputs]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content")
    st.caption(
        "AUROC: the chance that a film with the finding gets a higher score than one without; 0.5 is guessing. "
        "In brackets its 95\u00a0% interval. Threshold: the probability from which a finding counts as flagged."
    )
    rules = {card.threshold(name).rule for name in card.outputs}
    chosen = "How the thresholds were chosen: " + "; ".join(sorted(rules))
    st.caption(escape(chosen), help=explained(chosen))
    st.caption(f"Engine: {escape(engine)}")


def _row(card: ModelCard, name: str) -> dict[str, str]:
    measured = at(card.performance, "test", "findings", name)
    positives = number(at(measured, "positives"))
    return {
        "Finding": finding_label(name),
        "AUROC on test films": _interval(measured),
        "Positives": "" if positives is None else f"{positives:.0f}",
        "Threshold": percent(card.threshold(name).value),
        "In training": percent(card.prevalence[name]) if name in card.prevalence else "",
    }


def _interval(measured: Any) -> str:
    """Say an area with its interval, where a card, which is free in what it measures, has all three as numbers."""
    area, low, high = (number(at(measured, key)) for key in ("auroc", "auroc_low", "auroc_high"))
    return "not measured" if area is None or low is None or high is None else f"{area:.2f} [{low:.2f}, {high:.2f}]"
