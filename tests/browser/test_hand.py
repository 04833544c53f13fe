"""A hand on the film, and what stands behind a number, as a visitor uses them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dashboard.compare.areas import LONGEST, read
from tests.browser.compare_page import expect, finish, wait_for_link
from tests.browser.made_films import picture
from tests.browser.test_viewer_scripts import SCRIPTS, bundle
from tests.browser.until import until
from xai.explainers.hiding import Box, Grid, Region, Stroke

pytestmark = pytest.mark.browser

HAND, BEHIND = ".viewer .dock.hand", ".viewer .dock.behind"


def drag(page, panel: str, *places: tuple[float, float]) -> None:
    """Draw over a panel's picture, through places in shares of it."""
    box = page.locator(f"{panel} .stage").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y)
    page.mouse.up()


def hidden(page) -> tuple:
    return read(page.evaluate("new URLSearchParams(location.search).get('hidden')") or "")


def until_hidden(page, count: int) -> tuple:
    parts = "(new URLSearchParams(location.search).get('hidden') ?? '').split('.').filter(Boolean)"
    until(page, f"(count) => {parts}.length === count", arg=count)
    return hidden(page)


def test_what_is_drawn_is_hidden_and_every_finding_moves(visit):
    page = visit()
    finish(page)
    page.keyboard.press("h")
    drag(page, ".viewer .film", (0.25, 0.5), (0.5, 0.75))
    (box,) = until_hidden(page, 1)
    assert isinstance(box, Box)
    height, width = picture(0).shape  # the film stands in the middle of a square
    across, down = (side / max(height, width) for side in (width, height))
    expected = [0.5 - 0.25 / across, 0.5, 0.5, 0.5 + 0.25 / down]
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx(expected, abs=0.01)
    claims = page.locator(f"{HAND} .claims dt")
    expect(claims).to_have_text(["Measured", "Grad-CAM", "SHAP", "LIME"])
    expect(page.locator(f"{HAND} .said")).to_contain_text("of what the model sees is hidden")
    rows = page.locator(".viewer [role=option]")
    expect(page.locator(".viewer [role=option] .moved")).to_have_count(rows.count())
    expect(rows.first).to_have_attribute("aria-label", re.compile(r"With parts hidden: .*\d\s%, logit [+−]\d"))
    page.emulate_media(forced_colors="active")
    colour = "row => [row, row.querySelector('.moved')].map((one) => getComputedStyle(one).color)"
    row, moved = page.locator(".viewer [role=option][aria-selected=true]").evaluate(colour)
    assert moved == row  # on the system's own colour of what is chosen
    page.emulate_media(forced_colors="none")
    page.locator(f"{HAND} .logits").click()
    expect(rows.first.locator(".moved")).to_have_text(re.compile(r"^[+−]\d+\.\d\d$"))
    page.locator(f"{HAND} .said").evaluate(
        "said => new MutationObserver(() => (window.told = true)).observe(said, {childList: true})"
    )
    for key in "ooss":
        page.keyboard.press(key)
    assert page.evaluate("window.told") is None

    page.locator(f"{HAND} [value=brush]").check()
    drag(page, ".viewer .panel:nth-child(3)", (0.6, 0.3), (0.7, 0.4), (0.8, 0.3))
    _, stroke = until_hidden(page, 2)
    assert isinstance(stroke, Stroke)
    page.reload()
    finish(page)
    expect(claims).to_have_count(4)
    assert len(hidden(page)) == 2
    page.locator(f"{HAND} .undo").click()
    until_hidden(page, 1)
    page.locator(f"{HAND} select").select_option("region mean")
    wait_for_link(page, shows="region mean")
    page.locator(f"{HAND} .reset").click()
    until_hidden(page, 0)
    expect(page.locator(".viewer .moved")).to_have_count(0)


def test_what_is_hidden_belongs_to_its_film_and_is_said_while_the_dock_is_closed(visit):
    page = visit(hidden="box-59597272")
    finish(page)
    line, moved = page.locator(".viewer .part-hidden"), page.locator(".viewer [role=option] .moved")
    expect(moved.first).to_be_visible()
    page.locator(f"{HAND} .close").click()
    expect(line).to_contain_text("A part of the film is hidden")
    page.keyboard.press("f")
    wait_for_link(page, film="generated/b")
    expect(line).to_be_hidden()
    expect(moved).to_have_count(0)
    assert hidden(page) == ()
    page.go_back()
    wait_for_link(page, film="generated/a")
    until_hidden(page, 1)
    expect(moved.first).to_be_visible()
    line.get_by_role("button", name="Show all again").click()
    until_hidden(page, 0)
    expect(line).to_be_hidden()
    expect(moved).to_have_count(0)


def test_a_link_never_grows_too_long(visit):
    page = visit(hidden=".".join(["box-10102020"] * 92))
    finish(page)
    assert len(hidden(page)) == 92
    assert LONGEST - 13 < len(".".join(["box-10102020"] * 92)) <= LONGEST
    drag(page, ".viewer .film", (0.25, 0.5), (0.5, 0.75))
    expect(page.locator(f"{HAND} .said")).to_contain_text("A link holds no more than that")
    assert len(hidden(page)) == 92


