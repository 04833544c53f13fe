"""A lesson as data: steps in their order, each a view of the app with words and, if wanted, a question.

One JSON file, read as if a stranger had written it: sizes, counts, kinds, and views that the app's pages take.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from dashboard.lessons.figures import check_figures
from dashboard.lessons.text import checked_text
from dashboard.lessons.views import View
from dashboard.page.link import excerpt

FORM = 1
MOST_BYTES = 2**18
MOST_STEPS = 60
LONGEST_TITLE, LONGEST_TEXT, LONGEST_NOTES, LONGEST_CHOICE = 120, 1_500, 3_000, 120  # characters
MOST_CHOICES = 8
LONGEST_MINUTES = 30.0

REVEALS = {
    "": "The page as it is",
    "film": "Present: the film alone",
    "question": "Present: what would you say?",
    "answer": "Present: the model’s answer",
    "map": "Present: the first map",
    "maps": "Present: all maps",
    "truth": "Present: the truth",
    "twin": "Present: the twin",
}
"""What of a step on Compare is seen at first, by its name: whatever comes later is revealed by the next key."""

KINDS = {"which": "Which of these?", "where": "Where on the film?", "how much": "How likely, in percent?"}


class LessonError(ValueError):
    """A lesson that cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Question:
    """What a step asks the room.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    text : str
    choices : tuple of str
        Of *which*, 2 to 8 of them.
    answer : str
        What is right, or what to make of it; empty where nobody can say. Of *which* it begins with the choice that is
        right, where one is.
    """

    kind: str
    text: str
    choices: tuple[str, ...] = ()
    answer: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise LessonError(f"Expected a question of the kind {', '.join(KINDS)}.")
        counts = range(2, MOST_CHOICES + 1) if self.kind == "which" else range(1)
        if not isinstance(self.choices, tuple) or len(self.choices) not in counts:
            raise LessonError(f"A question “which” has 2 to {MOST_CHOICES} choices, any other has none.")
        text = checked_text(self.text, "a question", LONGEST_TEXT)
        choices = tuple(checked_text(one, "a choice", LONGEST_CHOICE) for one in self.choices)
        answer = checked_text(self.answer, "an answer", LONGEST_TEXT, may_be_empty=True)
        if len(set(choices)) < len(choices):
            raise LessonError("Two choices of a question are the same.")
        for one in (text, *choices, answer):
            check_figures(one)
        _set(self, {"text": text, "choices": choices, "answer": answer})


