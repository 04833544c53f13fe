"""Films that a model met before: what is found by it, and what is said of a film."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.films.catalogue import Catalogue
from dashboard.films.items import export_table
from dashboard.films.met import film_met, films_met, found_met
from dashboard.films.search import matching, usable
from dashboard.films.state import State, films_of
from tests.dashboard.films.film_tables import catalogue, table
from training.evaluate.met import Met, nobody_knows

ROWS = np.arange(4)


@pytest.fixture
def of() -> Catalogue:
    """A model learned from the first film, was mended for Mass on the second; of the last nobody knows."""
    made = catalogue(table(4, Mass=[1.0, 0.0, 1.0, 0.0]), {"Mass": [0.9, 0.8, 0.2, 0.1], "Edema": [0.1] * 4})
    here = np.eye(4, dtype=bool)
    return replace(made, answers=replace(made.answers, met=Met({"fit": here[0]}, {"Mass": here[1]}, here[3])))


@pytest.mark.parametrize(
    ("met", "finding", "films"),
    [
        ("new", "Mass", [2]),
        ("new", "Edema", [1, 2]),
        ("met", "Mass", [0, 1]),
        ("unknown", "Mass", [3]),
        ("", None, ROWS),
    ],
)
def test_films_are_found_by_whether_the_model_met_them(of, met: str, finding: str | None, films: list[int]):
    asked, problems = usable(State(met=met, finding=finding), of)
    assert problems == []
    assert np.flatnonzero(matching(asked, of, lambda tag: [])).tolist() == list(films)


def test_each_film_says_what_it_served_for(of):
    assert film_met(of, 0) == "The model met this film, or another of its patient: it served to fit it."
    assert film_met(of, 1) == "The model met this film, or another of its patient: it served to mend Mass."
    assert film_met(of, 2) == "The model never met this patient."
    assert film_met(of, 3) == "Whether the model met this film before is not known."
    assert found_met(of, "Mass", ROWS) == "the model never met 1 of them; of 1 it is not known"


def test_an_export_says_of_each_film_what_it_served_for(of):
    assert export_table(of, State(), ROWS, {})["met"].tolist() == [
        "served to fit it",
        "served to mend Mass",
        "new",
        "not known",
    ]
    assert films_met(of, ROWS[1:3], "Edema").tolist() == ["new", "new"]  # a remedy counts for its own finding
    assert "met" not in export_table(catalogue(table(4)), State(), ROWS, {})


def test_no_patient_is_promised_where_it_is_not_known(of):
    films = catalogue(table(4, patient=None), {"Mass": [0.1] * 4})
    stranger = replace(films, answers=replace(films.answers, met=of.answers.met))
    assert "whether another of its patient did is not known" in film_met(stranger, 2)
    assert films_met(stranger, ROWS)[2] == "new; whether its patient is, is not known"


def test_without_a_record_nobody_knows(of):
    for met in (None, nobody_knows(4)):
        unknown = replace(of, answers=replace(of.answers, met=met))
        assert found_met(unknown, None, ROWS) == "not known whether the model met any of them"
        assert set(films_met(unknown, ROWS)) == {"not known"}
        assert film_met(unknown, 0) == "Whether the model met this film before is not known."


def test_without_predictions_there_is_no_model_to_ask():
    films = catalogue(table(4))
    asked, problems = usable(State(met="new"), films)
    assert asked.met == "" and problems == ["Whatever asks about predictions was left out: no predictions are chosen."]
    assert found_met(films, None, ROWS) == "" and film_met(films, 0) == ""


def test_the_choices_of_roc_and_errors_become_conditions():
    assert films_of("all") == {"met": ""}
    assert films_of("never-met") == {"met": "new"}
    assert films_of("not-met") == {"met": "unknown"}
    assert films_of("test") == {"split": ("test",)}
