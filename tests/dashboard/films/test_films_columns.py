"""Conditions on any column, and slices of them, made on the Films page."""

from __future__ import annotations

import json

from tests.dashboard.films.test_films_page import names
from tests.dashboard.films.test_films_page import run as run
from tests.dashboard.films.test_films_page import stocked as stocked
from tests.dashboard.pages import link_of, plain, said
from training.datasets.table import read_dataset, write_dataset


def _measured(stocked) -> None:
    folder = stocked / "datasets" / "generated"
    dataset = read_dataset(folder)
    more = {"height": [1.0, 2, 3, 4, 5, float("nan")], "ward": ["a", "b", "a", "b, c", None, "a"]}
    write_dataset(folder, dataset.facts, dataset.films.assign(**more))


def test_numbers_by_range_or_percentile_and_words_by_value(run, stocked):
    _measured(stocked)
    app = run()
    app.selectbox(key="films_column").set_value("height").run()
    app.number_input(key="films_from_number_height").set_value(2.0).run()
    app.button(key="films_column_add").click().run()
    assert link_of(app)["where"] == "height=2.." and names(app)[:3] == ["<b>b</b>", "c", "**d**"]
    app.get_by_key("films_scale_height").select("percentile").run()
    app.number_input(key="films_to_percentile_height").set_value(50.0).run()
    app.button(key="films_column_add").click().run()
    assert link_of(app)["where"] == "height=..p50"  # in place of the range
    assert names(app) == ["a", "<b>b</b>", "c"]
    app.selectbox(key="films_column").set_value("ward").run()
    app.multiselect(key="films_values_ward").set_value(["b", "b, c"]).run()
    app.button(key="films_column_add").click().run()
    assert link_of(app)["where"] == "height=..p50,ward=b,ward=b%2C c"
    assert names(app) == ["<b>b</b>"]
    app.button(key="chips_clear").click().run()
    assert "where" not in link_of(app) and len(names(app)) == 6


def test_what_was_narrowed_down_is_saved_as_a_slice_and_removed(run, stocked):
    _measured(stocked)
    app = run(where="height=2..", sort="likely", finding="Mass", film="c")
    app.text_input(key="films_view_name").set_value("tall").run()
    app.button(key="films_slice_save").click().run()
    assert any("Saved as “tall”" in plain(one.value) for one in app.success)
    (path,) = (stocked / "slices").iterdir()
    assert json.loads(path.read_text()) == {"name": "tall", "films": {"where": "height=2.."}}
    app.button(key="films_slice_save").click().run()
    assert "There is already a slice “tall”" in plain(said(app))
    app.selectbox(key="films_slices").set_value("tall").run()
    app.button(key="films_slice_remove").click().run()
    assert not list((stocked / "slices").iterdir())


def test_a_condition_that_this_dataset_cannot_answer_is_named(run):
    app = run(where="height=2..,view=PA")
    assert "The dataset has no column “height”" in plain(said(app)) and link_of(app)["where"] == "view=PA"