@dataclass(frozen=True)
class Step:
    """One step of a lesson.

    Attributes
    ----------
    title : str
    view : View
        The page that is shown.
    text : str
        What the room reads, in the Markdown of `dashboard.lessons.text`, with figures filled in by
        `dashboard.lessons.figures`.
    reveal : str
        One of `REVEALS`; on Compare alone anything but the page as it is.
    notes : str
        For the speaker: the room and the handout never have them.
    minutes : float
        About how long it takes.
    question : Question or None
    """

    title: str
    view: View
    text: str
    reveal: str = ""
    notes: str = ""
    minutes: float = 2.0
    question: Question | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.reveal, str) or self.reveal not in REVEALS:
            raise LessonError(f"What a step reveals can be {', '.join(name for name in REVEALS if name)}, or nothing.")
        if self.reveal and self.view.page != "compare":
            raise LessonError("Only a step on Compare can begin with a presentation.")
        is_number = isinstance(self.minutes, int | float) and not isinstance(self.minutes, bool)
        if not is_number or not 0.5 <= self.minutes <= LONGEST_MINUTES:
            raise LessonError(f"A step takes 0.5 to {LONGEST_MINUTES:g} minutes.")
        _set(
            self,
            {
                "title": _line(self.title, "the title of a step"),
                "text": checked_text(self.text, "the text of a step", LONGEST_TEXT),
                "notes": checked_text(self.notes, "the notes of a step", LONGEST_NOTES, may_be_empty=True),
            },
        )
        for text in (self.text, self.notes):
            check_figures(text)


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes
    ----------
    title : str
    about : str
        Whom it is for and what it is about, in a sentence or two.
    steps : tuple of Step
        1 to 60.
    """

    title: str
    about: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.steps, tuple) or not 0 < len(self.steps) <= MOST_STEPS:
            raise LessonError(f"A lesson has 1 to {MOST_STEPS} steps.")
        about = checked_text(self.about, "what a lesson is about", LONGEST_TEXT, may_be_empty=True)
        _set(self, {"title": _line(self.title, "the title of a lesson"), "about": about})

    @property
    def minutes(self) -> float:
        """About how long it takes."""
        return sum(step.minutes for step in self.steps)

    def with_steps(self, *steps: Step) -> Lesson:
        """Give the lesson with other steps."""
        return replace(self, steps=steps)


def write_lesson(lesson: Lesson) -> str:
    """Write a lesson as JSON: what is as by default is left out."""
    content = {
        "lesson": FORM,
        "title": lesson.title,
        "about": lesson.about,
        "steps": [_step(one) for one in lesson.steps],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_lesson(content: str | bytes) -> Lesson:
    """Read a lesson from JSON.

    Raises
    ------
    LessonError
        If it is none, or holds anything that this app does not know; the message names the step.
    """
    if len(content) > MOST_BYTES:
        raise LessonError(f"The file is too large for a lesson: at most {MOST_BYTES // 1024} KB are read.")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise LessonError("The file is no lesson: it is not JSON.") from None
    _only(found, {"lesson", "title", "about", "steps"}, "a lesson")
    form, steps = found.get("lesson"), found.get("steps")
    if form != FORM or isinstance(form, bool):
        raise LessonError(f"The file is no lesson of form {FORM}, the one that this app reads.")
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        raise LessonError(f"A lesson has a list of 1 to {MOST_STEPS} steps.")
    try:
        return Lesson(
            found.get("title", ""),
            found.get("about", ""),
            tuple(_read_step(k + 1, step) for k, step in enumerate(steps)),
        )
    except LessonError:
        raise
    except ValueError as error:
        raise LessonError(str(error)) from None


def _read_step(number: int, found: Any) -> Step:
    try:
        _only(found, {*(one.name for one in fields(Step)), "page"}, "a step")
        given = {name: value for name, value in found.items() if name not in ("page", "view", "question")}
        asked = found.get("question")
        question = None if asked is None else _read_question(asked)
        view = View(found.get("page", "compare"), found.get("view", {}))
        return Step(**{"title": "", "text": "", **given, "view": view, "question": question})
    except ValueError as error:
        raise LessonError(f"Step {number}: {error}") from None


def _read_question(found: Any) -> Question:
    _only(found, {one.name for one in fields(Question)}, "a question")
    choices = found.get("choices", [])
    if not isinstance(choices, list):
        raise LessonError("Expected a list of choices.")
    return Question(found.get("kind", ""), found.get("text", ""), tuple(choices), found.get("answer", ""))


def _step(step: Step) -> dict[str, Any]:
    written: dict[str, Any] = {"title": step.title, "page": step.view.page, "view": dict(step.view.query)}
    for name in ("reveal", "text", "notes", "minutes"):
        if (value := getattr(step, name)) != "":
            written[name] = value
    if step.question is not None:
        asked = {"kind": step.question.kind, "text": step.question.text, "answer": step.question.answer}
        written["question"] = asked | ({"choices": list(step.question.choices)} if step.question.choices else {})
    return written


def _only(found: Any, known: set[str], what: str) -> None:
    if not isinstance(found, Mapping):
        raise LessonError(f"Expected {what} as names with values.")
    if others := [name for name in found if name not in known]:
        raise LessonError(f"Nothing of {what} is called “{excerpt(others[0])}”.")


def _line(text: object, what: str) -> str:
    return " ".join(checked_text(text, what, LONGEST_TITLE).split("\n"))


def _set(one: object, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        object.__setattr__(one, name, value)
