"""The Models page, driven as a visitor would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.compare_page import SLOW, expect, link, wait_for_link
from tests.browser.conftest import ELSEWHERE, OWNER_KEY
from tests.dashboard.models.model_library import HOSTILE, card, evaluation, put

pytestmark = pytest.mark.browser


def write_library(root: Path) -> None:
    put(root, "mine", card("mine", performance={"test": evaluation(0.65)}))
    put(root, HOSTILE.replace("/", "_"), card(HOSTILE, summary=HOSTILE))


LIBRARY = write_library


def model(page, name: str):
    return page.get_by_role("radio", name=name)


def test_a_model_is_opened_compared_deleted_and_brought_back(page, address, library):
    page.goto(f"{address}models", timeout=SLOW)
    expect(page.get_by_text("Where not to trust it")).to_be_visible(timeout=SLOW)
    page.get_by_text("mine", exact=True).first.click()
    wait_for_link(page, model="mine")
    expect(page.get_by_text("Cite: nobody, 2024")).to_be_visible()
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="lightbox").click()
    wait_for_link(page, model="mine", section="compare", **{"with": "lightbox"})
    expect(page.get_by_text("Not the same films")).to_be_visible()
    expect(page.locator(".js-plotly-plot .ytick")).to_have_count(14)
    page.reload(timeout=SLOW)
    expect(page.get_by_text("Not the same films")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Where not to trust lightbox")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert (library / "models" / "mine.keras").exists()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("its card are in the trash")).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Models").get_by_text("mine", exact=True)).to_have_count(0)
    assert not (library / "models" / "mine.keras").exists()
    page.get_by_role("button", name="Undo").click()
    wait_for_link(page, model="mine")
    expect(page.get_by_text("its card are in the trash")).to_have_count(0)
    assert (library / "models" / "mine.keras").is_file()
    assert (library / "models" / "mine.json").is_file()


def test_a_hostile_name_is_only_a_name(page, address):
    page.goto(link(f"{address}models", model=HOSTILE.replace("/", "_")), timeout=SLOW)
    expect(page.get_by_role("heading", name=HOSTILE).first).to_be_visible(timeout=SLOW)
    assert page.locator("img[src=x]").count() == 0


def test_a_visitor_from_elsewhere_looks_and_whoever_has_the_key_may_change(chromium, address, library):
    address = address.replace("127.0.0.1", ELSEWHERE)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}models?model=mine", timeout=SLOW)
    expect(page.get_by_text("Cite: nobody, 2024")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    page.goto(f"{address}owner", timeout=SLOW)
    page.get_by_label("Key").fill("guessed")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_text("That is not the key.")).to_be_visible()
    page.get_by_label("Key").fill(OWNER_KEY)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url(address, timeout=SLOW)
    assert OWNER_KEY not in page.evaluate("document.cookie") + page.url
    page.goto(f"{address}models?model=mine", timeout=SLOW)
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_enabled(timeout=SLOW)
    context.close()
