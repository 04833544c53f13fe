"""A lesson of the library is changed: its words, and the order of its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard.lessons.lesson import (
    KINDS,
    LONGEST_MINUTES,
    LONGEST_NOTES,
    LONGEST_TEXT,
    LONGEST_TITLE,
    REVEALS,
    Lesson,
    LessonError,
    Question,
    Step,
)
from dashboard.lessons.shelf import Lessons
from dashboard.lessons.state import visit
from dashboard.lessons.views import view_of
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.roles import Action, offered

NO_QUESTION = "No question"
SURE = "Yes, delete it"


def show_editor(shelf: Lessons, name: str, lesson: Lesson) -> None:
    """Show a lesson's words to be written, a form a step."""
    _head(shelf, name, lesson)
    for at, step in enumerate(lesson.steps):
        with st.expander(f"{at + 1}. {escape(step.title)} · {step.minutes:g} min", key=f"lesson_open_{at}"):
            _form(shelf, name, lesson, at, step)
            _order(shelf, name, lesson, at, step)


def moved(lesson: Lesson, at: int, by: int) -> Lesson:
    """Give the lesson with one step earlier or later, by some places."""
    steps = list(lesson.steps)
    steps.insert(at + by, steps.pop(at))
    return lesson.with_steps(*steps)


def duplicated(lesson: Lesson, at: int) -> Lesson:
    """Give the lesson with one step twice."""
    return lesson.with_steps(*lesson.steps[: at + 1], *lesson.steps[at:])


def without(lesson: Lesson, at: int) -> Lesson:
    """Give the lesson without one step; raises `LessonError` for its last one."""
    if len(lesson.steps) == 1:
        raise LessonError("A lesson has at least one step: remove the whole lesson instead.")
    return lesson.with_steps(*lesson.steps[:at], *lesson.steps[at + 1 :])


def changed(lesson: Lesson, at: int, step: Step) -> Lesson:
    """Give the lesson with another step in the place of one."""
    return lesson.with_steps(*lesson.steps[:at], step, *lesson.steps[at + 1 :])


def _head(shelf: Lessons, name: str, lesson: Lesson) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Done", icon=":material/check:", key="lesson_done", type="primary"):
            visit.change(edit=False)
            st.rerun()
        with st.popover("Delete the lesson", icon=":material/delete:"):
            st.markdown(f"Delete “{escape(lesson.title)}” with all its steps? It cannot be brought back.")
            if st.button(SURE, key="lesson_delete", **offered(Action.KEEP_LESSONS)):
                if _done(lambda: shelf.remove(name)):
                    visit.change(read=None, edit=False)
                st.rerun()
    with st.form("lesson_head", border=False):
        title = st.text_input("Title", lesson.title, max_chars=LONGEST_TITLE)
        about = st.text_area("What it is about, and for whom", lesson.about, max_chars=LONGEST_TEXT, height=70)
        if st.form_submit_button("Save"):
            _save(shelf, name, lambda: replace(lesson, title=title, about=about))


def _form(shelf: Lessons, name: str, lesson: Lesson, at: int, step: Step) -> None:
    asked = step.question
    with st.form(f"lesson_form_{at}", border=False):
        title = st.text_input("Title", step.title, max_chars=LONGEST_TITLE)
        link = st.text_input(
            "View", step.view.link, help="The end of the address of a page of this app, such as trust?section=sanity."
        )
        text = st.text_area("What the room reads", step.text, max_chars=LONGEST_TEXT, height=140)
        notes = st.text_area("Notes for you alone", step.notes, max_chars=LONGEST_NOTES, height=100)
        reveals = list(REVEALS)
        reveal = st.selectbox(
            "What is seen at first", reveals, reveals.index(step.reveal), format_func=lambda one: REVEALS[one]
        )
        minutes = st.number_input("Minutes", 0.5, LONGEST_MINUTES, float(step.minutes), 0.5)
        kinds = [NO_QUESTION, *KINDS]
        kind = st.selectbox(
            "Question",
            kinds,
            kinds.index(asked.kind) if asked else 0,
            format_func=lambda one: KINDS.get(one, NO_QUESTION),
        )
        question = st.text_input("What is asked", asked.text if asked else "")
        choices = st.text_area("Choices of “which”, a line each", "\n".join(asked.choices) if asked else "", height=100)
        answer = st.text_input("The answer", asked.answer if asked else "")
        if st.form_submit_button("Save", type="primary"):

            def made() -> Lesson:
                listed = tuple(filter(None, map(str.strip, choices.split("\n")))) if kind == "which" else ()
                put = None if kind == NO_QUESTION else Question(kind, question, listed, answer)
                return changed(lesson, at, Step(title, view_of(link.strip()), text, reveal or "", notes, minutes, put))

            _save(shelf, name, made)


def _order(shelf: Lessons, name: str, lesson: Lesson, at: int, step: Step) -> None:
    with st.container(horizontal=True):
        if st.button("Earlier", icon=":material/arrow_upward:", key=f"lesson_up_{at}", disabled=at == 0):
            _save(shelf, name, lambda: moved(lesson, at, -1))
        is_last = at == len(lesson.steps) - 1
        if st.button("Later", icon=":material/arrow_downward:", key=f"lesson_down_{at}", disabled=is_last):
            _save(shelf, name, lambda: moved(lesson, at, 1))
        if st.button("Duplicate", icon=":material/content_copy:", key=f"lesson_twice_{at}"):
            _save(shelf, name, lambda: duplicated(lesson, at))
        with st.popover("Delete", icon=":material/delete:", key=f"lesson_drop_{at}"):
            st.markdown(f"Delete “{escape(step.title)}”?")
            if st.button(SURE, key=f"lesson_dropped_{at}"):
                _save(shelf, name, lambda: without(lesson, at))


def _save(shelf: Lessons, name: str, make: Callable[[], Lesson]) -> None:
    _done(lambda: shelf.save(name, make()))
    st.rerun()


def _done(work: Callable[[], None]) -> bool:
    try:
        work()
    except ValueError as error:
        refuse(sentence_of(error))
        return False
    return True
