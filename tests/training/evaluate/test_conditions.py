from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.evaluate.conditions import Condition, End, columns, groups, meets, read_condition, values
from training.evaluate.ranked import EvaluateError


def films() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "film": list("abcdefgh"),
            "patient": list("aabbccdd"),
            "view": ["PA", "AP", "PA", "LL", None, "AP", "PA", ""],
            "age": [10.0, 20, 30, 40, 50, 60, 70, np.nan],
            "dose": np.array([0.1, 0.2, 0.1, 0.4, 0.1, 0.2, 0.3, 0.1], np.float32),
            "token": [True, False] * 4,
            "ward": ["1..2", " b", *["c"] * 6],
            "dataset": "made",
            "source_Mass": ["explicit", "derived"] * 4,
        }
    )


def found(*conditions: str) -> str:
    here = meets(films(), map(read_condition, conditions))
    return "".join(films()["film"][here])


@pytest.mark.parametrize(
    "conditions, letters",
    [
        ([], "abcdefgh"),
        (["view=AP"], "bf"),
        (["view=AP", "view=LL"], "bdf"),  # alternatives
        (["view=AP", "age=..30"], "b"),  # both
        (["view="], "eh"),
        (["age="], "h"),
        (["age=20..40"], "bcd"),
        (["age=60.."], "fg"),
        (["age=50"], "e"),
        (["age=p0..p25"], "ab"),  # the 25th percentile is 25
        (["age=p75.."], "fg"),
        (["age=30..p50"], "cd"),
        (["dose=0.1"], "aceh"),  # in the column's own 32 bits
        (["dose=0.3..0.4"], "dg"),
        (["token=yes"], "aceg"),
        (["ward=1..2"], "a"),  # a name that looks like a range
        (["ward= b"], "b"),
        (["token=no", "age=..40"], "bd"),
    ],
)
def test_films_that_meet_conditions(conditions, letters):
    assert found(*conditions) == letters


@pytest.mark.parametrize(
    "condition, words",
    [
        ("view", "“view” is no condition: expected column=value"),
        ("=AP", "is no condition"),
        ("height=1", "The dataset has no column “height”; it has view, age, dose, token, ward."),
        ("view=XX", "No film has view “XX”; there are AP, LL, PA, nothing."),
        ("token=1", "No film has token “1”; there are yes, no."),
        ("age=old", "No film has age “old”"),
        ("view=1..2", "view holds no numbers"),
        ("age=60..50", "the ends of a range rise"),
        ("age=p0..p101", "percentiles lie from p0 to p100"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(condition, words):
    with pytest.raises(EvaluateError) as told:
        found(condition)
    assert words in str(told.value)


@pytest.mark.parametrize("text", ["view=AP", "age=1.5..20", "age=..p25", "age=p75..", "view=", "name=a..b", "x=1=2"])
def test_a_condition_is_written_as_it_was_read(text):
    assert str(read_condition(text)) == text


SAID = ("Pleural_Thickening=1", "Edema=", "object_token=yes", "sex=", "age=60..", "age=p0..p25", "age=..3")


def test_words_for_a_page():
    said = [read_condition(text).words for text in SAID]
    assert said == [
        "Pleural thickening: present",
        "Edema: no label",
        "object token: yes",
        "sex: not known",
        "age: at least 60",
        "age: percentile 0 to percentile 25",
        "age: at most 3",
    ]


def test_columns_and_values_that_can_be_asked_for():
    assert columns(films()) == [
        "view",
        "age",
        "dose",
        "token",
        "ward",
    ]  # names, provenance, and what is all the same are not
    assert values(films(), "view") == ["AP", "LL", "PA", ""]
    assert values(films(), "dose") == ["0.1", "0.2", "0.3", "0.4"]
    assert values(films(), "token") == ["yes", "no"]


def test_groups_are_values_or_quarters_and_none_comes_twice():
    table = films()[["view", "token"]].assign(same=films()["token"], number=np.arange(8.0))
    assert [str(one) for one, _ in groups(table)] == [
        *("view=AP", "view=LL", "view=PA", "view=", "token=yes", "token=no"),
        *(f"number={k}" for k in range(8) if k != 3),  # that is the film with view LL
    ]
    many = pd.DataFrame({"number": np.arange(100.0)})
    told = groups(many)
    assert told[0][0] == Condition("number", low=End(0.0), high=End(24.0))
    assert [int(here.sum()) for _, here in told] == [25, 26, 26, 26]  # the ends belong to both
    for one, here in told:
        assert np.array_equal(meets(many, [read_condition(str(one))]), here)
