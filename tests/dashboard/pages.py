"""What tests of pages have in common: a server on which nothing is computed, and what a page says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.server.library import Library
from dashboard.server.services import Services
from dashboard.server.shared import shared_services
from tests.conftest import REPOSITORY

APP = REPOSITORY / "dashboard" / "main.py"


class Idle(Services):
    """Services whose jobs nobody works on: what a page shows while it waits, and no TensorFlow."""

    def warm_up(self, model: str) -> None:
        """Leave the machine alone."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.turnstile._next = lambda: None


def serve(patch: pytest.MonkeyPatch, root: Path, give: Callable[[Path], Services]) -> None:
    """Have pages that open from now on use a library, and services of a test's own."""
    st.cache_resource.clear()
    shared_services.cache_clear()
    patch.setattr(sys, "argv", ["app.py", "--library", str(root)])
    patch.setattr("dashboard.server.services.open_services", lambda root, *_: give(root))


def opened(page: str = "", prepare: Callable[[AppTest], None] = lambda app: None, /, **link: str) -> AppTest:
    """Open a page, by its file, as a link says; without a name the first one."""
    app = AppTest.from_file(str(APP), default_timeout=120)
    if page:
        app.switch_page(page)
    prepare(app)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All warnings, errors and notes."""
    return "\n".join(one.value for one in (*app.error, *app.warning, *app.info))


def shown(app: AppTest) -> str:
    return "\n".join(one.value for one in app.markdown)


def link_of(app: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def links_to_files(app: AppTest) -> dict[str, dict[str, str]]:
    """What the browser is sent of each file that can be taken away, by the words of its link."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    return {data["label"]: data for data in sent if data.keys() == {"label", "address", "help", "icon"}}


def take_away(app: AppTest, label: str) -> tuple[str, str, bytes]:
    """Take a file away as the browser does: its name, media type and content."""
    home, name = links_to_files(app)[label]["address"].rsplit("/", 1)
    page = app.session_state["open_page"]
    assert home == f"/api/pages/{page.id}/downloads"
    return page.files.find(unquote(name))({})


def plain(text: str) -> str:
    """Take off what keeps Streamlit from reading a text as formatting."""
    return text.replace("\\", "")
