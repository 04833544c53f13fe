"""Beat the heat map, by pointer and by keys: no truth before a mark, and the mark in the link."""

from __future__ import annotations

import re

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.conftest import nothing

pytestmark = pytest.mark.browser
LIBRARY = nothing


def test_a_film_is_marked_by_keys_the_truth_is_told_and_the_next_is_marked_by_a_pointer(page, address):
    page.goto(f"{address}trust?section=beat&seed=3", timeout=SLOW)
    film = page.locator(".mark .film")
    expect(film).to_be_visible(timeout=SLOW)
    expect(page.locator(".mark .done")).to_be_disabled()
    assert "Outlined" not in page.locator(".stMain").inner_text()
    film.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):  # the first shows the cross in the middle
        page.keyboard.press(key)
    expect(page.locator(".mark .where")).to_have_text("52 % across, 51 % down")
    page.keyboard.press("Enter")
    following = page.get_by_role("button", name="Next film")
    expect(following).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile("marks=520505"))  # it follows when the page's run has ended
    expect(page.get_by_text("Outlined: the truth. Cross: you.")).to_be_visible()
    following.click()
    expect(page.get_by_text("Film 2 of 10. Where is the")).to_be_visible(timeout=SLOW)
    expect(page.locator(".mark .cross")).to_be_hidden()
    box = film.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.get_by_role("button", name="Mark here").click()
    expect(following).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile("marks=520505250500"))


def test_where_time_is_over_no_mark_is_a_miss(page, address):
    page.clock.install()
    page.goto(f"{address}trust?section=beat&seed=3&limit=10", timeout=SLOW)
    expect(page.locator(".mark .time")).to_have_text("10 s", timeout=SLOW)
    page.clock.fast_forward(11_000)
    expect(page.get_by_text("You marked no place in time: a miss.")).to_be_visible(timeout=SLOW)
