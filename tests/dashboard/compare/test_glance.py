"""What tells methods apart at a glance, with what was measured of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dashboard.compare.glance import at_length, leagues_of, measured_words
from dashboard.server.library import Library
from tests.dashboard.models.model_library import card, put
from tests.dashboard.trust.made_league import FILMS, put_league
from xai.explainers import EXPLAINERS
from xai.explainers.declared import BLACK_BOX


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    monkeypatch.setattr("dashboard.compare.glance.BUILT_IN_LEAGUES", Path("/nowhere"))
    put(shelf.root, "tiny", card("tiny"))
    shelf.add_dataset(films=FILMS, Mass=[1.0] * len(FILMS))
    return Library(shelf.root)


def test_what_was_measured_is_said_measure_by_measure(library, shelf):
    folder = put_league(shelf.root, shelf.root / "models" / "tiny.keras")
    told = {name: measured_words(library, leagues_of(library, "tiny"), EXPLAINERS[name]()) for name in EXPLAINERS}
    before = "On 12 films of generated, all findings together: "
    assert told["gradcam"] == f"{before}ahead of the usual place in pointing."
    assert told["shap"] == f"{before}not told apart from the usual place in pointing."
    assert told["random"] == f"{before}behind the usual place in pointing."
    assert told["lime"] == ""
    beside = pd.read_csv(folder / "beside.csv")
    behind = beside[beside["method"] == "gradcam"].assign(measure="iou", ahead=-0.2, low=-0.3, high=-0.1)
    pd.concat([beside, behind]).to_csv(folder / "beside.csv", index=False)
    told = measured_words(library, leagues_of(library, "tiny"), EXPLAINERS["gradcam"]())
    assert told == f"{before}ahead of the usual place in pointing, behind the usual place in IoU."


def test_where_nothing_was_measured_the_box_is_still_told(library):
    assert leagues_of(library, "tiny") == []
    assert at_length(EXPLAINERS["lime"](), "") == BLACK_BOX.meaning
    assert "Less specific than Grad-CAM" in at_length(EXPLAINERS["layercam"](), "")
