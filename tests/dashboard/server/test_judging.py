"""Predictions joined to labels for the pages that judge."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
import streamlit as st

from dashboard.server.judging import JUDGING_ERRORS, judged, list_predictions, source, split_counts
from dashboard.server.library import Library
from dashboard.server.shared import shared_services
from tests.dashboard.judged_library import FIRST, MASS, NOTHING, add_dataset, add_predictions


@pytest.fixture
def library(shelf, monkeypatch) -> Library:
    st.cache_resource.clear()
    shared_services.cache_clear()
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", shelf.root / "nowhere")
    return Library(shelf.root)


def test_films_are_joined_in_one_order(shelf, library):
    add_dataset(shelf), add_predictions(shelf)
    here = judged(library, "first")
    np.testing.assert_array_equal(here.truth("Mass"), MASS)
    np.testing.assert_array_equal(here.scores("Mass"), FIRST)
    # 0.50 lies above 25 of 30, 0.55 above 27 (0.01 … 0.53) and level with one, the rest above all
    assert here.auroc("Mass").value == pytest.approx((25 + 27.5 + 8 * 30) / 300)


def test_parts_are_the_splits_that_there_are(shelf, library):
    add_dataset(shelf), add_predictions(shelf)
    assert split_counts(judged(library, "first")) == {"all": 40, "train": 30, "test": 10}
    assert len(judged(library, "first", "test")) == 10
    with pytest.raises(JUDGING_ERRORS, match="None of the 40 predicted films is in the split validation"):
        judged(library, "first", "validation")


def test_one_table_for_all_visitors_until_a_file_changes(shelf, library):
    dataset, _ = add_dataset(shelf), add_predictions(shelf)
    here, stamp = judged(library, "first"), source(library, "first").stamp
    assert judged(library, "first") is here
    table = dataset / "films.parquet"
    os.utime(table, (table.stat().st_atime, table.stat().st_mtime + 5))
    assert source(library, "first").stamp != stamp
    assert judged(library, "first") is not here


def test_the_default_models_predictions_come_first(shelf, library):
    add_dataset(shelf)
    for name in ("a", "lightbox-on-simulated", "b"):
        add_predictions(shelf, name)
    assert list_predictions(library) == ["lightbox-on-simulated", "a", "b"]


def test_a_dataset_outside_the_library_is_judged_but_has_no_name(shelf, library, tmp_path):
    folder, predictions = add_dataset(shelf), add_predictions(shelf)
    shutil.move(folder, tmp_path / "elsewhere")
    facts = json.loads((predictions / "predictions.json").read_text())
    facts["dataset_folder"] = str(tmp_path / "elsewhere")
    (predictions / "predictions.json").write_text(json.dumps(facts))
    assert source(library, "first").dataset is None
    assert len(judged(library, "first")) == 40


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"Mass": np.full(40, 0.3), "Effusion": np.full(40, 0.1)}, "gives all 40 films the same probability"),
        ({"Mass": np.full(40, NOTHING), "Effusion": np.full(40, NOTHING)}, "all are missing"),
    ],
)
def test_useless_scores_are_refused_in_a_sentence(shelf, library, columns, message):
    add_dataset(shelf), add_predictions(shelf, **columns)
    with pytest.raises(JUDGING_ERRORS, match=message):
        judged(library, "first")


def test_ids_that_do_not_match_are_refused_in_a_sentence(shelf, library):
    add_dataset(shelf, film=[f"other{k}" for k in range(40)]), add_predictions(shelf)
    with pytest.raises(JUDGING_ERRORS, match="None of the 40 predicted films is in the dataset"):
        judged(library, "first")


def test_a_dataset_that_is_gone_is_named(shelf, library):
    folder, _ = add_dataset(shelf), add_predictions(shelf)
    shutil.rmtree(folder)
    with pytest.raises(JUDGING_ERRORS, match="are of the dataset generated, which is not where they say"):
        judged(library, "first")
