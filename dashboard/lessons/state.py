"""What the Lessons page shows, and the link that shows it to somebody else."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.lessons.lesson import MOST_STEPS
from dashboard.page.kinds import NAME, SWITCH, whole
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from dashboard.page.visit import Visit


@dataclass(frozen=True)
class State(PageState):
    """What the Lessons page shows.

    Attributes
    ----------
    read : str or None
        Name of the lesson that is read; None for the list.
    step : int or None
        Which of its steps is open; None for all of them at a glance.
    notes : bool
        Whether the speaker's notes are shown.
    edit : bool
        Whether it is changed.
    """

    read: str | None = None
    step: int | None = None
    notes: bool = False
    edit: bool = False


LINK = Link(
    State(),
    [
        Field("read", NAME, is_step=True),
        Field("step", whole(1, MOST_STEPS)),
        Field("notes", SWITCH),
        Field("edit", SWITCH),
    ],
)

visit = Visit("lessons", LINK)
