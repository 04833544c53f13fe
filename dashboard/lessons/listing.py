"""The list of lessons: those that come with the app, and the library's own; and how one comes in from a file."""

from __future__ import annotations

import streamlit as st

from dashboard.lessons.lesson import MOST_BYTES, Lesson, LessonError, read_lesson
from dashboard.lessons.shelf import Lessons, lessons_of
from dashboard.lessons.state import visit
from dashboard.lessons.strip import give
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.roles import Action, may, offered
from dashboard.server.services import Services
from dashboard.server.uploads import let_go_of
from xai.written import counted

WHAT = (
    "A lesson goes from page to page of this app, a step at a time: each step opens the view that it is about, with a "
    "few large words above it. → or PageDown goes on, ← or PageUp goes back. The four below are best given from "
    "the top: each uses words that those above it explain."
)
FIRST_TO_LAST = (
    "1-what-a-heat-map-is",
    "3-looking-at-the-wrong-thing",
    "2-emphysema-on-every-film",
    "4-how-sure-is-a-map",
)


def show_list(services: Services) -> None:
    """Show all lessons."""
    shelf = services.of(lessons_of)
    st.caption(WHAT)
    for name in sorted(shelf.built_in(), key=FIRST_TO_LAST.index):
        _show(services, shelf, name)
    st.markdown("##### Of this library")
    own = shelf.own()
    for name in own:
        _show(services, shelf, name)
    if not own:
        st.caption("None yet. “Add this view to a lesson”, below every page, begins one; so does a copy of one above.")
    if may(Action.KEEP_LESSONS):
        _import(shelf)


def minutes(lesson: Lesson) -> str:
    """Say how long a lesson is."""
    return f"{counted(len(lesson.steps), 'step')}, about {lesson.minutes:.0f} minutes"


def take(shelf: Lessons, lesson: Lesson) -> None:
    """Keep a lesson as a new one, and open it; say why where that cannot be."""
    try:
        visit.change(read=shelf.add(lesson), step=None, edit=False)
    except ValueError as error:
        refuse(sentence_of(error))


def _show(services: Services, shelf: Lessons, name: str) -> None:
    try:
        lesson = shelf.read(name)
    except LessonError as error:
        st.warning(escape(f"{name}: {sentence_of(error)}"))
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape(lesson.title)}**  \n{escape(lesson.about)}  \n:small[{minutes(lesson)}]", width="stretch"
        )
        if st.button("Read", key=f"lesson_read_{name}", icon=":material/menu_book:"):
            visit.change(read=name, step=None)
            st.rerun()
        if st.button("Give", key=f"lesson_give_{name}", icon=":material/co_present:", type="primary"):
            give(services, name, lesson, 1)


def _import(shelf: Lessons) -> None:
    turn = st.session_state.setdefault("lesson_import_turn", 0)
    with st.popover("Bring a lesson", icon=":material/upload_file:", **offered(Action.KEEP_LESSONS)):
        file = st.file_uploader("A lesson’s file (JSON)", type="json", key=f"lesson_file_{turn}")
    if file is None:
        return
    st.session_state.lesson_import_turn = turn + 1
    let_go_of([file])
    try:
        lesson = read_lesson(file.read(MOST_BYTES + 1))
    except LessonError as error:
        refuse(sentence_of(error))
    else:
        take(shelf, lesson)
    st.rerun()
