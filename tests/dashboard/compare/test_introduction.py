from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from dashboard.compare.introduction import QUESTIONS, questions_part
from dashboard.compare.state import LINK
from dashboard.server.library import Library
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.findings import FINDINGS, finding_label

SAYS = ("present", "absent", "flagged", "there is a", "left", "right", "control")


def test_there_are_three_questions_about_three_films():
    assert len(QUESTIONS) == len({one.state.film for one in QUESTIONS}) == 3


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.title)
def test_a_question_links_to_a_film_that_comes_with_the_app_its_truth_hidden(question, tmp_path):
    (part,) = [one for one in questions_part() if one["title"] == question.title]
    state, problems = LINK.read({name: values[0] for name, values in parse_qs(part["query"]).items()})
    assert problems == []
    assert (state.film, state.finding, state.methods) == (
        question.state.film,
        question.state.finding,
        question.state.methods,
    )
    assert (state.blind, question.state.display["truth"]) == (question.state.blind, False)
    dataset, _, film = question.state.film.partition("/")
    assert Library(tmp_path).record(dataset, film).recipe is not None


def test_maps_that_are_to_be_told_apart_have_no_names_and_other_places_until_the_truth_is_shown():
    (asked,) = [one for one in QUESTIONS if "random" in one.state.methods]
    assert asked.state.blind
    assert sorted(asked.state.methods) == sorted((*DEFAULT_METHODS, "random", "centred"))
    assert list(asked.state.methods) != [name for name in EXPLAINERS if name in asked.state.methods]


@pytest.mark.parametrize(("key", "button"), [("press o", "Overlay"), ("press t", "Truth")])
def test_a_key_that_a_question_names_has_its_button_named_beside_it(key, button):
    asked = [one.words for one in QUESTIONS if key in one.words]
    assert asked and all(f"{key}, or the button {button}" in words for words in asked)


def test_a_question_that_needs_what_is_shut_without_the_truth_says_so():
    asked = [one.words for one in QUESTIONS if "Twin" in one.words]
    assert asked and all("Truth" in words for words in asked)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.title)
def test_a_question_does_not_give_its_answer(question, tmp_path):
    dataset, _, film = question.state.film.partition("/")
    truth = Library(tmp_path).record(dataset, film).truth
    asked = question.state.finding
    words = f"{question.title} {question.words}".lower()
    others = [name for name in FINDINGS if truth.get(name) == "present" and name != asked]
    assert [name for name in others if finding_label(name).lower() in words] == []
    assert [word for word in SAYS if word in words] == []
