"""Where things stand on the Compare page, from a phone to a wide screen, and what leads a first visitor."""

from __future__ import annotations

import re

import pytest

from dashboard.page.glossary import meaning
from tests.browser.compare_page import SLOW, address_of, expect, wait_for_link
from tests.browser.conftest import nothing

pytestmark = pytest.mark.browser
LIBRARY = nothing  # the maps of its first film come with the app

SIZES = {"laptop": (1366, 768), "wide": (1920, 1080), "tablet": (820, 1180), "phone": (390, 844)}
ALL = "gradcam,shap,lime,random,centred"
VISIBLE = ".viewer .panel:visible .stage"


@pytest.fixture
def hang(page, address):
    """Open a view in a size; what is measured needs no map, so that none is waited for."""

    def open_in(size: str, theme: str = "light", **view: str):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        page.goto(f"{address}?" + "&".join(f"{name}={value}" for name, value in view.items()), timeout=SLOW)
        expect(page.locator(".viewer:not([inert]) [role=option]").first).to_be_visible(timeout=SLOW)
        return page

    return open_in


def boxes(page, selector: str) -> list[dict[str, float]]:
    return [one.bounding_box() for one in page.locator(selector).all()]


def check_all_on_screen(page, selector: str, least: int) -> None:
    """Measure that what is selected is no smaller than this, and wholly on a screen that was never scrolled."""
    size = page.viewport_size
    found = boxes(page, selector)
    assert found
    for box in found:
        assert min(box["width"], box["height"]) >= least
        assert box["x"] >= 0 and box["y"] >= 0
        assert box["x"] + box["width"] <= size["width"] + 0.5
        assert box["y"] + box["height"] <= size["height"] + 0.5


def check_nothing_is_cut(page) -> None:
    """Measure that the page does not scroll sideways, and that its line of progress is whole."""
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    (line,), (words,) = boxes(page, ".viewer .progress"), boxes(page, ".viewer .progress .words")
    assert line["y"] - 1 <= words["y"] and words["y"] + words["height"] <= line["y"] + line["height"] + 1
    assert line["x"] - 1 <= words["x"] and words["x"] + words["width"] <= line["x"] + line["width"] + 1


@pytest.mark.parametrize(("size", "theme"), [("laptop", "dark"), ("wide", "light"), ("tablet", "dark")])
def test_the_film_all_maps_and_both_controls_stand_on_one_screen(hang, size, theme):
    page = hang(size, theme, methods=ALL)
    expect(page.locator(VISIBLE)).to_have_count(6)
    check_all_on_screen(page, VISIBLE, least=120)
    check_nothing_is_cut(page)


def test_three_maps_keep_all_their_words_beside_the_film(hang):
    page = hang("laptop")
    check_all_on_screen(page, VISIBLE, least=240)
    gist = page.locator(".viewer .panel:not(.film) .gist").first
    expect(gist).to_have_text(re.compile(r"^Bright cells are where .*\.$"))
    expect(gist).to_be_visible()
    rest = page.locator(".viewer .how-text").first
    expect(rest).to_be_hidden()
    assert "Bright cells" not in (rest.text_content() or "")


def test_on_a_phone_the_list_the_film_and_one_map_fit_and_a_swipe_turns_to_the_next(hang):
    page = hang("phone", "dark", methods=ALL)
    expect(page.locator(VISIBLE)).to_have_count(2)
    check_all_on_screen(page, f"{VISIBLE}, .viewer .findings", least=150)
    check_nothing_is_cut(page)
    chosen = page.locator(".viewer .one-map [aria-pressed=true]")
    expect(chosen).to_have_text("Grad-CAM")
    for by, title in ((-90, "SHAP"), (90, "Grad-CAM"), (10, "Grad-CAM")):
        swipe(page.locator(".viewer .panel:not(.film):visible .stage canvas"), by)
        expect(chosen).to_have_text(title)
        expect(page.locator(".viewer .panel:not(.film):visible h2")).to_have_text(title)
    page.locator(".viewer .one-map").get_by_role("button", name="LIME").click()
    expect(page.locator(".viewer .panel:not(.film):visible h2")).to_have_text("LIME")
    page.locator(".viewer .to-hand").click()
    (dock,) = boxes(page, ".viewer .dock:visible")
    assert dock["height"] <= 0.45 * SIZES["phone"][1] + 1
    for stage in boxes(page, VISIBLE):
        assert stage["y"] >= 0 and stage["y"] + stage["height"] <= dock["y"]


