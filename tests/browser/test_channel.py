"""Maps come by themselves, whatever happens: a broken connection, a server started anew, pages reloaded or left."""

from __future__ import annotations

import contextlib
import re
import time
from urllib.parse import urlsplit

import pytest

from tests.browser.between import line
from tests.browser.compare_page import (
    APP,
    DATASET,
    OVERTURE,
    SLOW,
    address_of,
    expect,
    finish,
    link,
    panels,
    title,
    upload,
    wait_for_link,
    write_slow_model,
)
from tests.browser.made_films import picture, png
from tests.ports import free_port

pytestmark = pytest.mark.browser

LONG = {"model": "slow", "methods": "gradcam,lime", "lime.samples": "2000", "lime.design": "lime"}
"""Long enough that something can happen."""
MAKING = re.compile("(Computing|Sharpening) LIME…")


@pytest.fixture(scope="module")
def slow(library) -> str:
    """A model that takes long."""
    write_slow_model(library / "models")
    return "slow"


def runs(page) -> list[str]:
    """Listen to what the page sends to Streamlit from now on."""
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame)[:200])))
    return sent


def test_maps_arrive_and_findings_change_without_a_run_of_the_page(page, address):
    sent = runs(page)
    page.goto(link(address, **OVERTURE, seed="101"), timeout=SLOW)
    expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
    before = len(sent)
    finish(page)
    page.locator(".viewer [role=option]", has_text="Hernia").click()
    expect(page.locator(".viewer .answer strong")).to_contain_text("Hernia: ")
    wait_for_link(page, finding="Hernia")
    assert len(sent) == before > 0


def test_back_and_forth_go_to_the_film_that_hung_there(visit):
    page = visit(seed="102")
    finish(page)
    page.keyboard.press("f")
    expect(title(page)).to_contain_text(f"b · {DATASET}")
    finish(page)
    page.locator(".viewer [role=option]", has_text="Hernia").click()
    wait_for_link(page, film=f"{DATASET}/b", finding="Hernia")
    page.go_back()
    expect(title(page)).to_contain_text(f"a · {DATASET}")
    expect(page.locator(".viewer [role=option][aria-selected=true] .name")).to_have_text("Effusion")
    finish(page)
    page.go_forward()
    expect(title(page)).to_contain_text(f"b · {DATASET}")
    expect(page.locator(".viewer [role=option][aria-selected=true] .name")).to_have_text("Hernia")
    finish(page)
    assert address_of(page)["film"] == f"{DATASET}/b"


def test_reload_in_the_middle_goes_on_with_the_same_work(page, address, slow):
    page.goto(link(address, **{**OVERTURE, **LONG, "seed": "103"}))
    expect(panels(page)).to_have_count(1, timeout=SLOW)
    page.reload()
    expect(panels(page)).to_have_count(1, timeout=SLOW)
    expect(page.get_by_text(MAKING)).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. What was ready stays.")).to_be_visible()


def test_two_tabs_of_one_visitor_wait_for_themselves(chromium, address, slow):
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    one, other = context.new_page(), context.new_page()
    other.goto(link(address, **{**OVERTURE, "film": f"{DATASET}/b", "methods": "gradcam", "seed": "104"}))
    finish(other, 1)
    one.goto(link(address, **{**OVERTURE, **LONG, "seed": "104"}))
    expect(panels(one)).to_have_count(1, timeout=SLOW)
    other.locator(".viewer [role=option]", has_text="Hernia").click()
    wait_for_link(other, film=f"{DATASET}/b", finding="Hernia")
    expect(one.locator(".viewer .answer strong")).to_contain_text("Effusion: ")
    expect(one.get_by_text(MAKING)).to_be_visible()
    one.get_by_role("button", name="Cancel").click()
    expect(one.get_by_text("Cancelled. What was ready stays.")).to_be_visible()
    expect(other.get_by_text("All maps are there.")).to_be_visible()
    context.close()


def test_a_connection_that_breaks_loses_nothing(page, address):
    with line(urlsplit(address).port) as between:
        page.goto(link(f"http://127.0.0.1:{between.port}/", **OVERTURE, seed="105"), timeout=SLOW)
        expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
        between.cut()
        page.wait_for_timeout(1500)
        between.mend()
        finish(page)
        assert address_of(page)["film"] == f"{DATASET}/a"


def test_behind_a_proxy_that_holds_streams_back_maps_arrive_too(page, address):
    with line(urlsplit(address).port, holds_streams=True) as between:
        page.goto(link(f"http://127.0.0.1:{between.port}/", **{**OVERTURE, "lime.samples": "500"}, seed="106"))
        finish(page)


def test_a_server_that_starts_anew_in_the_middle_finishes_the_maps(page, serve, library):
    port = free_port()
    with contextlib.ExitStack() as first:
        address = first.enter_context(serve(APP, "--library", str(library), port=port))
        page.goto(link(address, **OVERTURE, seed="107"), timeout=SLOW)
        expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
    with serve(APP, "--library", str(library), port=port):
        finish(page)
        page.locator(".viewer [role=option]", has_text="Hernia").click()
        wait_for_link(page, finding="Hernia")


def test_an_upload_is_nobody_elses(page, chromium, address):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.goto(link(address, **OVERTURE), timeout=SLOW)
    finish(page)
    upload(page, ("mine.png", png(picture(41))))
    expect(title(page)).to_contain_text("mine.png · PNG")
    asked.clear()  # until then how far to trust the maps of the film before may have come, which is everybody's
    finish(page)
    own = [url for url in asked if "/parts/" in url or url.endswith("/events")]
    assert len(own) >= 3
    mine, other = page.request, chromium.new_context().request
    for url in own:
        assert other.get(url).status == 404, url
    for url in [url for url in own if "/parts/" in url]:
        answer = mine.get(url)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


SHORT_GRACE = """
import streamlit as st
from starlette.middleware import Middleware

import dashboard.server.pages as pages

pages.GRACE = 8.0

from dashboard.app import HOME, serving
from dashboard.server.middleware import PageHeaders
from dashboard.server.routes import routes
from dashboard.server.shared import library_root, shared_services

app = st.App(
    HOME / "main.py",
    lifespan=serving,
    routes=routes(lambda: shared_services(library_root()[0]).channel),
    middleware=[Middleware(PageHeaders)],
)
"""


def test_uploads_are_forgotten_a_while_after_the_visitor_has_gone(chromium, serve, library, tmp_path):
    (tmp_path / "app.py").write_text(SHORT_GRACE, encoding="utf-8")
    with serve(tmp_path / "app.py", "--library", str(library)) as address:
        context = chromium.new_context(viewport={"width": 1366, "height": 768})
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/parts/" in request.url else None)
        page.goto(link(address, **OVERTURE), timeout=SLOW)
        expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
        asked.clear()
        upload(page, ("mine.png", png(picture(43))))
        expect(title(page)).to_contain_text("mine.png · PNG")
        expect(page.locator(".viewer .film .subtitle")).to_contain_text("mine.png")
        own = asked[0]
        assert context.request.get(own).status == 200
        page.reload()  # it is the same visitor: nothing is lost in between
        expect(page.locator(".viewer [role=option]").first).to_be_visible(timeout=SLOW)
        assert context.request.get(own).status == 200
        page.close()
        for _ in range(100):
            if context.request.get(own).status == 404:
                break
            time.sleep(0.2)
        assert context.request.get(own).status == 404
        context.close()
