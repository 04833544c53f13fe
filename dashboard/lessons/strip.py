"""A lesson that is given: its step on top of the very page that the step is about, so that the whole app is the slide.

Left and right, PageUp and PageDown go from step to step (dashboard/components/front/presses.js). Which step of which
lesson it is stands in the address of whatever page is open, and so survives its being loaded again. Speaker's notes are
never here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st
from markupsafe import Markup

from dashboard.lessons.figures import filled
from dashboard.lessons.lesson import Lesson, LessonError, Question, Step
from dashboard.lessons.shelf import lessons_of
from dashboard.lessons.text import html, plain
from dashboard.lessons.to_room import show_in_room
from dashboard.page.link import GIVEN
from dashboard.page.told import sentence_of
from dashboard.page.visit import came_back, refuse
from dashboard.page.words import escape
from dashboard.server.services import Services

PAGE = "lessons"  # where lessons are chosen: none is given there
STYLE = """<style>
.st-key-lesson_strip {
  padding: 0.3rem 1rem 0.4rem; border-left: 6px solid #f0a030; border-radius: 6px; font-size: max(16px, 1.46vw);
  background: color-mix(in srgb, #f0a030 9%, transparent); gap: 0;
}
.st-key-lesson_line button { min-height: 0; padding: 0.15rem 0.6rem; }
.st-key-lesson_line p { font-size: max(14px, 0.85vw); }
.lesson-step { font-size: max(16px, 1.46vw); line-height: 1.3; }
.lesson-step .parts { display: grid; grid-template-columns: 1fr; gap: 0 2em; }
.lesson-step :is(p, ul, ol, li, summary, details) { font-size: inherit; }
.lesson-step :is(p, ul) { margin: 0.1em 0; }
.lesson-step h2 { display: inline; font-size: 1.15em; padding: 0; margin: 0; }
.lesson-step .asked > p { font-weight: 600; }
.lesson-step ol {
  display: flex; flex-wrap: wrap; gap: 0 1.9em; margin: 0 0 0 1.3em; padding: 0; list-style: upper-alpha;
}
.lesson-step ol li { margin: 0 0.3em; padding: 0; }
.lesson-step summary { cursor: pointer; }
@media (min-width: 900px) { .lesson-step .parts:has(.asked) { grid-template-columns: 3fr 2fr; } }
@media (max-width: 640px) {
  .st-key-lesson_line { flex-wrap: nowrap; }
  .st-key-lesson_line > :first-child { min-width: 0; }
  .st-key-lesson_line > :first-child p { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .st-key-lesson_line button [data-testid="stMarkdownContainer"] {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  }
  .lesson-step .parts { max-height: 26vh; overflow-y: auto; }
}
</style>"""


@dataclass(frozen=True)
class Given:
    """A step that is given.

    Attributes
    ----------
    name : str
        Of the lesson.
    lesson : Lesson
    at : int
        Counted from 1.
    """

    name: str
    lesson: Lesson
    at: int

    @property
    def step(self) -> Step:
        """What is shown."""
        return self.lesson.steps[self.at - 1]

    @property
    def place(self) -> dict[str, str]:
        """What the address says of it."""
        return dict(zip(GIVEN, (self.name, str(self.at)), strict=True))

    @property
    def stage(self) -> dict[str, str]:
        """What the light box needs to begin a presentation with it."""
        words = "\n".join(plain(written(part)) for part in (self.step.text, *_asked_in_words(self.step.question)))
        return {
            "key": f"{self.name}.{self.at}",
            "reveal": self.step.reveal,
            "title": self.step.title,
            "words": words,
            "answer": plain(written(self.step.question.answer)) if self.step.question else "",
            "count": f"{self.at} / {len(self.lesson.steps)}",
        }


def show_strip(services: Services, page: str) -> None:
    """Show the step that is given, where a lesson is, above the page of this name."""
    given = _given(services, page)
    st.session_state.in_every_link = {} if given is None else given.place
    st.session_state.stage = given.stage if given is not None and page == given.step.view.page else None
    if given is None:
        return
    st.html(STYLE)
    with st.container(key="lesson_strip"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson_line"):
            st.markdown(
                f":material/school: {given.at} of {len(given.lesson.steps)} · {escape(given.lesson.title)}",
                width="stretch",
            )
            _buttons(services, given)
        st.html(_folded(given))


def give(services: Services, name: str, lesson: Lesson, at: int) -> NoReturn:
    """Go to a step: to the page that it is about, as it wants that page; the room that the giver holds comes along."""
    given = Given(name, lesson, min(max(at, 1), len(lesson.steps)))
    session = st.session_state
    session.given = (given.name, given.at)
    asked = given.step.question
    show_in_room(services, given.step, written(given.step.text), written(asked.text) if asked else "")
    session.page = None  # the page takes the view from its link, also where it is the one that is left
    st.switch_page(f"views/{given.step.view.page}.py", query_params={**given.step.view.query, **given.place})


def step_html(step: Step) -> Markup:
    """Write what a room reads of a step below its title, with its answer folded away."""
    parts = [Markup("<div>%s</div>") % html(written(step.text))]
    if step.question is not None:
        asked = step.question
        parts.append(Markup('<div class="asked">%s') % html(written(asked.text)))
        if asked.choices:
            parts.append(Markup("<ol>%s</ol>") % Markup("").join(Markup("<li>%s</li>") % one for one in asked.choices))
        if asked.answer:
            parts.append(Markup("<details><summary>The answer</summary>%s</details>") % html(written(asked.answer)))
        parts.append(Markup("</div>"))
    return Markup("").join(parts)


def written(text: str) -> str:
    """Fill in the figures of a text; one that is not there any more is said to be unknown."""
    try:
        return filled(text)
    except ValueError:
        return "A number of this text is not known any more: its table is not there."


def _given(services: Services, page: str) -> Given | None:
    session, asked = st.session_state, st.query_params.to_dict()
    if page == PAGE:
        session.given = None
        return None
    if asked.get(GIVEN[0]) and (session.get("given") is None or came_back()):
        session.given = _named(asked)
    if session.get("given") is None:
        return None
    name, at = session.given
    try:
        lesson = services.of(lessons_of).read(name)
        if not 1 <= at <= len(lesson.steps):
            raise LessonError(f"The lesson “{lesson.title}” has {len(lesson.steps)} steps, and the link asks for {at}.")
    except LessonError as error:
        refuse(sentence_of(error))
        session.given = None
        return None
    return Given(name, lesson, at)


def _named(asked: Mapping[str, str]) -> tuple[str, int]:
    number = asked.get(GIVEN[1], "1")
    return asked[GIVEN[0]][:200], int(number) if number.isdecimal() and len(number) < 4 else 0


def _buttons(services: Services, given: Given) -> None:
    name, lesson, at = given.name, given.lesson, given.at
    if st.button("Back", icon=":material/chevron_left:", key="lesson_back", disabled=at == 1, help="Key ← or PageUp"):
        give(services, name, lesson, at - 1)
    if st.button("This step", icon=":material/replay:", key="lesson_here", help="Shows what the step is about again."):
        give(services, name, lesson, at)
    is_last = at == len(lesson.steps)
    if st.button(
        "Next", icon=":material/chevron_right:", key="lesson_next", disabled=is_last, help="Key → or PageDown"
    ):
        give(services, name, lesson, at + 1)
    if st.button("End", icon=":material/close:", key="lesson_end", help="Back to the lesson, where its notes are."):
        st.switch_page(f"views/{PAGE}.py", query_params={"read": name})


def _folded(given: Given) -> Markup:
    """Write the step so that a press on its title folds it away; the keys tell by its name that it stands."""
    title = Markup("<summary><h2>%s</h2></summary>") % given.step.title
    return Markup('<details class="lesson-step" data-step="%s" open>%s<div class="parts">%s</div></details>') % (
        f"{given.name}.{given.at}",
        title,
        step_html(given.step),
    )


def _asked_in_words(question: Question | None) -> tuple[str, ...]:
    if question is None:
        return ()
    choices = " · ".join(f"{'ABCDEFGH'[k]}: {one}" for k, one in enumerate(question.choices))
    return (question.text, choices) if choices else (question.text,)