def test_a_rectangle_is_placed_and_a_number_looked_behind_by_keys_alone(visit):
    page = visit()
    finish(page)
    page.keyboard.press("h")
    page.locator(f"{HAND} .by-keys summary").press("Enter")
    page.locator(f"{HAND} [name=left]").press("Home")
    page.locator(f"{HAND} [name=across]").press("ArrowRight")
    page.locator(f"{HAND} .place").press("Enter")
    (box,) = until_hidden(page, 1)
    assert (box.left, box.right) == pytest.approx((0, 0.31), abs=0.01)
    page.keyboard.press("g")
    expect(page.locator(HAND)).to_be_hidden()
    said = page.locator(f"{BEHIND} .said")
    expect(said).to_contain_text(
        re.compile(r"^Region 1 of \d+ from the largest value down, .*On average over 4 films, 2 with")
    )
    first = said.inner_text()
    expect(page.locator(f"{BEHIND} figure")).to_have_count(4)
    page.locator(f"{BEHIND} .after").press("Enter")
    expect(said).not_to_have_text(first)
    expect(said).to_contain_text("Region 2 of ")
    page.locator(f"{BEHIND} .hide").press("Enter")
    _, region = until_hidden(page, 2)
    assert isinstance(region, Region)
    expect(page.locator(f"{HAND} .claims dt")).to_have_count(4)


FOCUSED = """() => { let one = document.activeElement;
    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one === document.body ? "nothing" : one.getAttribute("aria-label") ?? one.textContent.trim(); }"""


def test_the_focus_goes_into_a_dock_and_back_and_is_never_lost(visit):
    page = visit(hidden="box-10102020", methods="shap")
    finish(page, 1)
    focused = lambda: page.evaluate(FOCUSED)  # noqa: E731
    hand, behind = page.locator(HAND), page.locator(BEHIND)
    hand.locator(".undo").press("Enter")
    assert focused() == "Hide a part"
    page.keyboard.press("Escape")
    expect(hand).to_be_hidden()
    assert focused() == "Hide a part"
    expect(page.locator(".viewer .to-hand")).to_be_focused()
    page.locator(".viewer [role=listbox]").focus()
    page.keyboard.press("h")
    expect(hand).to_be_focused()
    page.keyboard.press("Tab")
    expect(hand.locator("[name=tool]").first).to_be_focused()
    page.keyboard.press("h")
    expect(page.locator(".viewer .to-hand")).to_be_focused()
    page.keyboard.press("g")
    expect(behind).to_be_focused()
    behind.locator(".close").press("Enter")
    expect(page.locator(".viewer .to-behind")).to_be_focused()
    page.keyboard.press("g")
    expect(behind.locator("figure")).to_have_count(4)
    behind.locator(".hide").press("Enter")
    until_hidden(page, 1)
    expect(hand).to_be_focused()
    hand.locator(".reset").press("Enter")
    assert focused() == "Hide a part"
    for sheet in ("save", "help"):
        page.locator(f".viewer .{sheet} > summary").press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(page.locator(f".viewer .{sheet} > summary")).to_be_focused()


def test_on_a_phone_g_turns_to_a_map_that_has_regions(visit):
    page = visit()
    page.set_viewport_size({"width": 390, "height": 844})
    finish(page)
    shown = page.locator(".viewer .one-map [aria-pressed=true]")
    expect(shown).to_have_text("Grad-CAM")
    expect(page.locator(".viewer .panel:not(.film):visible .stage canvas")).to_have_accessible_description(
        "Enter makes this map large."
    )
    page.keyboard.press("g")
    expect(page.locator(BEHIND)).to_be_focused()
    expect(shown).to_have_text("SHAP")
    page.locator(f"{BEHIND} [value=lime]").check()
    expect(shown).to_have_text("LIME")


def test_a_tap_on_a_map_shows_the_films_that_its_region_comes_from_and_enlarges_nothing(visit):
    page = visit()
    finish(page)
    panel = page.locator(".viewer .panel").filter(has=page.get_by_role("heading", name="LIME"))
    panel.locator(".to-behind").click()
    panel.locator(".stage").click(position={"x": 60, "y": 80})
    expect(page.locator(".viewer .one-map")).to_be_hidden()
    expect(page.locator(f"{BEHIND} figure")).to_have_count(8)
    expect(page.locator(f"{BEHIND} .said")).to_contain_text("On average over 98 films, 49 with")
    expect(page.locator(f"{BEHIND} .said")).to_contain_text("which all count the same")
    expect(page.locator(f"{BEHIND} figcaption").first).not_to_contain_text("counts")
    page.locator(f"{BEHIND} .close").click()
    expect(page.locator(BEHIND)).to_be_hidden()


def test_the_browser_and_the_server_mean_the_same_region(browser):
    rng = np.random.default_rng(8)
    page = browser.new_page()
    source = bundle(SCRIPTS / "areas.js")
    for shape, rect in (((24, 16), (0, 0, 1, 1)), ((300, 300), (0, 0.125, 1, 0.875)), ((20, 20), (-0.25, 0, 1.25, 1))):
        pieces = np.kron(rng.integers(0, 9, (4, 4)), np.ones((shape[0] // 4, shape[1] // 4), int))
        found = page.evaluate(
            f"(given) => {{ {source}; return given.all.map((piece) => stepOn(given.pieces, piece, given.rect)); }}",
            {
                "pieces": {"values": pieces.ravel().tolist(), "shape": shape},
                "rect": rect,
                "all": np.unique(pieces).tolist(),
            },
        )
        grid = Grid(shape, (100, 100), rect)
        for piece, steps in zip(np.unique(pieces), found, strict=True):
            if steps is not None:
                assert pieces[grid.pixel(steps[0] / 255, steps[1] / 255)] == piece
        assert sum(steps is not None for steps in found) >= len(found) - 2  # in the air beside a film nothing is met
    page.close()
