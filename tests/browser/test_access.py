"""What every page is for those who hear it, who see it in few colours, or who see it in the other theme."""

from __future__ import annotations

import re

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.conftest import REPOSITORY, nothing
from tests.browser.test_pages import PAGES
from tests.browser.until import until

pytestmark = pytest.mark.browser
LIBRARY = nothing

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
NAMED = {path: path.upper() if path == "roc" else path.title() or "Compare" for path in PAGES}
PAPER = {"light": "rgb(250, 250, 248)", "dark": "rgb(14, 15, 18)"}
SERIOUS = ("serious", "critical")


@pytest.fixture
def show(page, address):
    def open_page(path: str):
        page.goto(f"{address}{path}", timeout=SLOW)
        said = re.compile(PAGES[path.partition("?")[0]]) if "?" not in path else re.compile("most confident")
        expect(page.locator(".stMain").get_by_text(said).first).to_be_visible(timeout=SLOW)
        return page

    return open_page


@pytest.mark.parametrize("path", [*PAGES, "errors?section=atlas"])
def test_a_page_names_all_that_can_be_pressed_and_axe_finds_no_serious_fault_in_either_theme(show, path):
    page = show(path)
    name = NAMED[path.partition("?")[0]]
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("main", name=name)).to_be_visible()
    for _ in range(300):  # the last parts of a page get their names when they get their data
        if len(pressed(page)) > 10 and not unnamed(page):
            break
        page.wait_for_timeout(100)
    assert len(pressed(page)) > 10
    assert unnamed(page) == []
    if not AXE.exists():
        pytest.skip("all can be pressed by name, but axe-core is not installed: npm ci")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme, paper in PAPER.items():
        page.emulate_media(color_scheme=theme)
        expect(page.locator(".stApp")).to_have_css("background-color", paper)
        found = serious(page)
        for _ in range(20 if found else 0):  # Python has yet to give outcomes and findings the colours of this theme
            page.wait_for_timeout(500)
            if not (found := serious(page)):
                break
        assert found == [], theme


def serious(page) -> list[tuple[str, list[str]]]:
    """What axe finds of some weight: its rule, and the parts of the page."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    weighty = [fault for fault in found if fault["impact"] in SERIOUS]
    return [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in weighty]


def pressed(page) -> list[str]:
    """What can be pressed, as heard."""
    lines = page.locator("body").aria_snapshot().splitlines()
    return [line.strip("- :") for line in lines if re.match(r" *- (button|link|radio|combobox|slider)\b", line)]


def unnamed(page) -> list[str]:
    """What can be pressed and has no name, or that of a picture or a key."""
    nameless, other = re.compile(r'(?!\w+ "[^"]+")'), re.compile(r"Shortcut(?! alarm| lab)| icon\b")
    return [line for line in pressed(page) if nameless.match(line) or other.search(line)]


def test_in_forced_colours_bars_the_chosen_finding_and_pressed_buttons_are_seen(show):
    page = show("")
    page.emulate_media(forced_colors="active")
    paint = lambda selector: page.locator(f".viewer {selector}").first.evaluate(  # noqa: E731
        "node => getComputedStyle(node).backgroundColor"
    )
    rows = ".findings li[aria-selected=true]", ".findings li[aria-selected=false]"
    buttons = "[data-display=overlay]", "[data-display=stripes]"
    words = "fieldset input:checked + span", "fieldset input:not(:checked) + span"
    for chosen, other in (rows, buttons, words):
        assert paint(chosen) != paint(other), chosen
    assert paint(".findings li[aria-selected=false] .fill") != paint(".findings li[aria-selected=false] .bar")


def test_the_answer_is_told_once_when_it_changes(show):
    page = show("")
    told = page.get_by_role("status").filter(has_text="threshold")
    expect(told.first).to_have_attribute("aria-live", "polite")
    page.evaluate(
        """() => { const box = document.querySelector("[data-testid=stBidiComponentIsolated]");
            const answer = (box.shadowRoot ?? document).querySelector(".answer");
            window.told = 0;
            new MutationObserver(() => (window.told += 1)).observe(answer, {childList: true}); }"""
    )
    page.keyboard.press("o")
    page.keyboard.press("n")
    assert page.evaluate("window.told") == 0
    page.keyboard.press("ArrowDown")
    until(page, "window.told === 1")


SEEN = """() => { let one = document.activeElement;
    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    if (one === document.body) return [];
    const {left, top, width, height} = one.getBoundingClientRect();
    const isSeen = [0.1, 0.5, 0.9].some((share) => {
        const hit = one.getRootNode().elementFromPoint(left + width / 2, top + share * height);
        return hit && (one.contains(hit) || hit.contains(one) || one.closest("label")?.contains(hit)); });
    return [one.outerHTML.slice(0, 120), isSeen]; }"""


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=lambda size: f"{size[0]}")
def test_with_a_dock_open_what_opens_lies_on_the_screen_and_what_has_the_focus_is_seen(show, size):
    page = show("")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(page.locator(".viewer:not([inert]) [role=option]").first).to_be_visible(timeout=SLOW)
    page.keyboard.press("h")
    expect(page.locator(".viewer .dock.hand")).to_be_focused()
    for sheet in ("save", "keys", "help"):
        page.locator(f".viewer .{sheet} > summary").click()
        box = page.locator(f".viewer .{sheet} > :not(summary)").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0], sheet
    page.locator(".viewer .help .questions a").first.hover()  # no dock lies over it
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    found = []
    for _ in range(80):  # all of the page
        page.keyboard.press("Tab")
        found.append(page.evaluate(SEEN))
    assert len({one[0] for one in found if one}) > 30
    assert [name for name, is_seen in filter(None, found) if not is_seen] == []
