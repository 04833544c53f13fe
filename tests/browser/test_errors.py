"""The Errors page, driven as a visitor would: the cause, its remedy, the link, the false positives, an outline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from dashboard.errors.features import features_key
from dashboard.server.library import Library
from dashboard.server.services import Services
from tests.browser.compare_page import SLOW, expect
from tests.dashboard.errors.errors_library import NAMES, answers, columns, of_cell, put_maps, write_library

pytestmark = pytest.mark.browser

CARD = {
    "name": "tiny",
    "outputs": ["Mass", "Edema", "Effusion"],
    "head": {"link": "sigmoid", "emits": "logits"},
    "input": {"size": 16, "channels": 1},
}


def write_features_too(root: Path) -> None:
    """A planted cause, and features and maps that lie there already, so that no model is needed."""
    write_library(root)
    (root / "models" / "tiny.json").write_text(json.dumps(CARD), encoding="utf-8")
    services = Services(Library(root))
    key = features_key(services, "tiny", "generated")
    features = np.random.default_rng(0).normal(size=(len(NAMES), 3)).astype(np.float32)
    services.arrays.put(key, {"films": np.array(NAMES), "features": features})
    put_maps(services, of_cell("FP")[:4], np.ones((4, 16, 16)))


LIBRARY = write_features_too


def link(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_visitor_sees_the_cause_applies_its_remedy_and_finds_it_again(page, address):
    page.goto(f"{address}errors?predictions=answers&finding=Mass")
    expect(page.get_by_text("Main cause: weighting of the loss")).to_be_visible(timeout=SLOW)
    told = page.get_by_text("On films it was not fitted on,")
    before = told.inner_text()
    page.get_by_role("button", name="Undo the weighting").click()
    page.wait_for_url(re.compile("remedy=weighting"))
    expect(page.get_by_text("The model card says 30.")).to_be_visible(timeout=SLOW)
    expect(told).not_to_have_text(before, timeout=SLOW)  # the link is there before the words are
    words = told.inner_text()
    page.reload()
    expect(page.get_by_text(words)).to_be_visible(timeout=SLOW)
    assert link(page) == {"predictions": "answers", "finding": "Mass", "remedy": "weighting"}


def test_a_remedy_that_is_saved_is_seen_side_by_side_at_once(page, address, library):
    page.goto(f"{address}errors?predictions=answers&finding=Mass&remedy=weighting&rule_after=keep")
    told = page.get_by_text("On films it was not fitted on,")
    expect(told).to_contain_text("with the finding are missed", timeout=SLOW)
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("The mended predictions are there now: answers-mended")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Before and after, side by side").click()
    expect(page.get_by_text("At their thresholds: answers and answers-mended")).to_be_visible(timeout=SLOW)
    assert link(page) == {
        **{"predictions": "answers", "models": "answers-mended", "finding": "Mass", "panel": "models"},
        "threshold": "0.5",
        **({"split": "all"} if "split" in link(page) else {}),
    }
    page.go_back()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("The mended predictions are there now")).to_have_count(0, timeout=SLOW)
    assert not (library / "predictions" / "answers-mended").exists()


def test_a_row_of_the_first_figure_chooses_its_finding(page, address):
    page.goto(f"{address}errors?predictions=answers&finding=Mass")
    chart = page.locator(".js-plotly-plot").first
    expect(chart.get_by_text("Edema", exact=True)).to_be_visible(timeout=SLOW)
    row, whole = chart.get_by_text("Edema", exact=True).bounding_box(), chart.bounding_box()
    page.mouse.click(whole["x"] + 0.75 * whole["width"], row["y"] + row["height"] / 2)
    expect(page.get_by_role("heading", name="Where the flags for Edema come from")).to_be_visible(timeout=SLOW)
    page.wait_for_url(re.compile("finding=Edema"))


def test_all_false_positives_open_on_the_films_page(page, address):
    said, truth = answers(columns())["Mass"], np.array(columns()["Mass"])
    count = int(((said >= 0.5) & (truth == 0)).sum())
    page.goto(f"{address}errors?predictions=answers&finding=Mass&section=atlas")
    page.get_by_role("button", name=f"All {count}").click()
    page.wait_for_url(re.compile("/films"))
    assert link(page)["outcomes"] == "Mass:FP"
    expect(page.get_by_text(f"{count} of {len(NAMES)} films")).to_be_visible(timeout=SLOW)


def test_a_click_on_a_map_of_the_contact_sheet_opens_its_film(page, address):
    page.goto(f"{address}errors?predictions=answers&finding=Mass&section=atlas&sheet=FP&sheet_films=4")
    films = of_cell("FP")[:4]
    card = page.locator(f'.card[data-film="{films[3]}"][data-state="ready"]').last
    card.wait_for(timeout=SLOW)
    drawn = page.evaluate(
        """async (address) => {
        const picture = await createImageBitmap(await (await fetch(address)).blob());
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.drawImage(picture, 0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    }""",
        card.locator("img").get_attribute("src"),
    )
    assert max(drawn[:3]) - min(drawn[:3]) > 20  # the film is grey, the map is not
    card.locator(".open").click()
    page.wait_for_url(re.compile("/films"))
    assert (link(page)["film"], link(page)["outcomes"]) == (films[3], "Mass:FP")


def test_an_outline_on_the_map_opens_the_films_it_holds_and_is_in_the_link(page, address):
    page.goto(f"{address}errors?predictions=answers&finding=Mass&section=atlas")
    page.get_by_text("Draw around films on the map").wait_for()
    chart = page.locator(".js-plotly-plot").last
    chart.scroll_into_view_if_needed()
    plot = chart.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(plot["x"] + 3, plot["y"] + 3)
    page.mouse.down()
    for x, y in ((0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.02)):
        page.mouse.move(plot["x"] + x * plot["width"], plot["y"] + y * plot["height"], steps=8)
    page.mouse.up()
    inside = page.get_by_text(re.compile(r"^\d+ films inside"))
    expect(inside).to_be_visible(timeout=SLOW)
    words = inside.inner_text()
    assert int(words.split()[0]) > 0
    page.wait_for_url(re.compile("region="))
    page.reload()
    expect(page.get_by_text(words)).to_be_visible(timeout=SLOW)


def test_the_worst_kind_of_film_is_kept_as_a_slice_that_roc_shows_too(page, address, library):
    page.goto(f"{address}errors?predictions=answers&finding=Mass&section=slices")
    expect(page.get_by_role("heading", name="Where it is worst")).to_be_visible(timeout=SLOW)
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible(timeout=SLOW)
    place = table.bounding_box()
    page.mouse.click(place["x"] + 16, place["y"] + 52)  # the box of the first row
    page.get_by_role("button", name="Keep it as a slice").click()
    told = page.get_by_text("Change is the slice less the rest")
    expect(told).to_be_visible(timeout=SLOW)
    page.wait_for_url(re.compile("slice="))
    (path,) = (library / "slices").iterdir()
    kept = json.loads(path.read_text("utf-8"))
    assert link(page)["slice"] == kept["name"] and list(kept["films"]) == ["where"]
    page.goto(f"{address}roc?predictions=answers&finding=Mass&slice={kept['name']}")
    expect(told).to_be_visible(timeout=SLOW)
    assert link(page)["panel"] == "slices"
