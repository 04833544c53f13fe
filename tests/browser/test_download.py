"""Links to files, on a page of this test's own."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.own_app import SERVED

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
expect.set_options(timeout=30_000)  # milliseconds: a busy machine takes its time
pytestmark = pytest.mark.browser

HELD = """
from dashboard.server.channel import Channel

channel = Channel(lambda film: None)
"""

OFFERS = """
import time
from pathlib import Path

import streamlit as st

from dashboard.components.download import download
from dashboard.server.session import page_address
from held import channel
from xai.films.film import FilmError

home = Path(__file__).parent
page = st.session_state.setdefault("page", channel.pages.begin(st.context.cookies["lightbox_visitor"]))
st.session_state.runs = run = st.session_state.get("runs", 0) + 1


def wait_for(name):
    while not (home / name).exists():
        time.sleep(0.02)


def late(asked):
    wait_for("made")
    return "late.txt", "text/plain", b"late"


def bad(asked):
    raise FilmError("The film <b>a</b> has no label.")


page.begin()
st.text(f"run {run} begins")
if run > 1:
    wait_for("drawn")
files = {
    "Table": lambda asked: ("Röntgen, 胸 1.csv", "text/csv", f"of run {run}".encode()),
    "Late": late,
    "Bad": bad,
    "Off": late,
}
for label, make in files.items():
    if label != "Table" or run < 3:
        page.files.offer(label, make)
    address = f"{page_address(page)}/downloads/{label}"
    download(label, address, key=label, help=f"What {label} is", disabled=label == "Off")
page.end()
st.text(f"run {run} ends")
st.button("Look")
st.button("Table", icon=":material/download:")
st.button("Off", icon=":material/download:", disabled=True)
"""


# How a button or link looks: what must be the same, and its colours as they are drawn, some of them mixed from others.
LOOK = """node => {
  const style = getComputedStyle(node), box = node.getBoundingClientRect(), canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d"), drawn = (...colours) => {
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const page = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  const shades = [...drawn(page, style.color), ...drawn(page, style.backgroundColor)];
  const edges = ["borderRadius", "borderTopWidth", "borderTopColor", "padding", "fontFamily", "lineHeight", "cursor"];
  return [[box.width, box.height, ...edges.map(name => style[name])], shades];
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("download")
    for name, text in {"app.py": SERVED, "held.py": HELD, "main.py": OFFERS}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(browser, serve, home) -> Iterator[str]:
    with serve(home / "app.py") as address:
        yield address


@pytest.fixture
def opened(page, address):
    page.goto(address)
    expect(page.get_by_text("run 1 ends")).to_be_visible()
    return page


def link_to(page, label: str):
    return page.get_by_role("link", name=label, exact=True)


def said_of(page, label: str):
    return page.locator(".download").filter(has=link_to(page, label)).get_by_role("status")


def taken(page, act: Callable[[], None]) -> tuple[str, str]:
    with page.expect_download() as waiting:
        act()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_text(encoding="utf-8")


def test_a_click_or_a_key_takes_the_file_under_its_name(opened):
    link = link_to(opened, "Table")
    expect(link).to_have_attribute("title", "What Table is")
    for act in (link.click, lambda: link.press("Enter")):
        assert taken(opened, act) == ("Röntgen, 胸 1.csv", "of run 1")
    expect(said_of(opened, "Table")).to_have_text("")
    expect(opened.get_by_text("run 1 ends")).to_be_visible()  # it needs no run of the page


def test_a_file_is_for_the_browser_that_made_it_and_for_no_other(opened, address, chromium):
    path = link_to(opened, "Table").get_attribute("href")
    url = address + path.lstrip("/")
    answer = opened.request.get(url)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(url)
    other = chromium.new_context()
    tab = other.new_page()
    tab.goto(address)
    assert tab.evaluate("url => fetch(url).then(answer => answer.status)", path) == 404
    other.close()


def test_a_click_while_the_page_runs_gets_its_file(opened, home):
    (home / "drawn").unlink(missing_ok=True)
    opened.get_by_role("button", name="Look").click()
    expect(opened.get_by_text("run 2 begins")).to_be_visible()
    assert taken(opened, link_to(opened, "Table").click) == ("Röntgen, 胸 1.csv", "of run 1")
    (home / "drawn").touch()
    expect(opened.get_by_text("run 2 ends")).to_be_visible()
    assert taken(opened, link_to(opened, "Table").click) == ("Röntgen, 胸 1.csv", "of run 2")
    opened.get_by_role("button", name="Look").click()
    expect(opened.get_by_text("run 3 ends")).to_be_visible()  # and offers it no more
    link_to(opened, "Table").click()
    expect(said_of(opened, "Table")).to_have_text("The server has no such file now: reload the page.")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_link_looks_like_streamlits_own_buttons(chromium, address, scheme):
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_text("run 1 ends")).to_be_visible()
    for label, act in (("Table", "rest"), ("Table", "hover"), ("Table", "focus"), ("Off", "rest"), ("Off", "hover")):
        looks = []
        for one in (link_to(page, label), page.get_by_role("button", name=label)):
            if act != "rest":
                getattr(one, act)()
            looks.append(one.evaluate(LOOK))
        (same, shades), (as_theirs, their_shades) = looks
        assert same == as_theirs, (label, act)
        assert shades == pytest.approx(their_shades, abs=3), (label, act)
    context.close()


def test_what_takes_long_is_seen_to_be_made(opened, home):
    link = link_to(opened, "Late")

    def click_twice() -> None:
        link.click()
        expect(link).to_have_attribute("aria-busy", "true")
        expect(said_of(opened, "Late")).to_have_text("Late is being made.")
        link.click()  # is under way already
        (home / "made").touch()

    asked = []
    opened.on("request", lambda request: asked.append(request.url) if "/downloads/Late" in request.url else None)
    assert taken(opened, click_twice) == ("late.txt", "late")
    expect(link).to_have_attribute("aria-busy", "false")
    assert len(asked) == 1


def test_what_cannot_be_made_says_why_beside_its_link(opened):
    link_to(opened, "Bad").click()
    expect(said_of(opened, "Bad")).to_have_text("The film <b>a</b> has no label.")
    opened.route("**/downloads/Bad", lambda route: route.abort())
    link_to(opened, "Bad").click()
    expect(said_of(opened, "Bad")).to_have_text("The server could not be reached.")
    opened.unroute("**/downloads/Bad")
    opened.route("**/downloads/Bad", lambda route: route.fulfill(status=502, body="<html>", content_type="text/html"))
    link_to(opened, "Bad").click()
    expect(said_of(opened, "Bad")).to_have_text("The server answered 502, without saying why.")


def test_one_that_cannot_be_used_says_so_and_leads_nowhere(opened):
    link = link_to(opened, "Off")
    expect(link).to_be_disabled()
    assert link.get_attribute("href") is None
    link.click(force=True)
    expect(said_of(opened, "Off")).to_have_text("")
