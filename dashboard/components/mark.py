"""A film on which a visitor marks one place, by pointer, finger or keys, within a time or without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

from dashboard.components.bundle import bundle

_FOLDER = Path(__file__).with_suffix("")

_component = st.components.v2.component(
    "lightbox_mark",
    html=(_FOLDER / "mark.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "mark.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "mark.js"),
)


def mark(
    id: str,
    address: str,
    label: str,
    aspect: float,
    *,
    seconds: int,
    key: str,
    on_marked_change: Callable[[], None],
    gone: float = 0,
) -> ComponentResult:
    """Show a film to mark.

    Parameters
    ----------
    id : str
        Of what is asked; another one begins anew.
    address : str
        Where the browser fetches the film.
    label : str
        What is asked, for a screen reader too.
    aspect : float
        The film's width over its height.
    seconds : int
        After which the place is taken as it is, or none; 0 for as long as one likes.
    key : str
    on_marked_change : callable
        Called before the run in which ``marked`` is a mapping of ``id``, ``x`` and ``y``; see `place_of`.
    gone : float
        How many of the seconds are over, when the page is loaded again.
    """
    data = {"id": id, "address": address, "label": label, "aspect": aspect, "seconds": seconds, "gone": round(gone, 1)}
    return _component(data=data, key=key, on_marked_change=on_marked_change)


def place_of(marked: Any, id: str) -> tuple[float, float] | None:
    """Read what a browser sent for a question: fractions of the film's width and height; None where there is no place.

    Raises
    ------
    ValueError
        If it answers another question, or is nothing that the component sends.
    """
    if not isinstance(marked, dict) or marked.get("id") != id:
        raise ValueError("this marks nothing that was asked")
    x, y = marked.get("x"), marked.get("y")
    if x is None and y is None:
        return None
    return _share(x), _share(y)


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a place on a film has two numbers from 0 to 1")
    return float(value)
