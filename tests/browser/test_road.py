"""The road from flagged to mended on real films: CheXNet, which is not here, and both models that come with the app."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.test_errors import link
from tests.conftest import REAL_DATA
from training.__main__ import main

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real_films,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="no real films beside the checkout"),
]

FLAGGED = re.compile(r"the flagged share goes from ([\d.]+) % to ([\d.]+) %, where ([\d.]+) % have the finding")


def write_nih(root: Path) -> None:
    """NIH's table, CheXNet's published probabilities of it, and what both models say of the films of its test."""
    nih, predictions = str(root / "datasets" / "nih"), root / "predictions"
    assert not main(["dataset", "nih", str(REAL_DATA / "nih"), "--out", nih])
    asked = ["--dataset", nih, "--model", "chexnet", str(REAL_DATA / "nih" / "chexnet" / "preds.csv")]
    assert not main(["import-predictions", "--out", str(predictions / "chexnet"), *asked])
    for model in ("lightbox", "overcaller"):
        out = str(predictions / f"{model}-on-nih")
        assert not main(["predict", nih, "--model", model, "--split", "test", "--out", out])


LIBRARY = write_nih


def mend(page: Any, address: str, predictions: str, mended: str, **asked: str) -> tuple[float, float, float]:
    """Open Errors, read what the remedy does, save it, and give the flagged share before and after, and the truth."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    page.goto(f"{address}errors?predictions={predictions}&finding=Emphysema&{query}")
    told = page.get_by_text("On films it was not fitted on,")
    expect(told).to_contain_text("where", timeout=SLOW)
    before, after, truth = map(float, FLAGGED.search(told.inner_text().replace("\u00a0", " ")).groups())
    save = re.compile("Save the mended predictions|Copy the model and save")
    page.get_by_role("button", name=save).click()
    saved = page.get_by_text("The mended predictions are there now")
    expect(saved).to_contain_text(mended, timeout=SLOW)
    return before, after, truth


def side_by_side(page: Any, predictions: str, mended: str, fitted: bool = True) -> None:
    """Follow the link from a saved remedy to both on ROC; ``fitted``: whether it learned anything from the films."""
    page.get_by_role("link", name="Before and after, side by side").click()
    both = f"At their thresholds: {predictions} and {mended}"
    expect(page.get_by_text(both)).to_be_visible(timeout=SLOW)
    shown = link(page)
    assert (shown["predictions"], shown["models"]) == (predictions, mended)
    left_out = page.get_by_text("films that only one of the two has met left out of the comparison")
    expect(left_out).to_have_count(int(fitted))


def test_chexnet_at_youdens_point_flags_by_its_threshold_and_is_mended_without_its_model(page, address):
    before, after, truth = mend(page, address, "chexnet", "chexnet-mended", rule="youden", remedy="none")
    assert before > 6 * truth and abs(after - truth) < 0.5
    expect(page.get_by_text("Main cause: threshold")).to_be_visible()
    side_by_side(page, "chexnet", "chexnet-mended")


def test_the_overcaller_flags_nearly_all_by_its_weight_and_is_mended_as_a_copy(page, address, library):
    before, after, truth = mend(
        page, address, "overcaller-on-nih", "overcaller-mended-on-nih", remedy="weighting", rule_after="keep"
    )
    assert before > 90 and after < 3 * truth + 1
    expect(page.get_by_text("Main cause: weighting of the loss")).to_be_visible()
    assert (library / "models" / "overcaller-mended.keras").is_file()
    side_by_side(page, "overcaller-on-nih", "overcaller-mended-on-nih", fitted=False)


def test_lightbox_is_said_to_flag_about_as_often_as_is_true(page, address):
    before, after, truth = mend(page, address, "lightbox-on-nih", "lightbox-mended-on-nih", remedy="platt")
    assert before < 3 * truth and after < 3 * truth
    assert "Main cause: weighting" not in page.inner_text("body")
    side_by_side(page, "lightbox-on-nih", "lightbox-mended-on-nih")
