from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest

from dashboard.films.services import FilmServices
from dashboard.films.state import LINK as FILMS_LINK
from tests.dashboard.errors.errors_library import answers, columns
from tests.dashboard.errors.test_errors_page import MASS, galleries
from tests.dashboard.errors.test_errors_page import own as own
from tests.dashboard.errors.test_errors_page import run as run
from tests.dashboard.errors.test_errors_page import stocked as stocked
from tests.dashboard.pages import link_of, plain, said, shown, take_away
from training.datasets.marks import record
from training.datasets.table import read_dataset

DOUBTS = MASS | {"section": "doubts"}


def in_doubt() -> dict[str, list[str]]:
    """Films in doubt, counted from the answers themselves, the most doubtful first."""
    p, truth = answers(columns())["Mass"], np.array(columns()["Mass"])
    present, absent = p[truth == 1], p[truth == 0]
    return {
        "present": present[present <= absent.mean()].sort_values().index.tolist(),
        "absent": absent[absent >= present.mean()].sort_values(ascending=False).index.tolist(),
    }


@pytest.mark.usefixtures("stocked")
class TestDoubts:
    def test_the_most_doubtful_films_of_either_label_are_shown(self, run):
        app = run(**DOUBTS, label="absent")
        (films,) = galleries(app)
        assert [one["id"] for one in films] == in_doubt()["absent"]
        assert "only an expert who looks at the film can say" in shown(app)
        app.get_by_key("errors_label").select("present").run()
        assert link_of(app) == DOUBTS
        (films,) = galleries(app)
        assert [one["id"] for one in films] == in_doubt()["present"]

    def test_the_films_page_finds_the_same_films(self, run):
        app = run(**DOUBTS, label="absent")
        app.button(key="errors_all_doubts").click().run()
        services = app.session_state["services"]
        state, problems = FILMS_LINK.read(link_of(app))
        shared = services.of(FilmServices)
        catalogue = shared.open(state.dataset, state.predictions)
        found = catalogue.films.names[shared.find(state, catalogue, shared.notebook)]
        assert (problems, list(found)) == ([], in_doubt()["absent"])

    def test_every_finding_has_a_line_and_those_that_cannot_be_judged_say_nothing(self, run):
        app = run(**DOUBTS)
        table = next(one.value for one in app.dataframe if "finding" in one.value).set_index("finding")
        assert set(table.index) == {"Mass", "Edema", "Effusion"}
        assert table.loc["Mass", "absent, in doubt"] == len(in_doubt()["absent"])
        assert pd.isna(table.loc["Effusion", "absent, in doubt"])
        assert table.loc["Effusion", "absent, counted as wrong"] == "–"
        assert "Doubts need films with the finding" in plain(said(run(**DOUBTS | {"finding": "Effusion"})))

    def test_what_the_doubts_would_be_worth_is_said_for_this_finding(self, run):
        app = run(**DOUBTS, label="absent")
        table = next(one.value for one in app.dataframe if "if wrong" in one.value)
        assert table["if wrong"].tolist()[0] == "none" and table["of them wrong"].tolist()[0] == "0.0\u00a0%"
        rising = [float(one.split("\u00a0")[0]) for one in table["of them wrong"] if one != "–"]
        assert rising == sorted(rising) and rising[-1] > 0

    def test_all_of_them_can_be_taken_away(self, run):
        name, media, content = take_away(run(**DOUBTS), "Doubts")
        table = pd.read_csv(io.BytesIO(content))
        assert (name, media) == ("answers-doubts.csv", "text/csv")
        for label, value in (("present", 1), ("absent", 0)):
            mine = table[(table["finding"] == "Mass") & (table["label"] == value)]
            assert mine["film"].tolist() == in_doubt()[label]

    def test_films_that_the_model_learned_from_are_warned_of(self, run, stocked):
        assert "not known whether the model met them" in plain(said(run(**DOUBTS)))
        films = read_dataset(stocked / "datasets" / "generated").films
        facts = stocked / "predictions" / "answers" / "predictions.json"
        content = json.loads(facts.read_text())
        content["card"]["provenance"]["used"] = [record(films[films["split"] == "train"], ["fit"])]
        facts.write_text(json.dumps(content))
        assert "Doubts count only" not in said(run(**DOUBTS))
        told = plain(said(run(**DOUBTS, split="all")))
        assert "The model has met 40 of these 240 films for Mass." in told
        assert "a model that has seen a label agrees with it" in told
