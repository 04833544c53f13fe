"""The keyboard on the Compare page: wherever nobody types, and nowhere else; and the whole of a first visit by it."""

from __future__ import annotations

import pytest

from tests.browser.compare_page import SLOW, choose_model, expect, link, title, wait_for_link
from tests.browser.test_films import DATASET, write_library

pytestmark = pytest.mark.browser
LIBRARY = write_library

FOCUSED = """() => { let one = document.activeElement;
    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    const named = document.getElementById(one.getAttribute("aria-labelledby"))?.textContent;
    if (one === document.body) return "";
    return (one.getAttribute("aria-label") ?? named ?? one.labels?.[0]?.textContent ?? one.textContent).trim(); }"""
MOST_TABS = 80  # more than the page has


@pytest.fixture
def compare(page, address):
    """Open the Compare page on a film, as a link does."""

    def open_film(**view: str):
        page.goto(link(address, film=f"{DATASET}/film 02", methods="centred", finding="Mass", **view), timeout=SLOW)
        expect(page.locator(".viewer:not([inert]) [role=option]").first).to_be_visible(timeout=SLOW)
        return page

    return open_film


def chosen(page) -> str:
    return page.locator(".viewer [role=option][aria-selected=true] .name").inner_text()


def other_finding(page, key: str) -> None:
    """Press a key, and see that it chooses another finding."""
    before = chosen(page)
    page.keyboard.press(key)
    assert chosen(page) != before, key


def test_arrows_and_letters_work_from_the_start_after_each_film_model_and_popover(compare):
    page = compare(order="fixed")  # with one above and below, whether the model has answered or not
    overlay = page.locator(".viewer [data-display=overlay]")
    other_finding(page, "ArrowDown")
    page.keyboard.press("O")
    expect(overlay).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Alt+o")
    expect(overlay).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("F")
    expect(title(page)).to_contain_text("film 03")
    other_finding(page, "ArrowDown")
    choose_model(page, "overcaller")
    wait_for_link(page, model="overcaller")
    page.keyboard.press("f")
    expect(title(page)).to_contain_text("film 04")
    other_finding(page, "ArrowUp")
    page.get_by_role("button", name="Maps").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Maps")).to_be_focused()
    other_finding(page, "ArrowDown")
    page.locator(".viewer [data-display=scale][value=all]").click()
    other_finding(page, "ArrowDown")
    page.keyboard.press("b")
    expect(title(page)).to_contain_text("film 03")


def test_keys_belong_to_what_is_typed_into_or_moved_by_arrows(compare):
    page = compare()
    finding = chosen(page)
    opacity = page.locator(".viewer [data-display=opacity]")
    opacity.focus()
    page.keyboard.press("ArrowUp")
    expect(opacity).to_have_value("0.65")
    page.locator(".viewer .window select").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Hang films").click()
    name = page.get_by_role("textbox", name="Find by name")
    name.press_sequentially("of")
    name.press("ArrowDown")
    expect(name).to_have_value("of")
    expect(page.locator(".viewer [data-display=overlay]")).to_have_attribute("aria-pressed", "true")
    expect(title(page)).to_contain_text("film 02")
    assert chosen(page) == finding


def go_to(page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if name in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"{name} cannot be reached by the keyboard")


def open_and_go_to(page, name: str) -> None:
    """Press the button that has the focus, and go to a part of what opens behind it, once it is there."""
    page.keyboard.press("Enter")
    opened = page.get_by_test_id("stPopoverBody")
    expect(opened.get_by_label(name).or_(opened.get_by_text(name)).first).to_be_visible()
    go_to(page, name)


def test_what_to_click_first_can_be_done_by_the_keyboard_alone(page, address):
    page.goto(link(address, film=f"{DATASET}/film 03", methods="centred"), timeout=SLOW)
    expect(page.locator(".viewer:not([inert]) [role=option]").first).to_be_visible(timeout=SLOW)
    other_finding(page, "End")
    page.keyboard.press("o")
    wait_for_link(page, overlay="off")
    page.keyboard.press("n")
    expect(page.locator(".viewer [data-display=evidence][value=native]")).to_be_checked()
    go_to(page, "this finding")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".viewer [data-display=scale][value=all]")).to_be_checked()
    go_to(page, "Hang films")
    open_and_go_to(page, "Find by name")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Hang films")).to_be_focused()
    go_to(page, "Maps")
    open_and_go_to(page, "Grad-CAM")
    for _ in range(6):  # past SHAP, LIME and the rest
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    wait_for_link(page, methods="random,centred")
    page.keyboard.press("Escape")
    go_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.locator(".viewer .save")).to_have_attribute("open", "")
    go_to(page, "Films")
    page.keyboard.press("Enter")
    expect(page.locator(".card").first).to_be_visible(timeout=SLOW)
    first, second = (page.locator(".card").nth(k).get_attribute("data-film") for k in range(2))
    go_to(page, first)
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    expect(large.get_by_role("strong").filter(has_text=first)).to_be_visible(timeout=SLOW)
    page.keyboard.press("ArrowRight")
    expect(large.get_by_role("strong").filter(has_text=second)).to_be_visible(timeout=SLOW)
    go_to(page, "Explain")
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text(second, timeout=SLOW)
