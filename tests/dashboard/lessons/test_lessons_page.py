"""The Lessons page and the strip of a lesson that is given, without a browser."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from dashboard.lessons.figures import filled
from dashboard.lessons.handout import draw, handout
from dashboard.lessons.shelf import Lessons
from dashboard.lessons.views import View
from dashboard.server.library import Library
from tests.dashboard.lessons.test_lesson import LESSON, STEP
from tests.dashboard.pages import Idle, link_of, opened, said, serve, shown


@pytest.fixture
def run(tmp_path, monkeypatch):
    serve(monkeypatch, tmp_path, lambda root: Idle(Library(root)))
    return partial(opened, "views/lessons.py")


def buttons(app):
    return {one.key: one for one in app.button}


def html(app):
    return " ".join(str(one.proto.body) for one in app.get("html"))


def test_four_lessons_are_listed_and_one_is_read_with_notes_only_where_asked_for(run, tmp_path):
    assert "What a heat map is, and is not" in shown(run()).replace("\\", "")
    name = Lessons(tmp_path).add(LESSON)
    app = run(read=name)
    assert "Some <strong>words</strong>." in html(app) and "For me." not in html(app)
    app = run(read=name, notes="on")
    assert html(app).count("For me.") == 2 and link_of(app) == {"read": name, "notes": "on"}


def test_a_lesson_that_is_not_there_and_a_step_too_many_are_said(run, tmp_path):
    app = run(read="../x", step="3")
    assert "There is no lesson" in said(app) and link_of(app) == {}
    name = Lessons(tmp_path).add(LESSON)
    assert "there is no step 9" in said(run(read=name, step="9"))


def test_a_link_shows_its_step_on_the_page_that_it_is_about_and_never_the_notes(run, tmp_path):
    name = Lessons(tmp_path).add(LESSON)
    app = opened("views/trust.py", lesson=name, lesson_step="2", section="sanity")
    assert "2 of 2 · Of maps" in shown(app) and "Second" in html(app) and "For me." not in html(app)
    assert link_of(app).items() >= {"lesson": name, "lesson_step": "2"}.items() and said(app) == ""
    assert buttons(app)["lesson_next"].disabled and not buttons(app)["lesson_back"].disabled


@pytest.mark.parametrize("step", ["0", "3", "-1", "x", "1e9", "٣", "9" * 400])
def test_a_step_that_there_is_not_is_said_and_the_page_opens(run, tmp_path, step):
    name = Lessons(tmp_path).add(LESSON)
    app = opened("views/trust.py", lesson=name, lesson_step=step)
    assert "has 2 steps" in said(app) and "lesson_next" not in buttons(app)


def test_a_view_is_added_to_a_new_lesson_and_to_one_that_is_there(run, tmp_path):
    app = opened("views/trust.py", section="sanity")
    for number in (1, 2):
        turn = app.session_state.lesson_add_turn
        app.text_input(key=f"lesson_add_title_{turn}").input("Mine").run()
        if number == 2:
            app.selectbox(key=f"lesson_add_to_{turn}").select("mine").run()
        buttons(app)["lesson_add_now"].click().run()
        steps = Lessons(tmp_path).read("mine").steps
        assert [step.view.query["section"] for step in steps] == ["sanity"] * number and not app.exception


def test_steps_are_changed_on_the_page_and_deleted_only_when_that_is_said_twice(run, tmp_path):
    shelf = Lessons(tmp_path)
    name = shelf.add(LESSON)
    app = run(read=name, edit="on")
    buttons(app)["lesson_down_0"].click().run()
    assert [step.title for step in shelf.read(name).steps] == ["Second", "First"]
    buttons(app)["lesson_dropped_0"].click().run()
    assert [step.title for step in shelf.read(name).steps] == ["First"]
    buttons(app)["lesson_dropped_0"].click().run()
    assert "at least one step" in said(app) and len(shelf.read(name).steps) == 1
    buttons(app)["lesson_delete"].click().run()
    assert shelf.own() == [] and link_of(app) == {}


def test_a_lesson_of_the_app_cannot_be_changed_by_a_link(run):
    app = run(read="1-what-a-heat-map-is", edit="on")
    assert "cannot be changed" in said(app) and "lesson_done" not in buttons(app)


def test_a_handout_has_texts_questions_and_pictures_and_no_notes(tmp_path):
    services = Idle(Library(tmp_path))
    page = handout(services, Lessons(tmp_path).read("1-what-a-heat-map-is"))
    assert "Its maps were not made yet" in page and "<script" not in page and "Let people point" not in page
    assert filled("{hits lightbox gradcam all}") in page and "Ask somebody to repeat it" not in page
    film = View("compare", {"film": "simulated/s00000", "finding": "Effusion", "methods": "gradcam"})
    drawn = handout(services, LESSON.with_steps(replace(STEP, view=film)))  # its map comes with the app
    assert drawn.count("data:image/png;base64,") == 1 and "what they do not tell" in drawn
    assert "For me." not in drawn
    answers = drawn.index('<section class="answers">')
    assert drawn.index("<h2>How to read") < answers < drawn.index("<p>this</p>")


@pytest.mark.parametrize(
    ("reveal", "blind", "titles", "truth"),
    [
        ("question", "off", [""], None),
        ("maps", "off", [""], False),
        ("truth", "off", [""], True),
        ("", "on", ["Map A"], None),
    ],
)
def test_a_handout_shows_no_more_of_a_step_than_its_page_does(tmp_path, monkeypatch, reveal, blind, titles, truth):
    services, asked = Idle(Library(tmp_path)), []
    monkeypatch.setattr("dashboard.lessons.handout.figure", lambda source, results, one: asked.append(one) or b"x")
    query = {"film": "simulated/s00000", "finding": "Effusion", "methods": "gradcam", "blind": blind}
    step = replace(STEP, view=View("compare", query), reveal=reveal)
    drawn = draw(services, step)
    services.close()
    assert [title for title, _ in drawn.pictures] == titles and drawn.missing == ""
    assert [one.shows_truth for one in asked] == ([] if truth is None else [truth])
    assert drawn.methods == (() if truth is None else ("gradcam",))
    services.close()
