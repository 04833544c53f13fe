"""A page of films as small pictures, to open and to choose; any text in it is shown as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

from dashboard.components.bundle import bundle
from dashboard.page.palette import outcome_colors

_FOLDER = Path(__file__).with_suffix("")


@dataclass(frozen=True)
class Item:
    """One film of the gallery.

    Attributes
    ----------
    id, title : str
        Name, and what stands below the picture.
    src : str
        Where the browser fetches the picture; empty where there is none.
    outcome : {"", "TP", "FP", "FN", "TN"}
        Of the chosen finding.
    answer : str
        Probability of the chosen finding.
    findings : str
        The film's labels.
    written : str
        Tags, and a sign that there is a note.
    alt : str
        All of it in a sentence, for a screen reader and on hovering.
    """

    id: str
    title: str
    src: str = ""
    outcome: str = ""
    answer: str = ""
    findings: str = ""
    written: str = ""
    alt: str = ""


_component = st.components.v2.component(
    "lightbox_gallery",
    html=(_FOLDER / "gallery.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "gallery.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "gallery.js"),
)


def gallery(
    items: Sequence[Item],
    *,
    side: int,
    key: str,
    chosen: Sequence[str] = (),
    turn: int = 0,
    last: str | None = None,
    can_choose: bool = True,
    on_opened_change: Callable[[], None] | None = None,
    on_chosen_change: Callable[[], None] | None = None,
) -> ComponentResult:
    """Show a page of films.

    Parameters
    ----------
    items : sequence of Item
    side : int
        Least width of a picture on the screen, in pixels.
    key : str
    chosen : sequence of str
        Films that are chosen; the browser takes it over on a new page and whenever ``turn`` changes.
    turn : int
    last : str, optional
        The film that was shown large last: it is marked and brought into view.
    can_choose : bool
    on_opened_change, on_chosen_change : callable, optional
        Called before the run in which ``opened`` is a film's id or ``chosen`` the list of those chosen on this page.
    """
    return _component(
        data={
            "items": [asdict(item) for item in items],
            "side": side,
            "chosen": list(chosen),
            "turn": turn,
            "last": last,
            "canChoose": can_choose,
            "outcomes": outcome_colors(),
        },
        key=key,
        on_opened_change=on_opened_change or _nothing,
        on_chosen_change=on_chosen_change or _nothing,
    )


def _nothing() -> None:
    """Answer a change that the page does not ask about: Streamlit declares a trigger by its callback."""
