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

from dashboard.errors.alarm_maps import METHOD, SIDE, AlarmMaps, drawn
from dashboard.errors.alarm_panel import p_words
from dashboard.server.library import Library
from tests.dashboard.errors.errors_library import of_cell, write_library
from tests.dashboard.lines import lines
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown, take_away
from training.evaluate.alarm import GRID, REGIONS
from training.evaluate.alarm_rates import read_models

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


def put_evidence(services: Idle, cell: str, at: str = "", share: float = 0.0) -> list[str]:
    """Have evidence lie there as if the model had made it: of Mass, a share more in one region."""
    maps, rng = AlarmMaps(services, "tiny", "generated", "", METHOD), np.random.default_rng(len(cell + at))
    films = of_cell(cell)
    for film in films:
        grids = rng.gamma(0.5, size=(3, GRID, GRID))
        grids /= grids.sum(axis=(1, 2), keepdims=True)
        if at:
            place = grids[0][REGIONS[at]]
            place += share * 2 * rng.random() / place.size
            grids[0] /= grids[0].sum()
        kept = {"evidence": grids.astype(np.float16), "picture": np.full((SIDE, SIDE), 90, np.uint8)}
        services.arrays.put(maps.name_of(film), kept)
    return films


def test_the_alarm_says_what_it_costs_before_anything_is_made(run):
    app = run()
    assert app.button(key="errors_alarm").label.startswith("Compute ")
    assert "one pass each" in " ".join(one.value for one in app.caption)
    app.button(key="errors_alarm").click().run()
    ((line,),) = lines(app).values()
    assert line["title"].startswith("Grad-CAM of ")
    assert link_of(app) == ALARM


def test_a_place_where_the_evidence_gathers_is_named_with_its_numbers_its_rates_and_its_films(run, services):
    put_evidence(services, "FP", "upper left corner", 0.4)
    put_evidence(services, "TN")
    app = run()
    told = plain(said(app))
    assert "Evidence for Mass gathers at the upper left corner: look there." in told
    assert "p < 0.001" in told
    clean = read_models().query("kind == 'clean'")
    assert f"{(clean['verdict'] == 'found').sum()} of {len(clean)}" in plain(shown(app))
    assert "Films with most of their evidence at the upper left corner" in shown(app)
    name, media, content = take_away(app, "Regions")
    table = pd.read_csv(io.StringIO(content) if isinstance(content, str) else io.BytesIO(content)).set_index("region")
    assert (name, media, list(table.index)) == ("answers-mass-alarm.csv", "text/csv", list(REGIONS))
    first = table.loc["upper left corner"]
    assert first["value_over_not_flagged"] == pytest.approx(first["flagged"] - first["not_flagged"], abs=1e-6)
    assert first["low_over_others"] < first["value_over_others"] < first["high_over_others"]


def test_where_nothing_gathers_nothing_is_named(run, services):
    put_evidence(services, "FP")
    put_evidence(services, "TN")
    app = run()
    assert "Nothing found." in said(app)
    assert "look there" not in said(app)


def test_with_too_few_wrongly_flagged_films_it_is_not_known(run):
    app = run(rule="number", threshold="0.999")
    assert "Not known: too few films." in said(app)
    assert "errors_alarm" not in [one.key for one in app.button]


def test_the_named_region_is_outlined_on_all_three_pictures(services):
    put_evidence(services, "FP", "lower border", 0.4)
    maps = AlarmMaps(services, "tiny", "generated", "", METHOD)
    seen = maps.seen(of_cell("FP"))
    for picture in drawn(seen, seen, 0, "lower border"):
        strongest = (picture == (64, 224, 208)).all(axis=-1)
        rows, columns = np.nonzero(strongest)
        assert (rows.min(), rows.max()) == (288, 319)
        assert (columns.min(), columns.max()) == (64, 255)


@pytest.mark.parametrize(("p", "words"), [(0.0005, "p < 0.001"), (0.0123, "p = 0.012"), (0.456, "p = 0.46")])
def test_p_is_written_with_the_digits_that_matter(p, words):
    assert p_words(p) == words
