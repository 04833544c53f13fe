"""Lines of what a page waits for, and pictures that the browser fetches, on a page of this test's own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.own_app import SERVED

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
expect.set_options(timeout=30_000)  # milliseconds: a busy machine takes its time
pytestmark = pytest.mark.browser

HELD = """
from dashboard.server.channel import Channel
from dashboard.server.jobs import Jobs

channel, jobs, steps = Channel(lambda film: None), Jobs(), {}
"""

WAITS = """
import time
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard.components.gallery import Item, gallery
from dashboard.components.waiting import states, waiting
from dashboard.server.awaited import Want
from dashboard.server.session import page_address, part_address
from held import channel, jobs, steps
from xai.budget import Cancelled
from xai.models.errors import ModelError

home = Path(__file__).parent
page = st.session_state.setdefault("page", channel.pages.begin(st.context.cookies["lightbox_visitor"]))
st.session_state.runs = st.session_state.get("runs", 0) + 1


def work(name, budget):
    while True:
        what, _, words = (home / name).read_text().partition(" ")
        if budget.cancelled():
            raise Cancelled
        if what == "fails":
            raise ModelError(words)
        if what == "done":
            return
        steps[name] = words
        budget.progress(float(what))
        time.sleep(0.02)


for name in st.query_params.get("names", "").split():
    ask = partial(jobs.ask_once, page.id, f"{page.id} {name}", partial(work, name), slow=True)
    standing = page.expect(name, [Want(name, name, name.title(), ask, step=lambda name=name: steps.get(name, ""))])
    found = states(standing, name)
    st.text(f"Python: {name} is {' '.join(found)}")
    if not found & {"ready", "cancelled"}:
        waiting(page_address(page), name, standing, help="What is there stays.")
st.text(f"Python: run {st.session_state.runs}")


def picture(name):
    path = home / name
    return path.read_bytes() if path.exists() else None


pictures = st.query_params.get("pictures", "").split()
if pictures:
    offer = lambda name: channel.parts.offer([name], partial(picture, name), media="image/webp")
    films = [Item(name, name, src=part_address(offer(name)), alt=f"Film {name}") for name in pictures]
    films.append(Item("elsewhere", "elsewhere", alt="Film elsewhere"))
    gallery(films, side=300, key="films", turn=st.session_state.runs)
st.button("Look")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("waiting")
    for name, text in {"app.py": SERVED, "held.py": HELD, "main.py": WAITS}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(browser, serve, home) -> Iterator[str]:
    with serve(home / "app.py") as address:
        yield address


@pytest.fixture
def told(home) -> Callable[..., None]:
    """Give the function that says how far things are: a share and a step, ``done``, or ``fails`` and why."""

    def tell(**how: str) -> None:
        for name, text in how.items():
            (home / f"{name}.new").write_text(text, encoding="utf-8")
            (home / f"{name}.new").replace(home / name)

    return tell


def line(page, text: str):
    return page.locator(".waiting").filter(has_text=text)


def says(page, words: str):
    return page.get_by_text(f"Python: {words}", exact=True)


def test_progress_comes_by_itself_on_one_connection_and_the_page_runs_only_when_something_has_ended(
    page, address, told
):
    streams = []
    page.on("request", lambda request: streams.append(request.url) if "/events" in request.url else None)
    told(alpha="0.25 reading", beta="0.5 reading too")
    page.goto(f"{address}?names=alpha beta")
    expect(line(page, "Alpha: reading…").locator("progress")).to_have_js_property("value", 0.25)
    expect(line(page, "Beta: reading too…").locator("progress")).to_have_js_property("value", 0.5)  # they take turns
    told(alpha="0.75 writing")
    expect(line(page, "Alpha: writing…").locator("progress")).to_have_js_property("value", 0.75)
    expect(says(page, "run 1")).to_be_visible()
    assert len(streams) == 1
    told(alpha="done")
    expect(says(page, "alpha is ready")).to_be_visible()
    expect(says(page, "run 2")).to_be_visible()
    expect(line(page, "Beta: reading too…").locator("progress")).to_have_js_property("value", 0.5)
    told(beta="done")
    expect(says(page, "beta is ready")).to_be_visible()
    expect(says(page, "run 3")).to_be_visible()
    page.wait_for_timeout(1000)  # were something asked for anew that had ended, the page would run on and on
    expect(says(page, "run 3")).to_be_visible()


def test_what_is_cancelled_ends_and_the_page_knows(page, address, told):
    told(alpha="0.5 reading")
    page.goto(f"{address}?names=alpha")
    cancel = line(page, "Alpha: reading…").get_by_role("button", name="Cancel")
    expect(cancel).to_have_attribute("title", "What is there stays.")
    cancel.click()
    expect(says(page, "alpha is cancelled")).to_be_visible()
    expect(page.locator(".waiting:visible")).to_have_count(0)
    told(alpha="done")


def test_what_failed_says_why_and_is_tried_again(page, address, told):
    told(alpha="fails The file <b>net</b> is damaged.")
    page.goto(f"{address}?names=alpha")
    expect(line(page, "Alpha: The file <b>net</b> is damaged.")).to_have_attribute("data-state", "failed")
    expect(says(page, "alpha is failed")).to_be_visible()
    told(alpha="0.5 reading")
    page.get_by_role("button", name="Try again").click()
    expect(line(page, "Alpha: reading…")).to_have_attribute("data-state", "running")
    told(alpha="done")
    expect(says(page, "alpha is ready")).to_be_visible()


def test_pictures_are_fetched_and_one_that_cannot_be_opened_says_so_until_it_can(page, address, home):
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 40), 128, np.uint8)).save(stream, "WEBP")
    (home / "sound").write_bytes(stream.getvalue())
    page.goto(f"{address}?pictures=sound broken")
    card = lambda name: page.locator(f".card[data-film={name}]")  # noqa: E731
    expect(card("sound")).to_have_attribute("data-state", "ready")
    assert card("sound").locator("img").evaluate("image => image.naturalWidth") == 40
    expect(card("broken").locator(".instead")).to_contain_text("Cannot be opened")
    expect(card("broken").locator(".open")).to_have_attribute("aria-label", "Film broken · Cannot be opened")
    expect(card("elsewhere").locator(".instead")).to_contain_text("No picture here")
    assert re.search(r"^/api/parts/[0-9a-f]+$", card("sound").locator("img").get_attribute("src"))
    (home / "broken").write_bytes(stream.getvalue())
    page.get_by_role("button", name="Look").click()
    expect(card("broken")).to_have_attribute("data-state", "ready")
    expect(card("broken").locator(".instead")).to_be_hidden()
    expect(card("broken").locator(".open")).to_have_attribute("aria-label", "Film broken")
