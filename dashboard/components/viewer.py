"""The light box: a film and its maps side by side, chosen, zoomed and windowed in the browser.

Python sends arrays and words once; the browser decodes, windows and colours them. The finding that the
visitor chooses comes back as ``selected`` at once, how it is shown as ``display`` a moment after the last change.

The payload is plain JSON. `dashboard.components.payload` builds its parts; :func:`viewer` checks and shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any

import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

from dashboard.components.bundle import bundle
from dashboard.components.controls import control, key_rows
from dashboard.components.display import CHOICES, DISPLAY, DISPLAY_SETTINGS, RANGES, checked_display

__all__ = ["CHOICES", "DISPLAY", "RANGES", "checked_display", "viewer"]
_FOLDER = Path(__file__).with_suffix("")


def _html() -> str:
    """Give the page part, its controls made from the table of settings."""
    controls = {name: control(setting) for name, setting in DISPLAY_SETTINGS.items()}
    page = Template((_FOLDER / "viewer.html").read_text(encoding="utf-8"))
    return page.substitute(controls, keys=key_rows(DISPLAY_SETTINGS.values()))


_component = st.components.v2.component(
    "lightbox_viewer",
    html=_html(),
    css=(_FOLDER / "viewer.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "viewer.js"),
)


def viewer(
    data: Mapping[str, Any],
    *,
    key: str,
    on_selected_change: Callable[[], None] | None = None,
    on_display_change: Callable[[], None] | None = None,
) -> ComponentResult:
    """Show a light box.

    The browser leads: it takes over ``data["selected"]`` and ``data["display"]`` when they change, but not while
    it has sent something newer. Sending the first choice again on every run is right, and so is sending back
    what came. What Python offers does not come back as ``selected``: that is what the visitor chose, by click or key.

    Parameters
    ----------
    data : mapping
        ``film``, ``findings``, ``panels``, ``luts`` and ``selected``; optionally ``outputs`` (what to call the
        findings: ``"findings"`` or ``"classes"``), ``input``, ``truth`` (boxes by finding, in fractions of the
        film), ``masks`` (arrays by finding) and ``display`` (entries of :data:`DISPLAY` to start from).
    key : str
        Streamlit's key of this light box.
    on_selected_change, on_display_change : callable, optional
        Called before the run that a visitor's change starts.

    Returns
    -------
    ComponentResult
        ``selected``, the visitor's last choice, ``{"name": str, "count": int}`` with the count of choices so far, or
        None before the first; and ``display`` (dict) as the visitor has it.

    Raises
    ------
    ValueError
        Where the data contradicts itself.
    """
    chosen = (st.session_state.get(key) or {}).get("selected")
    heard = chosen["count"] if chosen else 0  # the browser waits until Python knows its last choice
    payload = {"outputs": "findings", **data, "display": checked_display(data.get("display", {})), "heard": heard}
    _check_selected(payload)
    _check_maps(payload)
    return _component(
        data=payload,
        key=key,
        default={"selected": None, "display": payload["display"]},
        on_selected_change=on_selected_change or _nothing,
        on_display_change=on_display_change or _nothing,
    )


def _check_selected(payload: Mapping[str, Any]) -> None:
    names = [finding["name"] for finding in payload["findings"]]
    if payload["selected"] not in names:
        raise ValueError(f"The chosen finding is one of {', '.join(names)}, not {payload['selected']!r}.")


def _check_maps(payload: Mapping[str, Any]) -> None:
    expected = len(payload["findings"])
    for panel in payload["panels"]:
        for part in ("maps", "native"):
            if panel[part] is not None and panel[part]["shape"][0] != expected:
                got = panel[part]["shape"][0]
                raise ValueError(f"{panel['title']}: expected {part} for {expected} findings, got {got}.")


def _nothing() -> None:
    """Answer a change that the page does not ask about: Streamlit declares a state by its callback."""
