"""Who listens to a room: a bell for each open page, a bounded number of them. The holder's count apart."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Literal

MOST_PAGES_IN_ALL = 600  # of followers
MOST_PAGES = 4  # of one follower
MOST_HOLDER_PAGES = 12  # a browser opens six at most to one server
FULL = "This room is full."
TOO_MANY_PAGES = "Too many pages of this browser are in this room. Close one of them."

Side = Literal["holder", "followers"]


class RoomError(ValueError):
    """Something that cannot be done in this room now; the message is one sentence."""


class Bells:
    """The bells of a room."""

    def __init__(self) -> None:
        self._bells: dict[asyncio.Event, tuple[asyncio.AbstractEventLoop, Side, str]] = {}
        self._lock = threading.RLock()

    def hang(self, side: Side, who: str) -> asyncio.Event:
        """Give a page of somebody a bell; RoomError where there are too many."""
        with self._lock:
            listening = [one for _, there, one in self._bells.values() if there == side]
            if side == "followers" and len(listening) >= MOST_PAGES_IN_ALL:
                raise RoomError(FULL)
            if listening.count(who) >= (MOST_PAGES if side == "followers" else MOST_HOLDER_PAGES):
                raise RoomError(TOO_MANY_PAGES)
            bell = asyncio.Event()
            self._bells[bell] = asyncio.get_running_loop(), side, who
            return bell

    def take_down(self, bell: asyncio.Event) -> None:
        """Forget a page."""
        with self._lock:
            self._bells.pop(bell, None)

    def take_all_down(self) -> None:
        """Forget all pages, which are told."""
        with self._lock:
            bells, self._bells = self._bells, {}
        for bell, (loop, _, _) in bells.items():
            _wake(bell, loop)

    def ring(self, sides: Sequence[Side]) -> None:
        """Ring for all pages of some sides."""
        with self._lock:
            for bell, (loop, side, _) in self._bells.items():
                if side in sides:
                    _wake(bell, loop)

    @property
    def followers(self) -> set[str]:
        """Who follows just now."""
        with self._lock:
            return {who for _, side, who in self._bells.values() if side == "followers"}

    def __contains__(self, bell: asyncio.Event) -> bool:
        """Whether this is still a bell to listen to."""
        return bell in self._bells


def _wake(bell: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the server is going down
        loop.call_soon_threadsafe(bell.set)
