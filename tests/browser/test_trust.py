"""The Trust page, driven as a visitor would: a cell, the films behind it, and the twins."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.dashboard.conftest import Shelf
from tests.dashboard.models.model_library import card, put
from tests.dashboard.trust.made_league import FILMS, put_league, put_sanity

pytestmark = pytest.mark.browser


def write_league(root: Path) -> None:
    """A model that is not asked anything, four films, and what a benchmark found of them."""
    put(root, "tiny", card("tiny"))
    Shelf(root).add_dataset(films=FILMS, Mass=[1.0] * len(FILMS))
    put_league(root, root / "models" / "tiny.keras")
    put_sanity(root, root / "models" / "tiny.keras")


LIBRARY = write_league


def test_a_visitor_opens_a_cell_and_its_film_and_sees_which_method_keeps_its_promises(page, address):
    page.goto(f"{address}trust?model=tiny&film=c")
    cell = page.get_by_role("button", name="SHAP, Mass: 0.45, 95")
    expect(cell).to_contain_text("=", timeout=SLOW)
    expect(page.get_by_role("button", name="Grad-CAM, Mass:")).to_contain_text("▲")
    expect(page.get_by_role("rowheader", name="Usual place")).to_be_visible()
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="SHAP, Mass")).to_be_visible(timeout=SLOW)
    expect(cell).to_have_attribute("aria-pressed", "true")
    page.wait_for_url(re.compile("method=shap"))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert asked == {"model": "tiny", "finding": "Mass", "method": "shap"}
    page.goto(f"{page.url}&film=c")
    link = page.get_by_role("link", name=re.compile("Open c on Compare"))
    expect(link).to_have_attribute("href", re.compile("film=generated%2Fc.*truth=on"), timeout=SLOW)
    page.get_by_text("Truth by twin", exact=True).click()
    expect(page.get_by_text("claims follow the effects most closely")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Grad-CAM, rank correlation: 0.50").click()
    expect(page.get_by_text("Grad-CAM, 4 findings of 4 films")).to_be_visible(timeout=SLOW)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_visitor_reads_who_passes_the_sanity_check_and_which_maps_tell_a_shortcut(page, address):
    page.goto(f"{address}trust?section=sanity&model=tiny")
    expect(page.get_by_text("Passes: Grad-CAM. Does not pass: LIME. May be either: SHAP.")).to_be_visible(timeout=SLOW)
    page.get_by_text("The numbers, and the way there").click()
    expect(page.locator(".js-plotly-plot .hoverlayer").first).to_be_attached(timeout=SLOW)
    expect(page.get_by_text("2 films of generated, the first finding of each")).to_be_visible()
    expect(page.get_by_role("button", name="Make tiny random")).to_be_visible()
    page.get_by_text("Shortcut lab", exact=True).click()
    expect(page.get_by_text("Over all films", exact=True)).to_be_visible(timeout=SLOW)
    assert page.locator("figure img").count() == 4
    page.wait_for_url(re.compile("section=lab"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def own_league(folder: Path, model: Path) -> str:
    """A league that lies in no library, packed."""
    made = put_league(folder, model, "tiny-on-generated-of-mine")
    return shutil.make_archive(str(folder / made.name), "zip", made)


def test_a_visitor_brings_a_league_and_sees_it_alone(page, address, library, tmp_path):
    page.goto(f"{address}trust?model=tiny")
    page.get_by_text("Bring a league of your own", exact=True).click(timeout=SLOW)
    page.locator("input[type=file]").set_input_files(own_league(tmp_path, library / "models" / "tiny.keras"))
    expect(page.get_by_text("You brought these results")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="Keep in the library")).to_be_enabled()
    expect(page).to_have_url(re.compile("league=tiny-on-generated-of-mine"))
    other = page.context.browser.new_context().new_page()
    other.goto(page.url)
    expect(other.get_by_text("Bring a league of your own", exact=True)).to_be_visible(timeout=SLOW)
    expect(other.get_by_text("You brought these results")).to_have_count(0)
    other.context.close()
