"""What of the page tells the truth about a film, and what stands in its place while the truth is hidden.

The switch is the viewer's, so that it works at once: everything comes to the browser in two ways, and the viewer says
on the page's root, ``<html data-truth="on">``, which of them is shown.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

TOLD, PLAIN = "truth_told", "truth_plain"  # how the keys of the containers begin
STYLE = f"""<style>
html:not([data-truth="on"]) [class*="st-key-{TOLD}"] {{ display: none; }}
html[data-truth="on"] [class*="st-key-{PLAIN}"] {{ display: none; }}
</style>"""


def both_ways(place: Any, key: str) -> tuple[Any, Any]:
    """Give two containers at one place: one is seen while the truth is shown, the other while it is hidden."""
    return place.container(key=f"{TOLD}_{key}"), place.container(key=f"{PLAIN}_{key}")


def hide_by_switch() -> None:
    """Have the switch show one of each such pair; once a page."""
    st.html(STYLE)
