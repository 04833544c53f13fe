"""Colours of the figures, readable on either theme."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.page.palette import FINDING_COLORS, theme_ink

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
    ink = theme_ink(theme)
    return Colors(ink.ink, ink.quiet, ink.paper, ink.readable(FINDING_COLORS.get(finding, CLASS_COLOR)))


def see_through(color: str, opacity: float) -> str:
    """Give a colour with some of the ground behind it."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
