"""The teacher's side of a room: a part of a page that speaks to the room's own addresses, without a run of Python."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.components.bundle import bundle

_FOLDER = Path(__file__).with_suffix("")

_component = st.components.v2.component(
    "lightbox_room",
    html=(_FOLDER / "room.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "room.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "room.js"),
)


def teacher_room(api: str, *, refusal: str, is_here: bool) -> None:
    """Show the room that this browser holds, or offer to open one.

    Parameters
    ----------
    api : str
        Where the app's own addresses begin.
    refusal : str
        Why this visitor may not open one; empty for who may.
    is_here : bool
        Whether the server answers this machine alone.
    """
    _component(data={"api": api, "may": not refusal, "refusal": refusal, "isHere": is_here}, key="room")
