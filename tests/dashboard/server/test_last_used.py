"""Which predictions a page opens on."""

from __future__ import annotations

import pandas as pd
import pytest
import streamlit as st

from dashboard.server.last_used import first_predictions, last_dataset, last_predictions, note_used, to_judge
from dashboard.server.library import Library
from tests.dashboard.judged_library import FILMS, FIRST, MASS, add_dataset, add_predictions
from training.predictions.table import PredictionsFacts, write_predictions

NOTHING = float("nan")


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", shelf.root / "nowhere")
    monkeypatch.setattr(st, "session_state", {})
    add_dataset(shelf, Effusion=[NOTHING] * 40)
    add_predictions(shelf, "b")
    return Library(shelf.root)


def add_some(shelf, name: str, count: int, **columns: object) -> None:
    table = pd.DataFrame({"Mass": FIRST} | columns, index=pd.Index(FILMS, name="film"))[:count]
    home = str(shelf.root / "datasets" / "generated")
    facts = PredictionsFacts(name, "generated", home, "m", "import", tuple(table.columns))
    write_predictions(shelf.root / "predictions" / name, facts, table)


def test_answers_count_where_there_are_labels(shelf, library):
    add_some(shelf, "a", 30)
    home = shelf.root / "datasets" / "generated"
    assert to_judge(library, "b", home) == 40  # of Mass; nobody labelled Effusion
    assert to_judge(library, "a", home) == 30
    assert to_judge(library, "a", None) == 0


def test_a_page_opens_on_the_predictions_with_most_to_judge_and_not_on_the_first_by_alphabet(shelf, library):
    add_some(shelf, "a", 30)
    assert first_predictions(library, ["a", "b"]) == "b"
    add_dataset(shelf, Effusion=MASS.tolist())
    add_some(shelf, "lightbox-on-generated", 40, Effusion=FIRST)
    assert first_predictions(library, ["a", "b", "lightbox-on-generated"]) == "lightbox-on-generated"


def test_what_was_used_last_comes_first(library):
    note_used("generated", "b")
    assert first_predictions(library, ["a", "b"]) == "b"
    assert (last_dataset(["other", "generated"]), last_predictions(["a"])) == ("generated", None)
    assert last_dataset(["other"]) is None
