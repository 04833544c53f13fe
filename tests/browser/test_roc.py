"""The ROC page, driven as a visitor would."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlparse

import numpy as np
import pandas as pd
import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.until import until
from training.datasets.table import COLUMNS, DatasetFacts, write_dataset
from training.predictions.table import PredictionsFacts, write_predictions

pytestmark = pytest.mark.browser

FILMS = 200


def write_library(root: Path) -> None:
    """Two hundred films, a fifth with emphysema; one model ranks them well, the other backwards."""
    numbers = np.arange(FILMS)
    truth = (numbers % 5 == 0).astype(float)
    row = dict.fromkeys(COLUMNS, np.nan) | {"dataset": "ward", "sex": "F", "age": 50.0, "on_disk": False, "path": ""}
    rows = [
        row | {"film": f"film{k:03d}", "patient": f"p{k}", "view": "PA" if k % 2 else "AP", "Emphysema": truth[k]}
        for k in numbers
    ]
    folder = root / "datasets" / "ward"
    facts = DatasetFacts("ward", str(root), "made by this test", "none", "none", {}, 0)
    write_dataset(folder, facts, pd.DataFrame(rows, columns=list(COLUMNS)))
    good = 0.1 + 0.3 * truth + 0.4 * np.random.default_rng(0).random(FILMS)
    for name, said in (("able", good), ("backwards", 1 - good)):
        table = pd.DataFrame({"Emphysema": said}, index=pd.Index([one["film"] for one in rows], name="film"))
        written = PredictionsFacts(name, "ward", str(folder), name, "import", ("Emphysema",))
        write_predictions(root / "predictions" / name, written, table)


LIBRARY = write_library


@pytest.fixture
def open_link(page, address) -> Callable:
    """Give the function that opens the page as a fresh visitor."""

    def visit(**link: str):
        page.goto(f"{address}roc?{urlencode(link)}", timeout=SLOW)
        expect(page.get_by_text("Confusion matrix", exact=True)).to_be_visible(timeout=SLOW)
        return page

    return visit


def rate(page, label: str) -> str:
    tile = page.get_by_test_id("stMetric").filter(has_text=label)
    return tile.get_by_test_id("stMetricValue").inner_text()


def link_of(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def settle(page) -> None:
    """Wait until the last key has been answered: the link holds what the slider shows, and nothing runs."""
    until(
        page,
        """() => {
            const shown = document.querySelector("input[type=range][aria-label^=Threshold]")?.ariaValueText;
            const linked = new URLSearchParams(location.search).get("threshold");
            return Math.abs(shown / linked - 1) < 0.01 && !document.querySelector("[data-testid=stStatusWidget]");
        }""",
        timeout=SLOW,
    )


def test_the_arrow_keys_move_the_threshold_and_the_link_keeps_it(open_link):
    page = open_link(predictions="able", finding="Emphysema")
    before = rate(page, "Flagged")
    slider = page.get_by_role("slider", name="Threshold")
    place = int(slider.input_value())
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"threshold="))
    expect(page.get_by_test_id("stMetric").filter(has_text="Flagged")).not_to_contain_text(before)
    settle(page)
    assert int(slider.input_value()) == place - 12  # no key was lost while the page answered the one before
    after = rate(page, "Flagged")
    assert float(after.split()[0]) > float(before.split()[0])
    assert float(link_of(page)["threshold"]) < 0.5
    page.reload()
    expect(page.get_by_text("Confusion matrix", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stMetric").filter(has_text="Flagged")).to_contain_text(after)


def test_the_false_positives_open_in_films(open_link):
    page = open_link(predictions="able", finding="Emphysema", threshold="0.3")
    cell = page.locator(".st-key-roc_cell_FP")
    count = cell.get_by_role("link").inner_text().split()[0]
    assert int(count) > 0
    cell.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/films\?"), timeout=SLOW)
    expect(page.get_by_text(f"{count} of 200 films")).to_be_visible(timeout=SLOW)
    assert link_of(page)["outcomes"] == "Emphysema:FP"


def test_two_models_stand_on_the_same_axes_and_are_tested(open_link):
    page = open_link(predictions="able", finding="Emphysema")
    page.get_by_role("combobox", name=re.compile("Compare with")).click()
    page.get_by_role("option", name="backwards").click()
    expect(page.get_by_text("able ranks better than backwards")).to_be_visible(timeout=SLOW)
    expect(page.locator(".legendtext").filter(has_text="backwards").first).to_be_visible(timeout=SLOW)
    assert link_of(page)["models"] == "backwards"


def test_the_steps_build_the_curve_without_the_server(open_link):
    page = open_link(predictions="able", finding="Emphysema", panel="steps")
    steps = page.locator(".steps")
    expect(steps.locator("output")).to_have_text("0 of 20", timeout=SLOW)
    steps.get_by_role("button", name="Next film").click()
    expect(steps.locator("output")).to_have_text("1 of 20")
    steps.get_by_role("button", name="Play").click()
    expect(steps.locator("output")).to_have_text(re.compile(r"^([2-9]|1\d|20) of 20"))
    steps.locator("input").focus()
    page.keyboard.press("End")
    expect(steps.locator("output")).to_have_text("20 of 20")
    expect(steps.locator(".said")).to_contain_text("Their share is the AUROC")
    expect(page).to_have_url(re.compile(r"step=20"), timeout=SLOW)


def test_everything_that_is_offered_can_be_downloaded(open_link):
    page = open_link(predictions="able", finding="Emphysema", threshold="0.3", panel="downloads")
    held = {}
    for name in ("Report", "Figures", "Curves", "Films", "All findings"):
        with page.expect_download() as waiting:
            page.locator(".download").get_by_role("link", name=name, exact=True).click()
        held[name] = Path(waiting.value.path()).read_bytes()
    assert b"Emphysema" in held["Report"]
    assert zipfile.ZipFile(io.BytesIO(held["Figures"])).testzip() is None
    films = pd.read_csv(io.BytesIO(held["Films"]))
    (metrics,) = pd.read_csv(io.BytesIO(held["All findings"])).to_dict("records")
    assert len(films) == FILMS
    assert metrics["threshold"] == 0.3
    truth = films["label"] == 1
    assert metrics["sensitivity"] == pytest.approx((films["probability"][truth] >= 0.3).mean())
