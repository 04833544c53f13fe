"""How far to trust a map: a line below it, its numbers by a click, and nothing of the truth while that is hidden."""

from __future__ import annotations

import pytest

from tests.browser.compare_page import SLOW, expect, finish
from tests.browser.test_truth_note import film_with_one_finding_in_the_middle

pytestmark = pytest.mark.browser


def test_a_map_is_measured_below_it_and_tells_no_truth_while_that_is_hidden(visit):
    film, finding = film_with_one_finding_in_the_middle()
    page = visit(film=f"simulated/{film}", finding=finding, methods="centred", truth="on")
    finish(page, 1)
    line = page.locator(".viewer .trust:visible")
    rows = line.locator(".trust-rows")
    expect(line.locator(".trust-verdict")).not_to_be_empty(timeout=SLOW)
    expect(rows).not_to_be_visible()
    line.locator("summary").click()
    expect(rows).to_contain_text("This map. Strongest evidence on it 100\u00a0%")  # a blob where the finding is
    expect(rows).to_contain_text("Usual place. ", timeout=SLOW)  # once the films of the dataset were looked through
    expect(rows.locator(".word").first).to_be_visible()
    page.keyboard.press("t")
    expect(rows).not_to_contain_text("This map.")
    expect(line.locator(".trust-origin")).not_to_contain_text("IoU")
