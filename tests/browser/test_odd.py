"""A film that stands upside down is turned with one click, and R and L go with it."""

from __future__ import annotations

import pytest

from tests.browser.compare_page import SLOW, address_of, expect, finish, link

pytestmark = pytest.mark.browser

UPSIDE_DOWN = {"film": "simulated/s00001", "methods": "gradcam", "mend": "round"}


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=lambda size: f"{size[0]}")
def test_a_film_upside_down_is_turned_upright(page, address, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(link(address, **UPSIDE_DOWN), timeout=SLOW)
    finish(page, 1)
    sides = page.locator(".viewer .film .side")
    expect(page.get_by_text("It looks turned upside down.")).to_be_visible()
    told = page.get_by_role("status").filter(has_text="It looks turned upside down.")
    assert told.aria_snapshot().count("report") == 0
    expect(page.locator(".viewer .answer")).to_contain_text("All the same, the model says: ")
    assert sides.all_inner_texts() == ["L", "R"]
    page.get_by_role("button", name="Turn it upright").press("Enter")
    expect(page.get_by_text("It looks turned upside down.")).to_have_count(0)
    finish(page, 1)
    expect(page.locator(".viewer .findings [role=listbox]")).to_be_focused()  # it hangs as it came: there is no button
    expect(sides.first).to_have_text("R")
    assert "mend" not in address_of(page)
