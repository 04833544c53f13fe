"""A class beats the heat map: two phones mark films at their own pace, one reloads, and the wall shows who hit."""

from __future__ import annotations

import re

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.conftest import nothing

pytestmark = pytest.mark.browser
LIBRARY = nothing
THE_OTHER_NINE = """async (code) => {
  const statuses = [];
  for (let number = 1; number < 10; number++) {
    const body = JSON.stringify({ question: 1, answer: { number, answer: [0.5, 0.5] } });
    const headers = { "Content-Type": "application/json" };
    statuses.push((await fetch(`/api/rooms/${code}`, { method: "POST", headers, body })).status);
  }
  return statuses;
}"""


@pytest.fixture
def phone(chromium, address):
    """A function that joins a room on another phone."""
    contexts = []

    def join(code: str):
        contexts.append(chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True))
        page = contexts[-1].new_page()
        page.goto(f"{address}join/{code}", timeout=SLOW)
        return page

    yield join
    for one in contexts:
        one.close()


def mark(page, number: int) -> None:
    expect(page.locator("#reply p").first).to_contain_text(f"Film {number} of 10", timeout=SLOW)
    page.locator("#reply .pad").click(position={"x": 100, "y": 120})
    page.get_by_role("button", name="Mark here").click()


def test_two_phones_mark_the_films_and_the_wall_counts_who_came_to_the_end(page, address, phone):
    page.goto(f"{address}room", timeout=SLOW)
    page.locator(".room .open").click()
    code = page.locator(".room .code")
    expect(code).to_have_text(re.compile("^[A-Z]{5}$"), timeout=SLOW)
    joined = code.inner_text()
    first, second = phone(joined), phone(joined)
    page.goto(f"{address}trust?section=beat&seed=3", timeout=SLOW)
    page.get_by_role("button", name="Ask the room").click()
    expect(page.get_by_text("The room is asked.")).to_be_visible(timeout=SLOW)
    mark(first, 1)
    expect(first.locator("#reply p").first).to_contain_text("Film 2 of 10")
    assert first.evaluate(THE_OTHER_NINE, joined) == [200] * 9
    first.reload()
    expect(first.locator("#reply")).to_contain_text("That was the last film.", timeout=SLOW)
    mark(second, 1)
    expect(second.locator("#reply p").first).to_contain_text("Film 2 of 10")
    second.reload()
    expect(second.locator("#reply p").first).to_contain_text("Film 2 of 10", timeout=SLOW)
    page.get_by_role("link", name="Room", exact=True).first.click()  # within the page: its stream is open already
    expect(page.locator(".room .answered")).to_have_text("1 done, 1 under way, 2 here", timeout=SLOW)
    page.locator(".room .reveal").click()
    expect(page.locator(".room .reveal")).to_have_text("1 under way would be left out. Reveal?")
    page.locator(".room .reveal").click()
    expect(page.locator(".room .chart tr")).to_have_count(7)
    expect(page.locator(".room .chart")).to_contain_text("1 person marked all films. 1 person not at the end yet")
    expect(second.locator("#reply p").first).to_have_text("")  # answers are closed
    page.locator(".room .close").click()
    page.locator(".room .close").click()
