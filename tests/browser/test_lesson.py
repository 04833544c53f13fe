"""A lesson by the keys of a clicker: on a page, in a presentation, after a reload, and to a class on phones."""

from __future__ import annotations

import re

import pytest

from dashboard.lessons.lesson import Lesson, Question, Step
from dashboard.lessons.shelf import Lessons
from dashboard.lessons.views import View
from tests.browser.compare_page import SLOW, expect

pytestmark = pytest.mark.browser
AT_THE_BACK = 28  # pixels of letters on a projector of 1920 x 1080 that a back row reads
FILM = {"film": "simulated/s00000", "finding": "Effusion", "methods": "gradcam"}  # its map comes with the app
ASKED = Question("which", "Is it?", ("Yes", "No"), "Yes: the film was made so.")
LESSON = Lesson(
    "Short",
    "",
    (
        Step("On a page", View("trust", {"section": "lab"}), "Many films.", notes="Secret.", question=ASKED),
        Step("Only the film", View("compare", FILM), "Look.", "question", "Secret.", question=ASKED),
        Step("One map", View("compare", FILM), "A map.", "map", "Secret."),
        Step("On another page", View("models", {"model": "lightbox"}), "The card.", notes="Secret."),
    ),
)


def LIBRARY(root):  # noqa: N802
    Lessons(root).add(LESSON)


def stands_still(page) -> None:
    """Wait until the page has run: a strip that is drawn anew folds the answer away again."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=SLOW)


def at_step(number: int) -> re.Pattern[str]:
    return re.compile(rf"lesson=short&lesson_step={number}$")


def test_a_clicker_gives_a_lesson_over_pages_and_presentations_and_a_reload_keeps_the_step(page, address):
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{address}lessons?read=short", timeout=SLOW)
    page.locator(".st-key-lesson_give button").click()
    strip, viewer, told = (
        page.locator(".st-key-lesson_strip .lesson-step"),
        page.locator(".viewer"),
        page.locator(".viewer .told"),
    )
    expect(strip).to_contain_text("Many films.", timeout=SLOW)
    expect(page).to_have_url(at_step(1))
    stands_still(page)
    assert strip.locator("p").first.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= AT_THE_BACK
    page.keyboard.press("PageDown")
    expect(strip.get_by_text("Yes: the film was made so.")).to_be_visible()
    for _ in range(3):  # whoever presses again while a step is on its way goes no further
        page.keyboard.press("PageDown")
    expect(viewer).to_have_attribute("data-presenting", "question", timeout=SLOW)
    expect(told).to_have_text("Only the film Look. Is it? A: Yes · B: No")
    page.reload()
    expect(viewer).to_have_attribute("data-presenting", "question", timeout=SLOW)
    expect(page).to_have_url(at_step(2))
    page.keyboard.press("PageDown")
    expect(told).to_have_text("Only the film Look. Is it? A: Yes · B: No Answer: Yes: the film was made so.")
    assert told.inner_text().count("\n") == 4
    page.keyboard.press("PageDown")
    expect(viewer).to_have_attribute("data-presenting", "map", timeout=SLOW)
    expect(told).to_have_text("One map A map.")
    page.keyboard.press("PageUp")
    expect(viewer).to_have_attribute("data-presenting", "question", timeout=SLOW)
    for _ in range(2):
        page.keyboard.press("PageDown")
    expect(told).to_have_text("One map A map.")
    page.keyboard.press("PageDown")
    expect(strip).to_contain_text("The card.", timeout=SLOW)
    expect(page).to_have_url(at_step(4))
    expect(page.get_by_text("Secret.")).to_have_count(0)
    page.get_by_role("button", name="End").click()
    expect(page).to_have_url(re.compile(r"/lessons\?read=short$"))


def test_a_class_follows_a_whole_lesson_on_phones_one_reloads_and_one_comes_late(page, address, phones):
    ada, bob = phones
    page.goto(f"{address}room", timeout=SLOW)
    page.get_by_role("button", name="Open a room").click(timeout=SLOW)
    expect(page.locator(".room .code")).to_have_text(re.compile("^[A-Z]{5}$"))
    code = page.locator(".room .code").text_content()
    ada.goto(f"{address}join/{code}")
    expect(ada.locator(".told")).to_contain_text("You are in")
    page.goto(f"{address}lessons?read=short", timeout=SLOW)
    page.locator(".st-key-lesson_give button").click()

    expect(ada.get_by_role("heading", name="Is it?")).to_be_visible(timeout=SLOW)  # a page without a film
    ada.get_by_role("button", name="Yes").click()
    expect(ada.locator(".heard")).to_contain_text("counted")
    stands_still(page)
    page.keyboard.press("PageDown")
    expect(page.locator(".st-key-lesson_strip").get_by_text("Yes: the film was made so.")).to_be_visible()
    page.keyboard.press("PageDown")
    expect(ada.locator(".panels figcaption")).to_have_text(["Film"], timeout=SLOW)
    expect(ada.locator(".heard")).to_be_empty()  # asked anew
    ada.get_by_role("button", name="No").click()
    ada.reload()
    expect(ada.locator(".panels figcaption")).to_have_text(["Film"], timeout=SLOW)
    expect(ada.locator(".heard")).to_contain_text("counted")
    bob.goto(f"{address}join/{code}")
    expect(bob.get_by_role("heading", name="Is it?")).to_be_visible(timeout=SLOW)
    expect(bob.locator(".panels figcaption")).to_have_text(["Film"], timeout=SLOW)
    expect(page.locator(".viewer")).to_have_attribute("data-presenting", "question", timeout=SLOW)
    page.keyboard.press("PageDown")
    expect(page.locator(".viewer .told")).to_contain_text("Answer: ")
    page.keyboard.press("PageDown")
    for phone in phones:
        expect(phone.locator(".panels figcaption")).to_have_text(["Film", "Grad-CAM"], timeout=SLOW)
        assert "Secret." not in phone.content()
    page.keyboard.press("PageDown")
    expect(page.locator(".st-key-lesson_strip .lesson-step")).to_contain_text("The card.", timeout=SLOW)
    for phone in phones:
        expect(phone.locator(".panels figcaption")).to_have_count(0, timeout=SLOW)
