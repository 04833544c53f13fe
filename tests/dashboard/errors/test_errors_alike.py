from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashboard.errors.alike_panel import in_words
from dashboard.errors.features import draw, features_key
from dashboard.errors.state import LINK
from dashboard.server.library import Library
from tests.dashboard.errors.errors_library import NAMES, answers, columns
from tests.dashboard.errors.test_errors_page import MASS, galleries
from tests.dashboard.errors.test_errors_page import own as own
from tests.dashboard.errors.test_errors_page import run as run
from tests.dashboard.errors.test_errors_page import stocked as stocked
from tests.dashboard.lines import lines
from tests.dashboard.pages import Idle, link_of, opened, plain, said
from training.datasets.table import read_dataset, write_dataset
from training.evaluate.alike import fails, nearest
from training.evaluate.rates import share

ALIKE = MASS | {"section": "alike"}
WITH_PICTURE = 160


@pytest.fixture
def features(stocked) -> np.ndarray:
    """Give the library features of all films, as if they had been computed; the numbers go round a circle."""
    angles = np.arange(len(NAMES)) * 0.001 * np.pi
    found = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    keep(stocked, found)
    return found


def keep(root: Path, features: np.ndarray) -> None:
    services = Idle(Library(root))
    key = features_key(services, "tiny", "generated")
    services.arrays.put(key, {"films": np.array(NAMES), "features": features})


def outcomes() -> np.ndarray:
    p, truth = answers(columns())["Mass"].to_numpy(), np.array(columns()["Mass"])
    return np.where(p >= 0.5, np.where(truth == 1, "TP", "FP"), np.where(truth == 1, "FN", "TN"))


class TestAlike:
    def test_the_nearest_are_shown_and_how_many_are_wrong_against_all_others(self, run, features):
        app = run(**ALIKE, like="f050", near="10")
        this, near = galleries(app)
        assert [one["id"] for one in this] == ["f050"]
        rest = np.delete(np.arange(WITH_PICTURE), 50)
        rows = rest[nearest(features[rest], features[50], 10)[0]]
        assert (
            {one["id"] for one in near}
            == {NAMES[row] for row in rows}
            == {f"f{k:03d}" for k in range(45, 56)} - {"f050"}
        )
        wrong = np.isin(outcomes(), ("FP", "FN"))[:WITH_PICTURE]
        others = np.setdiff1d(rest, rows)
        table = next(one.value for one in app.dataframe if "judged wrongly" in one.value)
        for name, some in (("like this one", rows), ("all others", others)):
            one = share(int(wrong[some].sum()), len(some))
            assert table[name][0].endswith(f"({100 * one.low:.0f} to {100 * one.high:.0f}), {one.count} of {one.of}")
        assert link_of(app) == ALIKE | {"like": "f050", "near": "10"}

    def test_without_a_film_the_most_confident_mistake_is_taken(self, run, features):
        app = run(**ALIKE)
        p = answers(columns())["Mass"][:WITH_PICTURE]
        worst = p[outcomes()[:WITH_PICTURE] == "FP"].idxmax()
        assert [one["id"] for one in galleries(app)[0]] == [worst]
        assert "This is the most confident false positive." in " ".join(one.value for one in app.caption)

    def test_the_model_is_asked_only_when_somebody_wants_it(self, run, stocked):
        app = run(**ALIKE, like="f050", map_films="40")
        assert app.button(key="errors_features").label in (
            "Compute features of 41 films",
            "Compute features of 40 films",
        )
        assert lines(app) == {}
        app.button(key="errors_features").click().run()
        assert len(lines(app)) == 1

    def test_a_film_that_is_gone_or_has_no_picture_is_named(self, run, stocked):
        assert "generated has no film “gone”" in plain(said(run(**ALIKE, like="gone")))
        assert "The picture of f200 is not on this machine" in plain(said(run(**ALIKE, like="f200")))

    def test_other_films_of_its_patient_are_not_its_like(self, run, stocked, features):
        folder = stocked / "datasets" / "generated"
        dataset = read_dataset(folder)
        patients = [f"p{k // 4}" for k in range(len(NAMES))]
        write_dataset(folder, dataset.facts, dataset.films.assign(patient=patients))
        keep(stocked, features)
        _, near = galleries(run(**ALIKE, like="f050", near="10"))
        assert {"f048", "f049", "f051"}.isdisjoint(one["id"] for one in near)

    def test_a_ticked_film_and_a_film_on_films_lead_here(self, run, features):
        def tick(app):
            app.session_state["films_chosen"] = {"f007": None}

        app = run(tick, **MASS, section="atlas")
        app.button(key="errors_like").click().run()
        assert link_of(app) == ALIKE | {"like": "f007"}
        link = {"dataset": "generated", "predictions": "answers", "finding": "Mass", "film": "f008"}
        films = opened("views/films.py", **link, thresholds="Mass:0.3")
        films.button(key="film_alike").click().run()
        state, problems = LINK.read(link_of(films))
        assert (problems, state.like, state.threshold, state.section) == ([], "f008", 0.3, "alike")


def test_words_say_no_more_than_the_intervals():
    patients = np.arange(60)
    near = patients < 10
    wrong = np.where(near, "FP", np.where(patients < 15, "FP", "TN"))
    told = in_words(fails(wrong, near, ~near, True, patients), "Mass", True)
    assert "judged wrong more often on films like this one" in told and "it may be the answer alone" in told
    mixed = np.where(patients % 5 == 0, "FP", "TN")
    assert "No sign that Mass is judged wrong more often" in in_words(
        fails(mixed, near, ~near, True, patients), "Mass", True
    )
    flagged = np.where(near, "FP", np.where(patients < 40, "TP", "TN"))
    assert "not the answer alone" in in_words(fails(flagged, near, ~near, True, patients), "Mass", True)
    unlabelled = np.where(near, "", "FP")
    assert "nothing can be said" in in_words(fails(unlabelled, near, ~near, True, patients), "Mass", True)


def test_films_are_drawn_alike_and_more_are_these_and_others():
    can_open = np.arange(1000) % 2 == 0
    few, many = draw(can_open, 50), draw(can_open, 200)
    assert set(few) < set(many) and can_open[many].all() and len(few) == 50
    assert draw(can_open, 999).tolist() == np.flatnonzero(can_open).tolist()
    assert few.tolist() == sorted(few.tolist())
