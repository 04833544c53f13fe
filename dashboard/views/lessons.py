"""Lessons: what a teacher shows, step by step, on the very pages of this app."""

from __future__ import annotations

import streamlit as st

from dashboard.lessons.editing import show_editor
from dashboard.lessons.lesson import LessonError
from dashboard.lessons.listing import show_list
from dashboard.lessons.reading import show_lesson
from dashboard.lessons.shelf import lessons_of
from dashboard.lessons.state import visit
from dashboard.page.refused import show_refused
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.server.roles import Action, may
from dashboard.server.services import Services


def lessons(services: Services) -> None:
    """Show the page."""
    visit.start()
    shelf, name, lesson = services.of(lessons_of), visit.state.read, None
    if name is not None:
        try:
            lesson = shelf.read(name)
        except LessonError as error:
            refuse(sentence_of(error))
            visit.change(read=None, step=None, edit=False)
    may_edit = name is not None and shelf.is_own(name) and may(Action.KEEP_LESSONS)
    if visit.state.edit and not may_edit:
        refuse("This lesson cannot be changed here: take a copy of it, as the owner of the library.")
        visit.change(edit=False)
    show_refused()
    if lesson is None or name is None:
        show_list(services)
    elif visit.state.edit:
        show_editor(shelf, name, lesson)
    else:
        show_lesson(services, name, lesson)
    visit.write_permalink()


lessons(st.session_state.services)
