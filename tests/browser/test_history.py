"""The browser's Back and reload: to where the visitor was, with everything as it was, or a word about what is lost."""

from __future__ import annotations

import pytest

from tests.browser.compare_page import SLOW, address_of, expect, link, title, upload, wait_for_link
from tests.browser.made_films import picture, png
from tests.browser.test_films import DATASET, FALSE_POSITIVES, card, cards, drawer, films_on, write_library
from tests.browser.until import until

pytestmark = pytest.mark.browser
LIBRARY = write_library

FILTER = {"dataset": DATASET, "predictions": "answers", "finding": "Emphysema", "outcomes": "Emphysema:FP"}


def options(page):
    return page.locator(".viewer:not([inert]) [role=option]")


def steps(page) -> int:
    return page.evaluate("history.length")


def scrolled(page) -> float:
    return page.get_by_test_id("stMain").evaluate("main => main.scrollTop")


def test_back_goes_from_a_film_to_the_films_as_they_were_and_choices_are_no_steps(page, address):
    page.goto(link(f"{address}films", **FILTER, size="large", page="2"), timeout=SLOW)
    second_page = [f"film {k:02}" for k in FALSE_POSITIVES[24:]]
    expect(cards(page)).to_have_count(len(second_page), timeout=SLOW)
    start = steps(page)
    films = address_of(page)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 60)")
    card(page, second_page[3]).locator(".open").click()
    drawer(page).get_by_role("button", name="Explain").click()
    expect(options(page).first).to_be_visible(timeout=SLOW)
    wait_for_link(page, film=f"{DATASET}/{second_page[3]}")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("o")
    wait_for_link(page, overlay="off")
    assert steps(page) == start + 2  # the film large, and the film on the light box

    back = page.locator(".st-key-back_to_films button").first
    expect(back).to_contain_text(f"28 of {len(FALSE_POSITIVES)}")
    page.reload()
    expect(back).to_contain_text(f"28 of {len(FALSE_POSITIVES)}", timeout=SLOW)
    expect(options(page).first).to_be_visible(timeout=SLOW)

    page.go_back()
    expect(drawer(page).get_by_text(f"28 of {len(FALSE_POSITIVES)}")).to_be_visible(timeout=SLOW)
    expect(cards(page)).to_have_count(len(second_page), timeout=SLOW)
    assert films_on(page) == second_page
    page.go_back()
    expect(drawer(page)).to_have_count(0, timeout=SLOW)
    assert films_on(page) == second_page
    assert address_of(page) == films
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_back_goes_through_films_and_roc_with_what_was_chosen_there(page, address):
    page.goto(link(f"{address}roc", predictions="answers", finding="Emphysema", rule="half"), timeout=SLOW)
    page.locator(".st-key-roc_panel").get_by_text("Words", exact=True).click(timeout=SLOW)
    wait_for_link(page, panel="words")
    chosen, start = address_of(page), steps(page)
    page.locator(".st-key-roc_cell_FP a").first.click()
    expect(page.get_by_text(f"{len(FALSE_POSITIVES)} of 60 films")).to_be_visible(timeout=SLOW)
    wait_for_link(page, outcomes="Emphysema:FP")
    card(page, "film 02").locator(".open").click()
    drawer(page).get_by_role("button", name="Explain").click()
    expect(options(page).first).to_be_visible(timeout=SLOW)
    assert steps(page) == start + 3
    for _ in range(2):
        page.go_back()
        wait_for_link(page, outcomes="Emphysema:FP")
    expect(page.get_by_text(f"{len(FALSE_POSITIVES)} of 60 films")).to_be_visible(timeout=SLOW)
    expect(drawer(page)).to_have_count(0)
    page.go_back()
    wait_for_link(page, panel="words")
    assert address_of(page) == chosen
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_back_shows_a_page_scrolled_as_it_was_left(page, address):
    page.goto(link(f"{address}films", dataset=DATASET, predictions="answers"), timeout=SLOW)
    expect(cards(page).last).to_be_visible(timeout=SLOW)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 150)")
    until(page, "document.querySelector('[data-testid=stMain]').scrollTop === 150")
    page.evaluate(  # as a page that shrinks while it is left
        """addEventListener("pointerup", () => document.querySelector("[data-testid=stMain]").scrollTo(0, 0))"""
    )
    page.get_by_role("link", name="Models").click()
    expect(page.locator("[class*=st-key-models_section]").first).to_be_visible(timeout=SLOW)
    page.go_back()
    expect(cards(page).last).to_be_visible(timeout=SLOW)
    until(page, "document.querySelector('[data-testid=stMain]').scrollTop === 150")
    page.wait_for_timeout(1200)
    assert scrolled(page) == 150


def test_a_film_of_ones_own_is_told_to_be_lost_and_hung_again(page, address):
    page.goto(link(address, film=f"{DATASET}/film 02", methods="centred"), timeout=SLOW)
    expect(options(page).first).to_be_visible(timeout=SLOW)
    upload(page, ("one.png", png(picture(301))), ("other.png", png(picture(302))))
    expect(title(page)).to_contain_text("one.png", timeout=SLOW)
    wait_for_link(page, upload="1")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(title(page)).to_contain_text("other.png", timeout=SLOW)
    wait_for_link(page, upload="2")
    page.go_back()
    expect(title(page)).to_contain_text("one.png", timeout=SLOW)
    page.go_back()
    expect(title(page)).to_contain_text("film 02", timeout=SLOW)
    page.go_forward()
    expect(title(page)).to_contain_text("one.png", timeout=SLOW)
    page.reload()
    lost = page.get_by_test_id("stAlert").filter(has_text="A film that was uploaded hung here.")
    expect(lost).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Hang it again").click()
    again = {"name": "again.png", "mimeType": "image/png", "buffer": png(picture(303))}
    page.locator("input[type=file]").set_input_files([again])
    expect(title(page)).to_contain_text("again.png", timeout=SLOW)
    expect(lost).to_have_count(0)
