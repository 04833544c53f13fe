"""What the browser is told of the things that a page waits for."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from dashboard.server.page import Page


def page_of(app: AppTest) -> Page:
    """Give the page that a visitor has open."""
    return app.session_state["open_page"]


def lines(app: AppTest) -> dict[str, list[dict]]:
    """Give what stands in each line of the page, by group."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    return {
        one["group"]: one["standing"]["groups"][one["group"]]["items"]
        for one in sent
        if {"standing", "help"} <= one.keys()
    }
