"""One fixed colour for each finding and each outcome, the same on every page."""

from __future__ import annotations

import streamlit as st

FINDING_COLORS = {
    "Atelectasis": "#7aa6ff",
    "Cardiomegaly": "#ff8f70",
    "Effusion": "#47c9d8",
    "Infiltration": "#c9a0ff",
    "Mass": "#ff6f91",
    "Nodule": "#ffb3c6",
    "Pneumonia": "#9ad36a",
    "Pneumothorax": "#5fb0f0",
    "Consolidation": "#e0c068",
    "Edema": "#4fd1a5",
    "Emphysema": "#ffa630",
    "Fibrosis": "#b8a38a",
    "Pleural_Thickening": "#a8b5c7",
    "Hernia": "#e59be0",
}
OTHER_COLOR = "#9aa4b2"
OUTCOME_COLORS = {"TP": "#3cbfc7", "FP": "#ff6657", "FN": "#c18aff", "TN": "#7d8ba1"}
"""Of what a model says of a film beside its label, for a dark ground; letters or words always stand beside them."""
DARKER = 0.62  # how bright a colour is on white paper


def outcome_colors(theme: str | None = None) -> dict[str, str]:
    """Give the colours of the four outcomes, readable as text on the page.

    Parameters
    ----------
    theme : {"dark", "light"}, optional
        That of the visitor's browser where not given.
    """
    theme = theme or st.context.theme.type or "dark"
    return {name: on_paper(color) if theme == "light" else color for name, color in OUTCOME_COLORS.items()}


def on_paper(color: str) -> str:
    """Darken a colour that was made for a dark ground."""
    return "#" + "".join(f"{round(int(color[at : at + 2], 16) * DARKER):02x}" for at in (1, 3, 5))
