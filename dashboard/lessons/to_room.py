"""A lesson that is given moves the room that its giver holds: each step, and the question that it asks."""

from __future__ import annotations

from dashboard.compare.state import LINK
from dashboard.lessons.lesson import Question, Step
from dashboard.lessons.text import plain
from dashboard.rooms import lead
from dashboard.rooms.room import RoomError
from dashboard.rooms.step import Question as RoomQuestion
from dashboard.rooms.step import Step as RoomStep
from dashboard.server.services import Services

KINDS = {"where": "where", "which": "which", "how much": "guess"}  # what rooms call the same
LONGEST_ASKED = 200  # characters


def show_in_room(services: Services, step: Step, text: str, asked: str) -> None:
    """Have the room of the running page's visitor look at a step; nothing where there is no room.

    Parameters
    ----------
    services : Services
    step : Step
    text, asked : str
        Its text and its question with their figures filled in.
    """
    room = lead.held_room(services)
    if room is None:
        return
    look = RoomStep(step.view.link, revealed(step), plain(text))
    if room.step == look:
        return
    try:
        lead.move(services, room, look, None if step.question is None else room_question(step.question, plain(asked)))
    except RoomError:  # it was closed just now
        return


def revealed(step: Step) -> tuple[str, ...] | None:
    """Name what a step begins with, as the room has it; None for the page as it is."""
    if not step.reveal:
        return None
    methods = LINK.read(step.view.query)[0].methods
    order = ("film", "question", "answer", *methods, "truth", "twin")
    last = {"map": methods[0], "maps": methods[-1]}.get(step.reveal, step.reveal)
    return order[: order.index(last) + 1]


def room_question(question: Question, text: str) -> RoomQuestion:
    """Give the question as a room asks it."""
    settings = {"choices": [plain(one) for one in question.choices]} if question.kind == "which" else {}
    return RoomQuestion(KINDS[question.kind], text[:LONGEST_ASKED], settings)
