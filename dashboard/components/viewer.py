"""The light box: a film and its maps side by side, chosen, zoomed and windowed in the browser.

Python sends words, and names of parts that the browser fetches, windows and colours. What is not there yet comes by
itself: the browser listens to the page's channel, and tells it what the visitor chooses.

The payload is plain JSON. `dashboard.components.payload` builds its parts; :func:`viewer` checks and shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

from dashboard.components.bundle import bundle
from dashboard.components.controls import control, key_rows, word_rows
from dashboard.components.display import CHOICES, DISPLAY, DISPLAY_SETTINGS, RANGES, checked_display
from dashboard.page.terms import TERMS

__all__ = ["CHOICES", "DISPLAY", "RANGES", "checked_display", "viewer"]
OPTIONAL: Mapping[str, Any] = MappingProxyType(
    {
        "outputs": "findings",
        "input": None,
        "masks": None,
        "truth": {},
        "drawn_by": {},
        "without": [],
        "heard": 0,
        "model": "",
        "about": "",
        "sides": None,
        "films": 0,
        "questions": [],
        "introduces": False,
        "grid": [],
        "beside": None,
        "hand": None,
        "blind": False,
        "doubted": False,
        "lesson": None,
    }
)
_FOLDER = Path(__file__).with_suffix("")


def _html() -> str:
    """Give the page part, its controls made from the table of settings."""
    controls = {name: control(setting) for name, setting in DISPLAY_SETTINGS.items()}
    page = Template((_FOLDER / "viewer.html").read_text(encoding="utf-8"))
    dock = (_FOLDER / "dock.html").read_text(encoding="utf-8")
    return page.substitute(controls, keys=key_rows(DISPLAY_SETTINGS.values()), words=word_rows(TERMS), dock=dock)


_component = st.components.v2.component(
    "lightbox_viewer",
    html=_html(),
    css="".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("viewer.css", "dock.css", "present.css")),
    js=bundle(_FOLDER / "viewer.js"),
)


def viewer(
    data: Mapping[str, Any],
    *,
    key: str,
    on_back_change: Callable[[], None] | None = None,
    on_twin_change: Callable[[], None] | None = None,
) -> ComponentResult:
    """Show a light box.

    The browser leads: what a visitor chooses in it goes to the page's own channel (`dashboard.server`), and no run of
    the page is needed for it. It takes over ``data["selected"]`` and ``data["display"]`` when they change, but not
    while it has sent something newer than ``data["heard"]``. Sending the same again on every run is right.

    Parameters
    ----------
    data : mapping
        ``film``, ``findings``, ``panels``, ``luts``; ``selected``, the finding that the visitor chose or None;
        ``page``, the address of the page's channel, ``group``, what it calls what this light box waits for, and
        ``standing``, how that stands; optionally ``outputs`` (what to call the findings: ``"findings"`` or
        ``"classes"``), ``input``, ``masks`` (parts), ``truth`` (boxes by finding, in fractions of the film),
        ``drawn_by`` (who drew boxes or masks, in words by finding),
        ``without`` (what the twin that is shown lacks), ``display`` (entries of :data:`DISPLAY` to start from),
        ``heard`` (how many choices Python knows of), ``model`` and ``about`` (its name and what to say of it),
        ``sides`` (the patient's on the film's left and right, such as ``("R", "L")``; None where they are not known),
        ``films`` (how many a contact sheet of films would show), ``questions`` to a newcomer, and ``introduces``,
        whether these stand open until the visitor has put them away, ``grid`` (findings to show at once), ``beside`` (a
        second model, whose answers and maps are waited for as "beside answers", "beside METHOD"), ``hand`` (what is
        hidden by hand: ``areas``, ``shows`` and ``baselines``), ``blind`` (whether the maps go without their names
        until the truth is shown), ``doubted`` (whether the page says above that an answer about this film is doubtful),
        ``lesson`` (the step of a lesson that is given here).
    key : str
        Streamlit's key of this light box.
    on_back_change : callable, optional
        Called before the run that the browser's Back starts; ``back`` then holds the query of the address.
    on_twin_change : callable, optional
        Called before the run that a wish for a twin starts; ``twin`` then names what it shall lack.

    Returns
    -------
    ComponentResult

    Raises
    ------
    ValueError
        Where the data contradicts itself.
    """
    payload = {**OPTIONAL, **data, "display": checked_display(data.get("display", {}))}
    _check_selected(payload)
    return _component(
        data=payload, key=key, on_back_change=on_back_change or _nothing, on_twin_change=on_twin_change or _nothing
    )


def _check_selected(payload: Mapping[str, Any]) -> None:
    names = [finding["name"] for finding in payload["findings"]]
    if payload["selected"] not in (None, *names):
        raise ValueError(f"The chosen finding is one of {', '.join(names)}, not {payload['selected']!r}.")


def _nothing() -> None:
    """Answer a change that the page does not ask about: Streamlit declares a trigger by its callback."""