def swipe(canvas, by: int) -> None:
    """Move a finger over a canvas, to the left where negative."""
    canvas.evaluate(
        """(canvas, by) => {
            canvas.setPointerCapture = () => {};
            const at = (type, x) => canvas.dispatchEvent(new PointerEvent(type, {
                pointerType: "touch", pointerId: 7, isPrimary: true, button: 0, clientX: x, clientY: 400,
                bubbles: true, composed: true, cancelable: true }));
            at("pointerdown", 200); at("pointermove", 200 + by); at("pointerup", 200 + by);
        }""",
        by,
    )


def test_a_click_or_enter_makes_one_map_large_and_escape_gives_all_back(hang):
    page = hang("laptop", methods=ALL)
    shap = page.locator(".viewer .panel").filter(has=page.get_by_role("heading", name="SHAP", exact=True))
    canvas = shap.locator(".stage canvas")
    small = canvas.bounding_box()["width"]
    for act in (canvas.click, lambda: canvas.press("Enter")):
        act()
        expect(page.locator(VISIBLE)).to_have_count(2)
        check_all_on_screen(page, VISIBLE, least=400)
        expect(shap).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(VISIBLE)).to_have_count(6)
        assert canvas.bounding_box()["width"] == small
    canvas.press("Enter")
    canvas.press("ArrowRight")
    expect(page.locator(".viewer .panel:not(.film):visible h2")).to_have_text("LIME")
    page.get_by_role("button", name="All maps").click()
    expect(page.locator(VISIBLE)).to_have_count(6)


def test_a_word_says_what_it_means_to_who_points_at_it_tabs_to_it_or_taps_it(hang):
    page = hang("laptop", methods="gradcam")
    said = page.locator(".viewer .meaning")
    expect(said).to_be_hidden()
    page.locator(".viewer .legend .word", has_text="threshold").hover()
    expect(said).to_have_text(meaning("Threshold"))
    page.locator(".viewer .findings h2").hover()
    expect(said).to_be_hidden()
    width = page.locator(".viewer .window .word", has_text="Width")
    width.focus()
    expect(said).to_have_text(meaning("Centre and width"))
    expect(width).to_have_attribute("aria-describedby", "meaning")
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()
    value = page.locator(".viewer [data-display=width]").input_value()
    width.click()
    expect(said).to_be_visible()
    assert page.locator(".viewer [data-display=width]").input_value() == value
    check_all_on_screen(page, ".viewer .meaning", least=20)
    expect(page.get_by_role("slider", name="Width")).to_be_visible()


def test_a_first_visitor_is_asked_three_questions_until_they_are_put_away(chromium, address):
    page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(address, timeout=SLOW)
    questions = page.locator(".viewer .intro li")
    expect(questions).to_have_count(3, timeout=SLOW)
    questions.nth(1).get_by_role("link").click()
    mixed = "lime,random,gradcam,centred,shap"
    wait_for_link(page, film="simulated/s00004", finding="Nodule", methods=mixed, blind="on")
    expect(page.locator(".viewer .intro a[aria-current]")).to_have_text("Which map would you believe?")
    expect(page.locator(".viewer .film .subtitle")).to_contain_text("s00004", timeout=SLOW)
    page.get_by_role("button", name="Put away").press("Enter")
    expect(questions.first).to_be_hidden()
    expect(page.locator(".viewer .findings [role=listbox]")).to_be_focused()
    page.goto(address, timeout=SLOW)
    expect(page.locator(".viewer:not([inert]) [role=option]").first).to_be_visible(timeout=SLOW)
    expect(questions.first).to_be_hidden()
    page.locator(".viewer .help summary").click()
    expect(page.locator(".viewer .help .questions a")).to_have_count(3)
    expect(page.locator(".viewer .help dt", has_text="Residual")).to_be_visible()
    page.context.close()


def test_who_comes_by_a_link_sees_what_it_shows_and_no_questions(hang):
    expect(hang("laptop", finding="Mass").locator(".viewer .intro")).to_be_hidden()


def test_several_findings_and_two_models_stand_on_one_screen_and_a_click_goes_to_one(hang):
    page = hang("laptop", grid="Effusion,Mass", beside="overcaller")
    heads = page.locator(".viewer .several .head")
    expect(heads).to_have_count(4)
    assert [one.split("\n")[-1].lower() for one in heads.all_inner_texts()] == ["lightbox", "overcaller"] * 2
    expect(heads.first).to_contain_text(re.compile(r"Effusion: .*%"), timeout=SLOW)
    check_all_on_screen(page, ".viewer .several .stage", least=72)
    assert page.locator(".viewer .several .stage").count() == 12
    page.keyboard.press("g")
    expect(page.locator(".viewer").get_by_text("Behind a number").locator("visible=true")).to_have_count(0)
    heads.nth(2).click()
    wait_for_link(page, finding="Mass")
    expect(page.locator(VISIBLE)).to_have_count(4)
    assert "grid" not in address_of(page) and "beside" not in address_of(page)
    page.go_back()
    expect(heads).to_have_count(4)
