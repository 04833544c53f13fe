"""The four lessons that come with the app: whole, of the right length, and every step's link opens."""

from __future__ import annotations

import re

import pytest

from dashboard.lessons.lesson import read_lesson, write_lesson
from dashboard.lessons.listing import FIRST_TO_LAST
from dashboard.lessons.strip import Given, step_html, written
from dashboard.lessons.text import plain
from dashboard.lessons.to_room import room_question
from dashboard.lessons.views import VIEWS
from dashboard.server.library import Library
from tests.dashboard.lessons.shipped import ASSETS, NAMES, SHELF, lesson, texts
from xai.explainers import EXPLAINERS

MOST_WORDS = 75  # of a step's text and question: what a room reads while somebody speaks
MARK = re.compile(r"[{}*]")


def test_there_are_four_and_each_takes_fifteen_to_twenty_five_minutes():
    assert [lesson(name).title for name in NAMES] == [
        "What a heat map is, and is not",
        "The model that flags emphysema on every film",
        "Looking at the wrong thing",
        "How sure is a map?",
    ]
    assert all(15 <= lesson(name).minutes <= 25 for name in NAMES)
    assert all(sum(step.question is not None for step in lesson(name).steps) >= 5 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_as_the_app_writes_it(name):
    text = (ASSETS / "lessons" / f"{name}.json").read_text("utf-8")
    assert write_lesson(read_lesson(text)) == text and SHELF.is_own(name) is False


@pytest.mark.parametrize("name", NAMES)
def test_every_view_opens_on_what_comes_with_the_app(name, tmp_path):
    library = Library(tmp_path)
    for step in lesson(name).steps:
        state, problems = VIEWS[step.view.page].read(step.view.query)
        assert problems == [] and VIEWS[step.view.page].write(state).items() <= dict(step.view.query).items()
        query = step.view.query
        if step.view.page == "compare":
            library.record(*query["film"].split("/"))
            card = library.card(query["model"])
            assert query["finding"] in card.outputs and set(query["methods"].split(",")) <= set(EXPLAINERS)
        for asked in (query.get("predictions"), query.get("models")):
            assert asked is None or asked in library.predictions("simulated-2000")


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_known_and_every_text_short_enough_for_a_hall(name):
    for text in texts(lesson(name)):
        assert not MARK.search(plain(written(text))) and "not known any more" not in written(text)
    for step in lesson(name).steps:
        asked = step.question.text if step.question else ""
        assert len(f"{plain(written(step.text))} {asked}".split()) <= MOST_WORDS, step.title


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_to_which_begins_with_the_right_choice_or_says_how_to_see(name):
    for step in lesson(name).steps:
        if step.question is not None:
            assert step.question.answer
            room_question(step.question, plain(written(step.question.text)))
            if step.question.kind == "which":
                begins = any(step.question.answer.startswith(one) for one in step.question.choices)
                assert begins or step.question.answer.startswith(("Show the truth", "See for yourself")), step.title


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_room_sees_holds_the_speakers_notes(name):
    for at, step in enumerate(lesson(name).steps, 1):
        seen = [str(step_html(step)), *Given(name, lesson(name), at).stage.values()]
        assert step.notes and not any(plain(written(step.notes)) in plain(text) for text in seen)


@pytest.mark.parametrize("name", NAMES)
def test_two_steps_can_be_skipped_and_the_last_is_what_to_take_home(name):
    steps = lesson(name).steps
    assert sum(step.notes.startswith("Skip if late.") for step in steps) == 2 and steps[-1].title == "Take home"


def test_all_lessons_are_listed_in_the_order_to_give_them():
    assert sorted(FIRST_TO_LAST) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_no_question_begins_where_its_answer_stands(name):
    for step in lesson(name).steps:
        if step.question is not None:
            assert plain(written(step.question.answer)) not in plain(written(step.text))
            assert not (step.view.query.get("without") and step.question.kind == "how much")
