"""The page that Streamlit's own scripts fill, with ours before them: they have to be there when those begin."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from dashboard.components.bundle import bundle

_SCRIPT = Path(__file__).with_suffix("") / "front.js"
_STREAMLITS = Path(st.__file__).with_name("static") / "index.html"
_BEFORE = "<title>"


def front_page(steps: Mapping[str, Sequence[str]]) -> str:
    """Give the page that every visit begins with.

    Parameters
    ----------
    steps : mapping of str to sequence of str
        What in the address names another place, by the path of each page.
    """
    start, mark, end = _STREAMLITS.read_text(encoding="utf-8").partition(_BEFORE)
    told = json.dumps({path: list(names) for path, names in steps.items()}).replace("<", "\\u003c")
    ours = f'<script type="application/json" id="lightbox-steps">{told}</script>\n'
    return f'{start}{ours}<script type="module">\n{_script()}</script>\n{mark}{end}'


@cache
def _script() -> str:
    return bundle(_SCRIPT)
