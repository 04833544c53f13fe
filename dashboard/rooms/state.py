"""What the Room page shows: the room that this browser holds, so that nothing of it stands in a link."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.page.link import Link
from dashboard.page.state import PageState


@dataclass(frozen=True)
class State(PageState):
    """Nothing: who holds the room is known by a cookie."""


LINK = Link(State(), [])
