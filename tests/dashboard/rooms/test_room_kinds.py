from __future__ import annotations

import math
from pathlib import Path

import pytest

import dashboard.rooms.kinds as kinds_package
from dashboard.rooms.kinds import KINDS
from dashboard.rooms.step import Question
from tests.conftest import REPOSITORY

WHERE, WHICH, GUESS = (KINDS[name] for name in ("where", "which", "guess"))
CHOICES = {"choices": ["Present", "Absent"]}


def test_every_kind_is_listed_and_has_its_side_in_the_browser():
    written = {path.stem for path in Path(kinds_package.__file__).parent.glob("*.py")} - {"__init__", "kind", "paced"}
    shown = {path.stem for path in (REPOSITORY / "dashboard/components/phone/kinds").glob("*.js")}
    assert written == set(KINDS) == shown


def test_points_are_counted_in_the_cells_of_a_grid():
    answers = {
        "a": WHERE.take({}, [0, 0], None, "a"),
        "b": WHERE.take({}, [1, 1], None, "b"),
        "c": WHERE.take({}, [0.999, 0.97], None, "c"),
        "d": WHERE.take({}, [0.5, 0.25], None, "d"),
    }
    counts = WHERE.count({}, answers)
    assert counts == {"answers": 4, "side": 32, "cells": [[0, 0, 1], [8, 16, 1], [31, 31, 2]]}
    assert WHERE.rows({}, counts)[2] == ("row 32 of 32, column 32 of 32", 2)


OUTSIDE = [
    [-0.01, 0.5],
    [0.5, 1.01],
    [math.nan, 0],
    [math.inf, 0],
    [0.5],
    [0.5, 0.5, 0.5],
    ["0.5", 0.5],
    [True, 0],
    None,
]


@pytest.mark.parametrize(
    "said", [*OUTSIDE, {"x": 0.5, "y": 0.5}, "0.5,0.5", 10**400, [10**400, 0]], ids=lambda one: repr(one)[:30]
)
def test_a_point_outside_the_film_is_refused(said):
    with pytest.raises(ValueError, match="a point on the film"):
        WHERE.take({}, said, None, "a")


def test_choices_are_counted_also_those_that_nobody_took():
    settings = WHICH.checked({"choices": ["A", "B", "C"]})
    counts = WHICH.count(settings, {"a": 0, "b": 2, "c": 2})
    assert counts == {"answers": 3, "counts": [1, 0, 2]}
    assert WHICH.rows(settings, counts) == [("A", 1), ("B", 0), ("C", 2)]


@pytest.mark.parametrize("said", [-1, 2, True, 0.0, "0", None, [0]])
def test_no_other_choice_is_taken(said):
    with pytest.raises(ValueError, match="one of the choices"):
        WHICH.take(CHOICES, said, None, "a")


def test_guesses_are_counted_in_bins_and_the_last_one_holds_100_percent():
    guesses = {str(k): GUESS.take({}, guess, None, str(k)) for k, guess in enumerate((0, 4, 5, 50, 95, 99, 100))}
    counts = GUESS.count({}, guesses)
    assert (counts["answers"], counts["width"], len(counts["counts"])) == (7, 5, 20)
    assert {k: n for k, n in enumerate(counts["counts"]) if n} == {0: 2, 1: 1, 10: 1, 19: 3}
    rows = GUESS.rows({}, counts)
    assert (rows[0], rows[1], rows[-1]) == (("0 to 4 %", 2), ("5 to 9 %", 1), ("95 to 100 %", 3))
    for said in (-1, 101, 50.0, "50", True, None):
        with pytest.raises(ValueError, match="0 to 100"):
            GUESS.take({}, said, None, "a")


HOSTILE = [
    {"kind": "which", "text": "?", "settings": {}},
    {"kind": "which", "text": "?", "settings": {"choices": ["A"]}},
    {"kind": "which", "text": "?", "settings": {"choices": ["A"] * 2}},
    {"kind": "which", "text": "?", "settings": {"choices": list("ABCDEFGHI")}},
    {"kind": "which", "text": "?", "settings": {"choices": ["A", "x" * 61]}},
    {"kind": "which", "text": "?", "settings": {"choices": ["A", "\x00"]}},
    {"kind": "which", "text": "?", "settings": {"choices": ["A", 1]}},
    {"kind": "where", "text": "?", "settings": {"film": "other"}},
    {"kind": "where", "text": "", "settings": {}},
    {"kind": "where", "text": "x" * 401, "settings": {}},
    {"kind": "where", "text": "a\u202eb", "settings": {}},
    {"kind": "nothing", "text": "?", "settings": {}},
    {"kind": [], "text": "?", "settings": {}},
    {"kind": "guess", "text": "?", "settings": []},
    {"text": "?"},
    [],
    None,
]


@pytest.mark.parametrize("content", HOSTILE, ids=repr)
def test_a_question_of_another_form_is_refused_in_a_sentence(content):
    with pytest.raises(ValueError, match=r"^(Expected|A question).*\.$"):
        Question.of(content)
