"""The page of a phone in a room: plain HTML, one request, no Streamlit."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from dashboard.components.bundle import bundle

_FOLDER = Path(__file__).with_suffix("")


@cache
def phone_page() -> str:
    """Give the page, the same at every address: scripts find the room's code in it."""
    style, page = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("phone.css", "phone.html"))
    return Template(page).substitute(style=style, script=bundle(_FOLDER / "phone.js"))
