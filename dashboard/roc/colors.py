"""Colours of the figures, readable on either theme."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.page.palette import FINDING_COLORS, OTHER_COLOR, on_paper

CLASS_COLOR = "#7aa6ff"  # of an output that is no finding; the grey of others is that of what stands back here


@dataclass(frozen=True)
class Colors:
    """What the figures are drawn with.

    Attributes
    ----------
    ink, quiet, paper : str
        Of text and markers, of what stands back, and of the ground.
    finding : str
        The finding's own.
    """

    ink: str
    quiet: str
    paper: str
    finding: str


def colors(finding: str, theme: str | None = None) -> Colors:
    """Give the colours of a finding's figures.

    Parameters
    ----------
    finding : str
    theme : {"dark", "light"}, optional
        That of the visitor's browser where not given.
    """
    theme = theme or st.context.theme.type or "dark"
    own = FINDING_COLORS.get(finding, CLASS_COLOR)
    if theme == "light":
        return Colors("#1a1b1e", "#6b7280", "#fafaf8", on_paper(own))
    return Colors("#ececec", OTHER_COLOR, "#0e0f12", own)


def see_through(color: str, opacity: float) -> str:
    """Give a colour with some of the ground behind it."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
