from __future__ import annotations

import json

import numpy as np
import pandas as pd

from training.datasets.marks import marked, record


def films(patients: list[str | None], names: list[str] | None = None, dataset: str = "made") -> pd.DataFrame:
    names = [f"f{k}" for k in range(len(patients))] if names is None else names
    return pd.DataFrame({"film": names, "patient": pd.Series(patients, dtype=object), "dataset": dataset})


def test_a_record_finds_its_films_and_others_of_the_same_patients():
    kept = record(films(["made:1", "made:1", "made:2"]), ["fit"])
    assert (kept["for"], kept["films"], kept["patients"], kept["datasets"]) == (["fit"], 3, 2, ["made"])
    later = films(["made:2", "made:3", "made:1"], ["x", "y", "z"], "another name")
    found, doubtful = marked(later, [kept])
    assert found.tolist() == [True, False, True] and not doubtful.any()


def test_a_film_of_an_unknown_patient_is_found_by_its_own_name_in_its_own_dataset():
    kept = record(films([None, "made:1"]), ["fit"])
    assert kept["patients"] is None and kept["films_of_unknown_patients"] == 1
    assert marked(films([None, None]), [kept])[0].tolist() == [True, False]
    assert not marked(films([None], dataset="theirs"), [kept])[0].any()


def test_a_card_that_is_passed_on_names_no_patient():
    text = json.dumps(record(films(["made:Jane Doe"], ["jane"]), ["fit"]))
    assert "Jane" not in text and "jane" not in text


def test_with_more_patients_than_a_card_holds_nothing_is_concluded():
    kept = record(films([f"made:{k}" for k in range(5)]), ["fit"], most=4)
    assert kept["marks"] == "" and kept["films"] == 5
    found, doubtful = marked(films(["made:1", "made:9"]), [kept])
    assert not found.any() and doubtful.all()
    assert not marked(films(["theirs:1"], dataset="theirs"), [kept])[1].any()


def test_what_is_no_record_finds_nothing_and_says_that_it_cannot_tell():
    for marks in ("no base64!", 7, None, "AA"):
        found, doubtful = marked(films(["made:1"]), [{"films": 3, "marks": marks}])
        assert not found.any() and doubtful.all()
    assert not np.any(marked(films(["made:1"]), []))
