"""A lesson is read as if a stranger had written it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dashboard.lessons.editing import changed, duplicated, moved, without
from dashboard.lessons.figures import FIGURES, filled
from dashboard.lessons.lesson import (
    MOST_BYTES,
    MOST_STEPS,
    Lesson,
    LessonError,
    Question,
    Step,
    read_lesson,
    write_lesson,
)
from dashboard.lessons.shelf import MOST_LESSONS, Lessons, name_of
from dashboard.lessons.text import checked_text, html, plain
from dashboard.lessons.to_room import revealed, room_question
from dashboard.lessons.views import View, view_of

ASKED = Question("which", "Which one?", ("this", "that"), "this")
STEP = Step(
    "First", View("trust", {"section": "sanity"}), "Some **words**.", notes="For me.", minutes=3, question=ASKED
)
LESSON = Lesson("Of maps", "For all.", (STEP, replace(STEP, title="Second", question=None)))


def content(**changes):
    """The JSON of a lesson with other values in its first step."""
    found = json.loads(write_lesson(LESSON))
    found["steps"][0] |= changes
    return json.dumps(found)


def titles(lesson):
    return [step.title for step in lesson.steps]


def test_what_is_written_is_read_back():
    assert read_lesson(write_lesson(LESSON)) == LESSON
    assert LESSON.minutes == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "the title of a step of 1 to 120"),
        ({"title": 3}, "the title of a step"),
        ({"title": "x" * 121}, "the title of a step of 1 to 120"),
        ({"text": "a\x07b"}, "a character in the text of a step that cannot be shown"),
        ({"text": "<img src=x onerror=alert(1)>"}, "HTML"),
        ({"text": "</style>"}, "HTML"),
        ({"notes": "<script>"}, "HTML"),
        ({"text": "![film](films)"}, "picture"),
        ({"text": "[go](https://example.org)"}, "leads elsewhere"),
        ({"text": "[go](//example.org)"}, "no page"),
        ({"text": "[go](javascript:alert(1))"}, "leads elsewhere"),
        ({"text": "[go](trust?nonsense=1)"}, "nothing on this page is called so"),
        ({"text": "see www.example.org"}, "leads elsewhere"),
        ({"text": "{league ../x a b c}"}, "no figure"),
        ({"text": "{secret}"}, "no figure"),
        ({"text": "a { b"}, "without its partner"),
        ({"text": "{films lightbox}" * 21}, "more than 20"),
        ({"page": "lessons"}, "no page"),
        ({"page": "../etc"}, "no page"),
        ({"page": ["trust"]}, "no page"),
        ({"view": {"section": "nowhere"}}, "section"),
        ({"view": {"nonsense": "1"}}, "nonsense"),
        ({"view": {"section": 3}}, "texts as the parts of a link"),
        ({"view": "section=sanity"}, "parts of a link"),
        ({"view": {"film": "x" * 5000}}, "at most 4,000"),
        ({"page": "compare", "view": {"upload": "1"}}, "one visitor"),
        ({"reveal": "all"}, "reveals can be"),
        ({"reveal": "truth"}, "Only a step on Compare"),
        ({"minutes": float("nan")}, "0.5 to 30 minutes"),
        ({"minutes": True}, "0.5 to 30 minutes"),
        ({"minutes": 1e308}, "0.5 to 30 minutes"),
        ({"question": {"kind": "riddle", "text": "?"}}, "kind which, where, how much"),
        ({"question": {"kind": "which", "text": "?", "choices": ["one"]}}, "2 to 8 choices"),
        ({"question": {"kind": "which", "text": "?", "choices": ["a", "a"]}}, "the same"),
        ({"question": {"kind": "which", "text": "?", "choices": "ab"}}, "list of choices"),
        ({"question": {"kind": "where", "text": "?", "choices": ["a", "b"]}}, "any other has none"),
        ({"question": []}, "a question as names"),
        ({"script": "alert"}, "is called “script”"),
    ],
)
def test_a_step_that_is_not_as_it_should_be_is_named_with_what_is_wrong(changes, said):
    with pytest.raises(LessonError, match="Step 1: ") as told:
        read_lesson(content(**changes))
    assert said in str(told.value)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "null", "{}", "\ufffe", "[" * 100_000, " " * (MOST_BYTES + 1)),
        *(json.dumps({"lesson": form, "title": "t", "steps": []}) for form in (0, 2, True, "1")),
        json.dumps({"lesson": 1, "title": "t", "steps": []}),
        json.dumps({"lesson": 1, "title": "t", "steps": {}}),
        json.dumps({"lesson": 1, "title": "t", "steps": [1]}),
        json.dumps({"lesson": 1, "title": "t", "steps": [{}] * (MOST_STEPS + 1)}),
        json.dumps({"lesson": 1, "title": "<b>", "steps": [{"title": "a", "text": "b"}]}),
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_is_no_lesson_is_refused_in_one_sentence(content):
    with pytest.raises(LessonError) as told:
        read_lesson(content)
    assert "\n" not in str(told.value) and len(str(told.value)) < 300


def test_a_text_becomes_html_in_which_all_else_is_escaped():
    text = "One **bold** & *slanted* <3.\n\n- [Trust](trust?section=sanity)\n- b"
    assert checked_text(text, "a text", 200) == text
    assert html(text) == (
        "<p>One <strong>bold</strong> &amp; <em>slanted</em> &lt;3.</p>\n"
        '<ul><li><a href="trust?section=sanity">Trust</a></li><li>b</li></ul>'
    )
    assert plain(text) == "One bold & slanted <3. Trust b"


def test_a_quote_in_a_link_does_not_leave_its_attribute():
    with pytest.raises(ValueError, match="no page"):
        checked_text('[a]("onclick="x)', "a text", 100)
    assert html('[a](trust?film="x)') == '<p><a href="trust?film=&#34;x">a</a></p>'


def test_a_view_is_a_link_of_the_app_and_back():
    view = view_of("trust?section=sanity&model=a%26b")
    assert view == View("trust", {"section": "sanity", "model": "a&b"})
    assert view_of(view.link) == view
    assert view_of("?film=simulated/s00000").page == "compare" and View("compare", {}).link == ""


def test_figures_are_filled_in_and_one_that_is_not_measured_is_refused():
    assert filled("of {films lightbox} films") == "of 210 films"
    for unknown in (
        "{league nobody gradcam all pointing}",
        "{on-token shortcut magic}",
        "{alarm odd}",
        "{sanity magic}",
    ):
        with pytest.raises(ValueError, match="no figure"):
            filled(unknown)
    assert all(one.fill for one in FIGURES.values())


def test_steps_are_moved_doubled_removed_and_the_last_one_stays():
    assert titles(moved(LESSON, 0, 1)) == ["Second", "First"] == titles(moved(LESSON, 1, -1))
    assert titles(duplicated(LESSON, 1)) == ["First", "Second", "Second"]
    assert titles(changed(LESSON, 1, STEP)) == ["First", "First"]
    assert titles(without(LESSON, 0)) == ["Second"]
    with pytest.raises(LessonError, match="at least one step"):
        without(without(LESSON, 0), 0)


def test_a_library_keeps_lessons_under_names_of_their_own(tmp_path):
    shelf = Lessons(tmp_path)
    names = [shelf.add(LESSON), shelf.add(LESSON)]
    assert names == ["of-maps", "of-maps-2"] == shelf.own()
    shelf.save("of-maps", duplicated(LESSON, 0))
    assert len(shelf.read("of-maps").steps) == 3 and shelf.read("of-maps-2") == LESSON
    shelf.remove("of-maps")
    assert shelf.own() == ["of-maps-2"]
    for name in ("of-maps", "../lightbox", "", shelf.built_in()[0]):
        with pytest.raises(LessonError):
            shelf.save(name, LESSON)
        with pytest.raises(LessonError):
            shelf.remove(name)
    with pytest.raises(LessonError, match="no lesson"):
        shelf.read("../lessons/of-maps-2")


def test_a_damaged_file_in_the_library_is_named_and_no_more_are_kept_than_there_is_room_for(tmp_path):
    shelf = Lessons(tmp_path)
    for number in range(MOST_LESSONS):
        (tmp_path / "lessons").mkdir(exist_ok=True)
        (tmp_path / "lessons" / f"l{number}.json").write_text("{", encoding="utf-8")
    with pytest.raises(LessonError, match="not JSON"):
        shelf.read("l0")
    with pytest.raises(LessonError, match="at most 200"):
        shelf.add(LESSON)


def test_a_title_becomes_the_name_of_a_file():
    assert name_of("Was it there? Ä/..\\x") == "was-it-there-x"
    assert name_of("???") == "lesson" and len(name_of("x" * 500)) == 60
    assert name_of("CON") == "con-"


def test_a_room_sees_what_a_step_reveals_and_is_asked_what_it_asks():
    query = {"film": "simulated/s00000", "methods": "lime,shap"}
    seen = {
        name: revealed(Step("a", View("compare", query), "b", name)) for name in ("", "film", "map", "maps", "truth")
    }
    assert seen == {
        "": None,
        "film": ("film",),
        "map": ("film", "question", "answer", "lime"),
        "maps": ("film", "question", "answer", "lime", "shap"),
        "truth": ("film", "question", "answer", "lime", "shap", "truth"),
    }
    assert room_question(ASKED, "Which one?").settings == {"choices": ["this", "that"]}
    assert room_question(Question("how much", "How sure?"), "How sure?").kind == "guess"
