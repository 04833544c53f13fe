"""A presentation: the whole screen, large words, revealed step by step with the keys of a remote control."""

from __future__ import annotations

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.conftest import nothing

pytestmark = pytest.mark.browser
LIBRARY = nothing
AT_THE_BACK = 28  # pixels of letters on a projector of 1920 x 1080 that a back row reads


@pytest.fixture
def stage(page, address):
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(address, timeout=SLOW)
    expect(page.locator(".viewer .progress .words")).to_contain_text("All maps are there", timeout=SLOW)
    page.keyboard.press("p")
    expect(page.locator(".viewer")).to_have_attribute("data-presenting", "film")
    return page


def shown(page) -> list[str]:
    """Titles of the panels that are seen."""
    return [one.text_content() for one in page.locator(".panel .title").all() if one.is_visible()]


def test_each_key_reveals_one_thing_more_and_the_truth_comes_after_the_maps(stage):
    told = stage.locator(".told")
    steps = []
    for _ in range(7):
        steps.append((stage.locator(".viewer").get_attribute("data-presenting"), shown(stage)))
        is_told = "the dataset says" in told.text_content()
        assert is_told == (steps[-1][0] == "truth")
        stage.keyboard.press("PageDown")
    maps = ["Grad-CAM", "SHAP", "LIME"]
    assert steps == [
        ("film", ["Film"]),
        ("question", ["Film"]),
        ("answer", ["Film"]),
        *[("map", ["Film", *maps[: k + 1]]) for k in range(3)],
        ("truth", ["Film", *maps]),
    ]
    stage.keyboard.press("PageUp")
    expect(stage.locator(".viewer")).to_have_attribute("data-presenting", "map")
    assert "the dataset says" not in told.text_content()


def test_words_are_read_from_the_back_and_nothing_else_is_on_the_screen(stage):
    for _ in range(5):
        stage.keyboard.press("ArrowRight")
    for place in (".told", ".panel.film .title", ".scale .high", ".step-count"):
        size = stage.locator(place).first.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        assert size >= AT_THE_BACK, place
    for place in (".toolbar", ".findings", ".answered", ".caption"):
        expect(stage.locator(f".viewer {place}").first).to_be_hidden()
    box = stage.locator(".viewer").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1920, 1080)


def test_a_click_enlarges_one_map_a_key_makes_all_black_and_escape_goes_back(stage):
    for _ in range(3):
        stage.keyboard.press("ArrowRight")
    stage.locator(".panel:not(.film) canvas").first.click()
    assert shown(stage) == ["Grad-CAM"]
    stage.keyboard.press("b")
    expect(stage.locator(".viewer")).to_have_attribute("data-black", "true")
    stage.keyboard.press("ArrowRight")  # whatever is pressed, the room sees again, and misses nothing
    expect(stage.locator(".viewer")).not_to_have_attribute("data-black", "true")
    assert stage.locator(".step-count").text_content() == "4 / 7"
    stage.keyboard.press("Escape")
    assert shown(stage) == ["Film", "Grad-CAM"]
    stage.keyboard.press("Escape")
    expect(stage.locator(".viewer .toolbar")).to_be_visible()
    assert stage.evaluate("document.fullscreenElement") is None
    expect(stage.locator(".to-present")).to_be_focused()


def test_another_finding_is_asked_for_anew_and_no_unseen_switch_is_turned(stage):
    stage.keyboard.press("t")
    stage.keyboard.press("o")
    for _ in range(6):
        stage.keyboard.press("ArrowRight")
    expect(stage.locator(".viewer")).to_have_attribute("data-presenting", "truth")
    stage.keyboard.press("ArrowDown")
    expect(stage.locator(".viewer")).to_have_attribute("data-presenting", "question")
    assert "the dataset says" not in stage.locator(".viewer .answer").text_content()
    stage.keyboard.press("Escape")
    expect(stage.locator("[data-display=truth]")).to_have_attribute("aria-pressed", "false")
    expect(stage.locator("[data-display=overlay]")).to_have_attribute("aria-pressed", "true")
