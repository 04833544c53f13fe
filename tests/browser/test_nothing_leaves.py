"""A whole session of every page calls nobody, nor does the browser; at home only the stated cache is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.compare_page import SLOW, expect, finish, upload
from tests.browser.conftest import APP
from tests.browser.made_films import picture, png
from tests.trap import set_trap

pytestmark = pytest.mark.browser

PAGES = sorted(path.stem for path in (APP.parent / "views").glob("[!_]*.py"))
REFUSALS = "addEventListener('securitypolicyviolation', event => refused(event.violatedDirective, event.blockedURI))"


def test_a_session_of_every_page_calls_nobody(chromium, serve, tmp_path):
    trap = set_trap(tmp_path)
    asked: list[str] = []
    refused: list[str] = []
    with serve(APP, **trap.environment) as address:
        context = chromium.new_context(accept_downloads=True)
        context.on("request", lambda request: asked.append(request.url))
        context.expose_function("refused", lambda *what: refused.append(" ".join(what)))
        context.add_init_script(REFUSALS)
        page = context.new_page()
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(f"{address}?lime.samples=100&shap.evaluations=100", timeout=SLOW)
        finish(page)
        upload(page, ("own.png", png(picture(5, 1500, 1400))))
        expect(page.locator(".stMain h5")).to_contain_text("own.png", timeout=SLOW)
        for name in PAGES:
            page.goto(f"{address}{'' if name == 'compare' else name}", timeout=SLOW)
            expect(page.get_by_text("It is not a medical device", exact=False)).to_be_visible(timeout=SLOW)
        with page.expect_download() as waiting:
            page.goto(f"{address}models?section=raw", timeout=SLOW)
            page.get_by_role("link", name="Download the card").click(timeout=SLOW)
        assert Path(waiting.value.path()).stat().st_size > 0
        context.close()
    assert trap.caught() == ""
    assert trap.written() == []
    ours = (address, address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []
    assert any(url.startswith("ws") for url in asked)
    assert refused == []
