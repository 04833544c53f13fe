from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from dashboard.compare.introduction import QUESTIONS, questions_part
from dashboard.compare.state import LINK
from dashboard.server.library import Library
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
    assert question.state.display["truth"] is False
    dataset, _, film = question.state.film.partition("/")
    assert Library(tmp_path).record(dataset, film).recipe is not None


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.title)
def test_a_question_does_not_give_its_answer(question, tmp_path):
    dataset, _, film = question.state.film.partition("/")
    truth = Library(tmp_path).record(dataset, film).truth
    asked = question.state.finding
    words = f"{question.title} {question.words}".lower()
    others = [name for name in FINDINGS if truth.get(name) == "present" and name != asked]
    assert [name for name in others if finding_label(name).lower() in words] == []
    assert [word for word in SAYS if word in words] == []
