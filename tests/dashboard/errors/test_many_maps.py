"""Many maps at once on the Errors page, with maps that lie there already: no model is needed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.server.library import Library
from tests.dashboard.errors.errors_library import NAMES, answers, columns, of_cell, put_maps, write_library
from tests.dashboard.lines import lines
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown, take_away
from tests.training.evaluate.made_maps import heart, with_token

ATLAS = {"predictions": "answers", "finding": "Mass", "section": "atlas"}
SIDE = 16


@pytest.fixture
def services(shelf, monkeypatch) -> Idle:
    """A library with a planted cause, on a server where nobody works."""
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", Path("/nowhere"))
    write_library(shelf.root)
    shelf.add_card("tiny", outputs=["Mass", "Edema", "Effusion"])
    services = Idle(Library(shelf.root))
    serve(monkeypatch, shelf.root, lambda root: services)
    return services


@pytest.fixture
def run(services) -> Callable[..., AppTest]:
    return partial(opened, "views/errors.py", **ATLAS)


def sheet(app: AppTest) -> list[dict]:
    """What the browser is sent of each film of the sheet: the third gallery of the page."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    return [one["items"] for one in sent if "items" in one][2]


def test_a_sheet_asks_for_quick_maps_at_once_and_for_slow_ones_only_after_their_cost(run):
    assert not lines(run())
    quick = run(sheet="FP")
    ((line,),) = lines(quick).values()
    assert line["title"] == "Grad-CAM of 24 films"
    assert [one["id"] for one in sheet(quick)] == of_cell("FP")[:24]
    assert all(one["src"] for one in sheet(quick))  # the films alone, meanwhile
    slow = run(sheet="FP", method="lime")
    assert not lines(slow)
    assert "24 films × up to 1,000 evaluations." in " ".join(one.value for one in slow.caption)
    slow.button(key="errors_sheet_maps").click().run()
    assert [line["title"] for (line,) in lines(slow).values()] == ["LIME of 24 films"]


def test_a_sheet_is_in_the_link_and_can_be_taken_away(run, services):
    films = of_cell("FP")
    values = np.random.default_rng(0).normal(size=(len(films), SIDE, SIDE))
    put_maps(services, films, values, "shap")
    app = run(sheet="FP", method="shap")
    app.button(key="errors_sheet_more").click().run()
    assert link_of(app) == ATLAS | {"sheet": "FP", "method": "shap", "sheet_films": "48"}
    assert [one["id"] for one in sheet(app)] == films[:48]
    assert {one["outcome"] for one in sheet(app)} == {"FP"}
    name, media, content = take_away(app, "CSV")
    table = pd.read_csv(io.BytesIO(content))
    assert (name, media, table["film"].tolist()) == ("maps.csv", "text/csv", films[:48])
    assert table["probability"].to_numpy() == pytest.approx(answers(columns())["Mass"][films[:48]].to_numpy())
    assert set(table["met"]) == {"not known"}  # the library holds no record of what its model was fitted on
    against = [-one[one < 0].sum() / np.abs(one).sum() for one in values[:48]]
    assert table["share_against"].to_numpy() == pytest.approx(against, abs=1e-6)
    with zipfile.ZipFile(io.BytesIO(take_away(app, "Raw maps")[2])) as archive:
        listed = pd.read_csv(archive.open("sheet.csv"))
        back = np.load(io.BytesIO(archive.read(listed["map"][3])))
    assert (back == values[3].astype(np.float32)).all()
    with Image.open(io.BytesIO(take_away(app, "Page")[2])) as page:
        assert page.size == (1920, 1080)


def test_a_sheet_without_the_truth_tells_it_nowhere(run, services):
    films = of_cell("TP")[:4]
    put_maps(services, films, np.ones((4, SIDE, SIDE)))
    app = run(sheet="TP", sheet_films="4", blind="on")
    assert [(one["title"], one["outcome"], one["findings"]) for one in sheet(app)] == [
        (f"Film {number}", "", "") for number in range(1, 5)
    ]
    assert not any("true positive" in one["alt"] or one["id"] in one["alt"] for one in sheet(app))
    assert "outcome" not in pd.read_csv(io.BytesIO(take_away(app, "CSV")[2]))


def test_chosen_films_are_a_sheet_of_their_own(run):
    app = run()
    app.session_state["films_chosen"] = dict.fromkeys(NAMES[:3])
    app.get_by_key("errors_sheet").select("chosen").run()
    assert link_of(app) == ATLAS | {"sheet": "chosen", "films": ",".join(NAMES[:3])}
    assert [one["id"] for one in sheet(app)] == list(NAMES[:3])
    assert "No film is chosen" in said(run(sheet="chosen"))


def test_mean_maps_of_a_signed_method_against_true_negatives_say_what_cancelled(run, services):
    for cell, place in (("FP", 0), ("TN", 1)):
        films = of_cell(cell)[:4]
        values = np.zeros((len(films), SIDE, SIDE))
        values[:, place, 0] = np.where(np.arange(len(films)) < 3, 2, -2)
        put_maps(services, films, values, "lime")
    app = run(method="lime", against="TN", mean_films="4")
    told = " ".join(one.value for one in app.caption)
    assert "True negatives, 4 films" in told
    assert "50% of the evidence is left in the first mean and 50% in the second" in told


def test_a_planted_token_is_a_group_with_its_films_and_what_sets_it_apart(run, services):
    flagged = sorted(of_cell("FP") + of_cell("TP"))
    edema = dict(zip(NAMES, columns()["Edema"], strict=True))
    order = sorted(flagged, key=lambda film: -edema[film])  # the token is on the films with edema first
    maps, here = with_token(len(flagged), 0.3, np.random.default_rng(0), heart)
    put_maps(services, order, maps)
    token = np.array(order)[here].tolist()
    app = run(groups="flagged")
    assert f"among {len(flagged)} films" in shown(app)
    counts = [(set(token) & set(of_cell(cell)), cell) for cell in ("TP", "FP")]
    told = ", ".join(f"{len(films)} {cell}" for films, cell in counts if films)
    (line,) = [one.value for one in app.markdown if f"{len(token)} films**" in one.value]
    assert line.endswith(told)
    assert "**with edema**" in plain(shown(app))
    group = line.split(":")[0][-1]
    app.button(key=f"errors_group_choose_{int(group) - 1}").click().run()
    assert sorted(app.session_state["films_chosen"]) == sorted(token)


def test_maps_without_structure_are_said_to_make_no_groups(run, services):
    flagged = sorted(of_cell("FP") + of_cell("TP"))
    put_maps(services, flagged, heart(len(flagged), np.random.default_rng(1)))
    app = run(groups="flagged")
    assert f"No clear groups: the maps of these {len(flagged)} films" in said(app)
    assert link_of(app) == ATLAS | {"groups": "flagged"}
