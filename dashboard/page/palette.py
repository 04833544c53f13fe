"""Colours of the themes, and a fixed one for each finding and each outcome, the same on every page."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Ink:
    """What figures are drawn with, in one theme.

    Attributes
    ----------
    ink, quiet, paper, accent : str
        Of text and markers, of what stands back, of the ground, and of what can be pressed.
    is_dark : bool
    """

    ink: str
    quiet: str
    paper: str
    accent: str
    is_dark: bool

    def readable(self, color: str) -> str:
        """Give a colour that was made for a dark ground such that it is readable on this one."""
        return color if self.is_dark else on_paper(color)

    def of(self, finding: str) -> str:
        """Give the colour of a finding or any other output."""
        return self.readable(FINDING_COLORS.get(finding, OTHER_COLOR))


# Ink, paper and accent as in `.streamlit/config.toml`.
DARK = Ink("#ececec", OTHER_COLOR, "#0e0f12", "#f0a030", is_dark=True)
LIGHT = Ink("#1a1b1e", "#6b7280", "#fafaf8", "#a05500", is_dark=False)


def theme_ink(theme: str | None = None) -> Ink:
    """Give the colours of a theme.

    Parameters
    ----------
    theme : {"dark", "light"}, optional
        That of the visitor's browser where not given.
    """
    return LIGHT if (theme or st.context.theme.type) == "light" else DARK


def outcome_colors(theme: str | None = None) -> dict[str, str]:
    """Give the colours of the four outcomes, readable as text on the page.

    Parameters
    ----------
    theme : {"dark", "light"}, optional
        That of the visitor's browser where not given.
    """
    ink = theme_ink(theme)
    return {name: ink.readable(color) for name, color in OUTCOME_COLORS.items()}


def on_paper(color: str) -> str:
    """Darken a colour that was made for a dark ground."""
    return "#" + "".join(f"{round(int(color[at : at + 2], 16) * DARKER):02x}" for at in (1, 3, 5))
