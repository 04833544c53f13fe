"""“Add this view”: below every page, a view becomes a step of a lesson of the library."""

from __future__ import annotations

import streamlit as st

from dashboard.lessons.lesson import LONGEST_TITLE, Lesson, LessonError, Step
from dashboard.lessons.shelf import lessons_of
from dashboard.lessons.strip import PAGE
from dashboard.lessons.views import OF_ONE_VISITOR, VIEWS, View
from dashboard.page.link import GIVEN
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.roles import Action, may
from dashboard.server.services import Services

NEW = "A new lesson"
STILL_EMPTY = "What the room reads here."


def show_adding(services: Services, page: str) -> None:
    """Offer the owner to make a step of what the page of this name shows."""
    if page == PAGE or page not in VIEWS or not may(Action.KEEP_LESSONS):
        return
    turn = st.session_state.setdefault("lesson_add_turn", 0)
    with st.popover(
        "Add this view to a lesson", icon=":material/playlist_add:", key=f"lesson_add_{turn}", type="tertiary"
    ):
        shelf = services.of(lessons_of)
        name = st.selectbox("Lesson", [NEW, *shelf.own()], key=f"lesson_add_to_{turn}")
        about = "Title of the lesson" if name == NEW else "Title of the step"
        title = st.text_input(about, max_chars=LONGEST_TITLE, key=f"lesson_add_title_{turn}")
        if st.button("Add", key="lesson_add_now", disabled=not title.strip()):
            try:
                told = add_view(services, page, None if name == NEW else name, title)
            except ValueError as error:
                st.error(escape(sentence_of(error)))
                return
            st.session_state.lesson_add_turn = turn + 1
            st.toast(told, icon=":material/school:")
            st.rerun()


def add_view(services: Services, page: str, name: str | None, title: str) -> str:
    """Make a step of the view whose address stands in the browser, and say where it is.

    Parameters
    ----------
    services : Services
    page : str
        Name of the page.
    name : str or None
        Of the lesson; None begins one that has the title of the step.
    title : str

    Raises
    ------
    ValueError
        If the view is one of this visitor alone, or the lesson cannot be written.
    """
    asked = {key: value for key, value in st.query_params.to_dict().items() if key not in GIVEN}
    if "upload" in asked:
        raise LessonError("A film that you brought is yours alone: a lesson can show films of a dataset only.")
    query = {key: value for key, value in asked.items() if key not in OF_ONE_VISITOR}
    step = Step(title, View(page, query), STILL_EMPTY)
    shelf = services.of(lessons_of)
    if name is None:
        lesson = Lesson(title, "", (step,))
        name = shelf.add(lesson)
    else:
        lesson = shelf.read(name)
        lesson = lesson.with_steps(*lesson.steps, step)
        shelf.save(name, lesson)
    return f"Step {len(lesson.steps)} of “{lesson.title}”. Its words are written on the page Lessons."
