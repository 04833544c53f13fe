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


# Streamlit's script looks for its server below the address of the page first, where there is none: two answers 404 on
# each visit that begins there. Told what that address is, it asks there at once.
_SERVER = """<script>
if (%s.includes(location.pathname.split("/").pop()))
  window.__streamlit = {BACKEND_BASE_URL: new URL(".", location.href).href};
</script>
"""


def front_page(steps: Mapping[str, Sequence[str]], below: Sequence[str] = ()) -> str:
    """Give the page that every visit begins with.

    Parameters
    ----------
    steps : mapping of str to sequence of str
        What in the address names another place, by the path of each page.
    below : sequence of str
        The pages that lie below the first one, as the end of their paths.
    """
    start, mark, end = _STREAMLITS.read_text(encoding="utf-8").partition(_BEFORE)
    told = json.dumps({path: list(names) for path, names in steps.items()}).replace("<", "\\u003c")
    ours = f'<script type="application/json" id="lightbox-steps">{told}</script>\n'
    return f'{start}{ours}{_SERVER % json.dumps(list(below))}<script type="module">\n{_script()}</script>\n{mark}{end}'


@cache
def _script() -> str:
    return bundle(_SCRIPT)
