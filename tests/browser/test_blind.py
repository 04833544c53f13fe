"""The blind test, taken as a visitor would: twelve answers, and no model named before the last of them."""

from __future__ import annotations

import re

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.test_trust import write_league

pytestmark = pytest.mark.browser
LIBRARY = write_league


def test_a_visitor_answers_twelve_films_and_then_hears_the_truth(page, address):
    page.goto(f"{address}trust?section=blind&seed=5&method=shap&answers=clclclclclc-")
    last = page.get_by_role("radiogroup", name="Film 12: this model")
    expect(last).to_be_visible(timeout=SLOW)
    assert page.locator("figure img").count() == 12
    expect(page.get_by_role("button", name="Show the truth")).to_be_disabled()
    named = re.compile("shortcut|lightbox")
    assert not named.search(page.locator(".st-key-trust_blind_films").inner_html())
    last.get_by_text("cheats").click()
    page.wait_for_url(re.compile("answers=clclclclclcl"))
    assert not named.search(page.url.partition("?")[2])
    page.get_by_role("button", name="Show the truth").click()
    expect(page.locator("strong", has_text=re.compile(r"\d+ of 12 right"))).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("the one that cheats shortcut")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
