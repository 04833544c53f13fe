"""The served app calls nobody on any page, nor does the browser; at home only the stated cache is written."""

from __future__ import annotations

import pytest

from tests.browser.compare_page import SLOW, expect, finish
from tests.browser.conftest import APP
from tests.trap import set_trap

pytestmark = pytest.mark.browser


def test_a_visit_of_every_page_calls_nobody(chromium, serve, tmp_path):
    trap = set_trap(tmp_path)
    with serve(APP, **trap.environment) as address:
        asked: list[str] = []
        context = chromium.new_context()
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(f"{address}?lime.samples=100&shap.evaluations=100", timeout=SLOW)
        finish(page)
        for name in ("films", "roc", "errors", "models"):
            page.goto(f"{address}{name}", timeout=SLOW)
            expect(page.get_by_text("It is not a medical device", exact=False)).to_be_visible(timeout=SLOW)
        context.close()
    assert trap.caught() == ""
    assert trap.written() == []
    others = [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))]
    assert others == []
