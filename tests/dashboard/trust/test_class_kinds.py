"""A contest and an experiment for a room: own pace, no truth for phones, and what is counted."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from dashboard.page.forward_words import caution
from dashboard.rooms.kinds import KINDS
from dashboard.rooms.kinds.contest import CHANCE, ROOM, truth_of, written_truth
from dashboard.rooms.step import Question
from training.benchmark.forward import FILMS, LESSONS, helped

PART = "ab" * 20


def film_of_contest(truth: np.ndarray) -> dict:
    asked = {"text": "Where is the mass?", "part": PART, "chance": float(truth.mean())}
    return asked | {"truth": written_truth(truth), "rivals": {"SHAP": 0.25, "Grad-CAM": 1.0}}


@pytest.fixture
def contest():
    left = np.zeros((30, 41), bool)
    left[:, :20] = True
    return Question("contest", "Mark.", {"films": [film_of_contest(left), film_of_contest(~left)]})


def play(question: Question, who: str, answers: list) -> list:
    kind, kept = KINDS[question.kind], None
    for number, answer in enumerate(answers):
        kept = kind.take(question.settings, {"number": number, "answer": answer}, kept, who)
    return kept


@pytest.mark.parametrize("shape", [(1, 1), (7, 13), (320, 320)])
def test_a_truth_is_written_and_read_whole(shape):
    truth = np.random.default_rng(0).random(shape) < 0.3
    written = json.loads(json.dumps(written_truth(truth)))
    assert (truth_of(written) == truth).all()
    for wrong in ({}, {"shape": [9999, 9999]}, {"bits": "no"}, {"bits": "AAAA"}, {"shape": [True, 1]}):
        if wrong:
            with pytest.raises(ValueError, match="Expected"):
                truth_of(written | wrong)


def test_the_rooms_hits_stand_beside_those_of_maps_and_who_is_not_at_the_end_is_left_out(contest):
    kind = KINDS["contest"]
    answers = {
        "a": play(contest, "a", [[0.1, 0.5], [0.9, 0.5]]),
        "b": play(contest, "b", [[0.1, 0.5], [0.1, 0.5]]),
        "c": play(contest, "c", [[0.1, 0.5]]),
    }
    counts = kind.count(contest.settings, answers)
    assert (counts["answers"], counts["done"], counts["hits"]) == (3, 2, [2, 1])
    hits = {row[0]: row[1] for row in counts["table"][1:]}
    assert hits == {ROOM: "1.5", "SHAP": "0.5", "Grad-CAM": "2.0", CHANCE: "1.0"}
    assert "1 person not at the end yet" in counts["lines"][0]
    assert [count for _, count in kind.rows(contest.settings, counts)] == [2, 0, 1, 1]
    assert kind.rows(contest.settings, kind.count(contest.settings, {})) == []


def test_a_phone_is_told_one_film_at_a_time_and_no_truth(contest):
    kind = KINDS["contest"]
    assert kind.told(contest.settings) == {}
    first = kind.yours(contest.settings, None, "a")
    assert first == {"number": 0, "of": 2, "text": "Where is the mass?", "film": PART, "answers": "place"}
    done = play(contest, "a", [[0.1, 0.5], [0.9, 0.5]])
    assert kind.yours(contest.settings, done, "a") == {"number": 2, "of": 2}
    for said in ({"number": 0, "answer": [0, 0]}, {"number": 2, "answer": [0, 0]}, [0.1, 0.2], {"number": True}):
        with pytest.raises(ValueError, match=r"already|answered"):
            kind.take(contest.settings, said, done, "a")
    for answer in ([0.1, 2], [math.nan, 0], [True, 0], None, [0.1], "x"):
        with pytest.raises(ValueError, match="Expected"):
            kind.take(contest.settings, {"number": 0, "answer": answer}, None, "a")


def experiment(films: int = 18) -> Question:
    listed = [
        {
            "film": f"{k:040x}",
            "map": f"{k + 100:040x}",
            "flagged": k % 2 == 0,
            "present": k % 2 + (k // 2 % 3 == 0) == 1,
        }
        for k in range(films)
    ]
    lessons = [
        {"film": PART, "map": PART, "flagged": True, "present": True, "told": f"lesson {k}"} for k in range(LESSONS)
    ]
    settings = {
        "seed": 5,
        "method": "SHAP",
        "asked": "Flagged?",
        "task": "Do.",
        "chosen": "By choice.",
        "lessons": lessons,
        "films": listed,
    }
    return Question("forward", "Foresee.", settings)


def test_an_experiments_gain_is_that_of_its_arms():
    question, kind = experiment(), KINDS["forward"]
    answers, rows = {}, []
    for person in "abcdef":
        trials = kind.trials(question.settings, person)
        right = [trial.with_map or place % 2 == 0 for place, trial in enumerate(trials)]
        said = [int(trial.asked.flagged != good) for trial, good in zip(trials, right, strict=True)]
        answers[person] = play(question, person, [None] * LESSONS + said)
        rows += [(person, one.asked.film, one.with_map, good) for one, good in zip(trials, right, strict=True)]
    found = helped(pd.DataFrame(rows, columns=["participant", "film", "with_map", "right"]))
    answers["late"] = [0]
    counts = kind.count(question.settings, answers)
    assert (counts["answers"], counts["done"]) == (7, 6)
    assert kind.under_way(question.settings, answers) == 1 and KINDS["guess"].under_way({}, {"a": 5}) is None
    assert counts["counts"][:2] == [36, 0] and sum(counts["counts"]) == 6 * FILMS
    assert counts["counts"][2] / 36 == pytest.approx(found.without)
    assert f"+{100 * found.gain:.0f} percentage points" in counts["lines"][1]
    assert "6 people answered all films. 1 person not at the end yet" in counts["lines"][2]
    assert kind.count(question.settings, {})["lines"] == ["0 people answered all films.", "By choice."]


def test_a_map_is_told_in_its_arm_alone_and_the_answer_never():
    question, kind = experiment(), KINDS["forward"]
    films, trials = kind.films(question.settings, "a"), kind.trials(question.settings, "a")
    assert [one["answers"] for one in films] == ["next"] * LESSONS + ["choice"] * FILMS
    assert ["map" in one for one in films[LESSONS:]] == [trial.with_map for trial in trials]
    assert films[0]["task"] == "Do. By choice." and films[LESSONS]["title"] == f"Film 1 of {FILMS}."
    assert not {"flagged", "present"} & {name for one in films for name in one}
    assert films != kind.films(question.settings, "b")


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"seed": True}, {"films": []}, {"lessons": []}, {"method": ""}, {"more": 1}]
)
def test_settings_of_an_experiment_that_nobody_asks_with_are_refused(wrong):
    question = experiment()
    with pytest.raises(ValueError, match=r"Expected|setting"):
        Question("forward", "Foresee.", dict(question.settings) | wrong)
    with pytest.raises(ValueError, match="6 films that are flagged"):
        films = [dict(one) | {"flagged": True} for one in question.settings["films"]]
        Question("forward", "Foresee.", dict(question.settings) | {"films": films})


def test_a_coin_is_as_far_apart_as_the_caution_says():
    draws = np.random.default_rng(0).binomial(6, 0.5, (100_000, 2))
    share = (np.abs(draws[:, 0] - draws[:, 1]) >= 2).mean()
    assert f"{100 * share:.0f}\u00a0%" in caution() and "right on at least 2 more of the 6" in caution()
