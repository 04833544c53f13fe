"""What a model's card says, for people."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

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
    test = card.performance.get("test") or {}
    measured = (test.get("findings") or {}).get(name) or {}
    return {
        "Finding": finding_label(name),
        "AUROC on test films": _interval(measured),
        "Positives": str(measured.get("positives", "")),
        "Threshold": percent(card.threshold(name).value),
        "In training": percent(card.prevalence[name]) if name in card.prevalence else "",
    }


def _interval(measured: dict[str, Any]) -> str:
    try:
        return f"{measured['auroc']:.2f} [{measured['auroc_low']:.2f}, {measured['auroc_high']:.2f}]"
    except (KeyError, TypeError, ValueError, OverflowError):  # performance is free-form in a card
        return "not measured"
