"""The shortcut alarm on the Errors page, with evidence that lies there already: no model is needed."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.errors.alarm_falls import SIDE, AlarmFalls, drawn
from dashboard.errors.alarm_words import in_logits, p_words
from dashboard.server.library import Library
from tests.dashboard.errors.errors_library import of_cell, write_library
from tests.dashboard.lines import lines
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown, take_away
from training.evaluate.alarm_rates import ARCHITECTURES, found, read_models
from training.evaluate.hidden_regions import LINES, REGIONS

ALARM = {"predictions": "answers", "finding": "Mass", "section": "alarm"}


@pytest.fixture
def services(shelf, monkeypatch) -> Idle:
    """A library on a server where nobody works."""
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", Path("/nowhere"))
    write_library(shelf.root)
    shelf.add_card("tiny", outputs=["Mass", "Edema", "Effusion"])
    services = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: services)
    return services


@pytest.fixture
def run(services) -> Callable[..., AppTest]:
    return partial(opened, "views/errors.py", **ALARM)


def put_falls(services: Idle, cell: str, at: str = "", more: float = 0.0) -> list[str]:
    """Have falls lie there as if the model had made them: Mass loses more with one region."""
    falls, rng = AlarmFalls(services, "tiny", "generated", "", ""), np.random.default_rng(len(cell + at))
    films = of_cell(cell)
    for film in films:
        lost = rng.normal(0, 0.1, (3, len(REGIONS)))
        if at:
            lost[0, REGIONS.index(at)] += more * 2 * rng.random()
        kept = {"falls": lost.astype(np.float32), "picture": np.full((SIDE, SIDE), 90, np.uint8)}
        services.arrays.put(falls.name_of(film), kept)
    return films


def test_the_alarm_says_what_it_costs_before_anything_is_made(run):
    app = run()
    assert app.button(key="errors_alarm").label.startswith("Hide regions on ")
    assert f"up to {1 + len(REGIONS)} evaluations" in " ".join(one.value for one in app.caption)
    app.button(key="errors_alarm").click().run()
    ((line,),) = lines(app).values()
    assert line["title"].startswith("Hidden regions of ")
    assert link_of(app) == ALARM


def test_a_place_on_which_the_answers_hang_is_named_with_its_numbers_its_rates_and_its_films(run, services):
    put_falls(services, "FP", "upper left corner", 2.0)
    put_falls(services, "TN")
    app = run()
    told = plain(said(app))
    assert "The score of Mass hangs on the upper left corner: look there." in told
    assert "p\u00a0<\u00a00.001" in told
    models = read_models()
    for architecture in ARCHITECTURES:
        clean = found(models[models["architecture"] == architecture], "clean")
        assert f"{clean.count} of {clean.of}" in plain(shown(app))
    assert "Films that lose most with the upper left corner" in shown(app)
    name, media, content = take_away(app, "Regions")
    table = pd.read_csv(io.StringIO(content) if isinstance(content, str) else io.BytesIO(content)).set_index("region")
    assert (name, media, list(table.index)) == ("answers-mass-alarm.csv", "text/csv", list(REGIONS))
    first = table.loc["upper left corner"]
    assert first["value_over_not_flagged"] == pytest.approx(first["flagged"] - first["not_flagged"], abs=1e-6)
    assert first["low_over_others"] < first["value_over_others"] < first["high_over_others"]


def test_where_nothing_is_lost_nothing_is_named(run, services):
    put_falls(services, "FP")
    put_falls(services, "TN")
    app = run()
    assert "Nothing found." in said(app)
    assert "look there" not in said(app)


def test_with_too_few_wrongly_flagged_films_it_is_not_known(run):
    app = run(rule="number", threshold="0.999")
    assert "Not known: too few films." in said(app)
    assert "errors_alarm" not in [one.key for one in app.button]


@pytest.mark.parametrize(
    ("region", "rows", "columns"), [("lower border", (288, 319), (64, 255)), (LINES, (32, 287), (32, 287))]
)
def test_the_named_region_is_outlined_on_all_three_pictures(services, region, rows, columns):
    put_falls(services, "FP", region, 2.0)
    seen = AlarmFalls(services, "tiny", "generated", "", "").seen(of_cell("FP"))
    for picture in drawn(seen, seen, 0, region):
        strongest = np.nonzero((picture == (64, 224, 208)).all(axis=-1))
        assert [(one.min(), one.max()) for one in strongest] == [rows, columns]


def test_the_region_that_costs_most_is_the_most_orange_and_one_that_gains_is_blue(services):
    put_falls(services, "FP", "upper left corner", 2.0)
    put_falls(services, "TN", "upper left corner", -2.0)
    falls = AlarmFalls(services, "tiny", "generated", "", "")
    first, second, difference = drawn(falls.seen(of_cell("FP")), falls.seen(of_cell("TN")), 0, "")
    red, _, blue = np.moveaxis(np.stack([one[30, 30].astype(int) for one in (first, second, difference)]), -1, 0)
    assert red[0] > blue[0]
    assert red[1] < blue[1]
    assert red[2] > blue[2]


@pytest.mark.parametrize(("value", "words"), [(-0.001, "0.00"), (-0.5, "−0.50"), (11.07, "11.07")])
def test_falls_are_written_with_a_minus_and_no_minus_nought(value, words):
    assert in_logits(value) == words


@pytest.mark.parametrize(("p", "words"), [(0.0005, "p < 0.001"), (0.0123, "p = 0.012"), (0.456, "p = 0.46")])
def test_p_is_written_with_the_digits_that_matter(p, words):
    assert p_words(p) == words
