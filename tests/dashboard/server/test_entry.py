"""A page that somebody comes straight to."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette

from dashboard.server.entry import entry_routes
from tests.dashboard.server.asgi import ask

VIEWS = Path(__file__).resolve().parents[3] / "dashboard" / "views"


@pytest.mark.parametrize("base", ["", "/ward/"])
def test_each_page_says_where_its_server_is_before_streamlits_script_asks(base):
    app = Starlette(routes=entry_routes(VIEWS, base))
    for page in ("films", "roc", "errors", "models"):
        answer = ask(app, f"{base.rstrip('/')}/{page}")
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
        text = answer.body.decode()
        assert 0 < text.index('BACKEND_BASE_URL: new URL(".", location.href).href') < text.index("<script type=")


def test_nothing_else_is_answered():
    app = Starlette(routes=entry_routes(VIEWS))
    assert [ask(app, path).status for path in ("/", "/films/_stcore/health", "/__init__")] == [404, 404, 404]
