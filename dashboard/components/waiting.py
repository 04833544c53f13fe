"""A line for what a page waits for, kept up to date by the browser alone: words, progress, Cancel, Try again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

from dashboard.components.bundle import bundle

_FOLDER = Path(__file__).with_suffix("")

_component = st.components.v2.component(
    "lightbox_waiting",
    html=(_FOLDER / "waiting.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "waiting.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "waiting.js"),
)


def waiting(page: str, group: str, standing: Mapping[str, Any], *, help: str = "") -> ComponentResult:
    """Show how a group of what a page waits for stands.

    The browser hears of it on the page's own channel, and tells that what the visitor does. The page runs again once
    something of the group has ended, failed or was stopped, or is made after all.

    Parameters
    ----------
    page : str
        Address of the page's channel.
    group : str
        What the channel calls it.
    standing : mapping
        How all that the page waits for stands, as its channel tells it.
    help : str
        What Cancel does.
    """
    data = {"page": page, "group": group, "standing": standing, "help": help}
    return _component(data=data, key=f"waiting {group}", on_changed_change=_nothing)


def states(standing: Mapping[str, Any], group: str) -> set[str]:
    """Give the states of what a group waits for.

    Show a group by the very ``standing`` that these are of: the browser asks for a run when they are no longer so.
    """
    return {item["state"] for item in standing["groups"][group]["items"]}


def _nothing() -> None:
    """Answer a change that the page looks up itself: Streamlit declares a trigger by its callback."""
