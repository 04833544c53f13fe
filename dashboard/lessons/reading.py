"""One lesson, read before it is given: its steps at a glance with minutes, and notes where asked for."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st
from markupsafe import Markup

from dashboard.components.download import download
from dashboard.lessons.handout import handout
from dashboard.lessons.lesson import KINDS, REVEALS, Lesson, Step, write_lesson
from dashboard.lessons.listing import minutes, take
from dashboard.lessons.shelf import lessons_of
from dashboard.lessons.state import visit
from dashboard.lessons.strip import STYLE, give, step_html, written
from dashboard.lessons.text import html
from dashboard.page.words import escape
from dashboard.server.roles import Action, may
from dashboard.server.services import Services
from dashboard.server.session import offer

SMALL = "<style>.lesson-step { font-size: 1.05rem; }</style>"
PAGES = {"compare": "Compare", "roc": "ROC"}


def show_lesson(services: Services, name: str, lesson: Lesson) -> None:
    """Show a lesson, and what can be done with it."""
    st.markdown(f"#### {escape(lesson.title)}")
    st.caption(escape(f"{lesson.about} {minutes(lesson)}."))
    _actions(services, name, lesson)
    st.html(STYLE + SMALL)
    at = visit.state.step
    if at is not None and not 1 <= at <= len(lesson.steps):
        st.info(f"This lesson has {len(lesson.steps)} steps: there is no step {at}. All of them are below.")
        at = None
    for number, step in enumerate(lesson.steps, 1):
        if at in (None, number):
            _show(services, name, lesson, number, step)


def page_title(page: str) -> str:
    """Give what the menu calls a page."""
    return PAGES.get(page, page.title())


def _show(services: Services, name: str, lesson: Lesson, number: int, step: Step) -> None:
    with st.container(border=True, key=f"lesson_step_{number}"):
        st.html(
            Markup('<div class="lesson-step"><h2>%s</h2><div class="parts">%s</div></div>')
            % (step.title, step_html(step))
        )
        reveals = f", {REVEALS[step.reveal]}" if step.reveal else ""
        asks = f" · asks: {KINDS[step.question.kind]}" if step.question else ""
        where = f"Step {number} · {step.minutes:g} min · {page_title(step.view.page)}{reveals}{asks}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(where, width="stretch")
            st.page_link(
                f"views/{step.view.page}.py", label="Look", icon=":material/visibility:", query_params=step.view.query
            )
            if st.button("Give from here", key=f"lesson_from_{number}"):
                give(services, name, lesson, number)
        if visit.state.notes and step.notes:
            st.html(f'<div class="lesson-step"><b>Notes.</b> {html(written(step.notes))}</div>')


def _actions(services: Services, name: str, lesson: Lesson) -> None:
    shelf = services.of(lessons_of)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Give", icon=":material/co_present:", key="lesson_give", type="primary"):
            give(services, name, lesson, 1)
        if st.button("All lessons", icon=":material/list:", key="lesson_list"):
            visit.change(read=None, step=None, notes=False)
            st.rerun()
        file = quote(name, safe="-_.")
        address = offer("lesson", f"{file}.json", "application/json", lambda: write_lesson(lesson))
        download("Lesson", address, key="lesson_file", help="The lesson as one file, to bring to another library.")
        page = offer("handout", f"{file}.html", "text/html", lambda: handout(services, lesson))
        download(
            "Handout", page, key="lesson_handout", icon="print", help="For print, with pictures; without your notes."
        )
        visit.bound(st.toggle, "Notes", key="notes", help="For you alone: the room and the handout never have them.")
        if may(Action.KEEP_LESSONS):
            if st.button(
                "Copy", icon=":material/content_copy:", key="lesson_copy", help="A lesson of your own, to change."
            ):
                take(shelf, lesson)
                st.rerun()
            if shelf.is_own(name) and st.button("Change", icon=":material/edit:", key="lesson_edit"):
                visit.change(edit=True, step=None)
                st.rerun()
