"""What holds for every page: it opens on what comes with the app, and talks to its own server only."""

from __future__ import annotations

import re

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.conftest import nothing

pytestmark = pytest.mark.browser
LIBRARY = nothing

PAGES = {
    "": "above its threshold|below its threshold",
    "films": "films · ",
    "roc": "Confusion matrix",
    "errors": "Predicted against true prevalence",
    "trust": "Does the strongest evidence lie inside the truth",
    "models": "Where not to trust it",
    "lessons": "What a heat map is, and is not",
    "room": "A room for a class",
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_on_what_comes_with_the_app_and_asks_nobody_else(page, address, path):
    asked, failed = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{address}{path}", timeout=SLOW)
    expect(page.locator(".stMain").get_by_text(re.compile(PAGES[path])).first).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert asked
    assert failed == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
