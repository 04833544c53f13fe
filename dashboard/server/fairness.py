"""Whose work goes on next: looks before finished maps, and the visitor first who used least of the processor lately.

Nothing here waits or knows of threads: `turnstile` asks it between two slices of work.
"""

from __future__ import annotations

import enum
import itertools
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

HALF_LIFE = 30.0  # seconds after which what a visitor used counts half
LOOK = 1.0  # seconds of work after which a first look that has not come is no quick one
HEAVY = 8.0  # seconds of work after which the rest of it counts as long: usual maps of the default model take three
LEAST = 0.05  # of the time, that a later stage gets however much there is to do in those before it
SHORT = 1.0  # seconds that it waits for its first slice at most
MANY, LONG_AGO = 1000, 10 * HALF_LIFE  # visitors at which those are forgotten who last asked so many seconds ago
REQUEST = 1.0  # seconds within which all that a visitor asks for is one request: a page asks for what a film needs

Line = TypeVar("Line", bound="Turn")
Rank = tuple[bool, "Stage", float, int, float, int]


class Stage(enum.IntEnum):
    """How soon work is due: the earlier stage goes first, whoever asks."""

    QUICK = 0  # takes about as long as the model's own answer
    LOOK = 1  # until something of it can be seen
    SHARPENING = 2  # the rest of it
    LONG = 3  # many films at once, what turned out to be heavy, and what nobody looks for yet


@dataclass(eq=False)
class Turn:
    """One piece of work in the line, and who asks for it.

    Attributes
    ----------
    first : Stage
        That it begins in.
    is_seen : bool
        Whether there is a first look at it.
    used : float
        Seconds that it took so far.
    asked : dict of str to float
        By visitor, when the request was made that it belongs to.
    order : int
        Counts up with every turn.
    """

    first: Stage
    is_seen: bool = False
    used: float = 0.0
    asked: dict[str, float] = field(default_factory=dict)
    order: int = field(default_factory=itertools.count().__next__)

    @property
    def stage(self) -> Stage:
        """The stage that it is in by now."""
        if self.first != Stage.LOOK:
            return self.first
        if self.used >= HEAVY:
            return Stage.LONG
        return Stage.SHARPENING if self.is_seen or self.used >= LOOK else Stage.LOOK


class Fairness:
    """What visitors used, and who is next.

    Within a stage goes first who used least lately, so that somebody's long work gives way to everybody's short one,
    and those who ask for as much take turns, who has waited longest first. Of one visitor's work the newest request
    goes first, in the order in which it was asked for. A stage that had to wait for twenty times its last slice goes
    ahead once, so that a class at work delays a long computation and never stops it.

    Parameters
    ----------
    clock : callable
        Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: dict[tuple[Stage, str], tuple[float, float]] = {}  # seconds, and as of when
        self._last: dict[Stage, tuple[float, float]] = {}  # when a slice of it ended, and what it took
        self._requests: dict[str, tuple[float, float]] = {}  # when a visitor's began, and when it last asked

    def ask(self, turn: Turn, visitor: str) -> None:
        """Note that a visitor asks for work."""
        now = self._clock()
        began, last = self._requests.get(visitor, (now, now))
        began = began if now - last < REQUEST else now
        self._requests[visitor] = (began, now)
        if len(self._requests) > MANY:
            self._forget()
        turn.asked.setdefault(visitor, began)

    def charge(self, turn: Turn, seconds: float) -> None:
        """Note that a slice of work took so long; those who ask for it share that."""
        now, stage = self._clock(), turn.stage
        for visitor in turn.asked:
            self._used[stage, visitor] = (self.used(stage, visitor, now) + seconds / len(turn.asked), now)
        self._last[stage] = (now, seconds)
        turn.used += seconds

    def used(self, stage: Stage, visitor: str, now: float) -> float:
        """Give the seconds that a visitor used lately in a stage."""
        seconds, then = self._used.get((stage, visitor), (0.0, 0.0))
        return float(seconds * 0.5 ** ((now - then) / HALF_LIFE))

    def first_of(self, turns: Collection[Line]) -> Line:
        """Give the one that is next, of at least one."""
        ranks = self._ranks(turns)
        return min(turns, key=ranks.__getitem__)

    def line(self, turns: Collection[Line]) -> list[Line]:
        """Give all of them in the order in which they are next, as things stand."""
        ranks = self._ranks(turns)
        return sorted(turns, key=ranks.__getitem__)

    def _forget(self) -> None:
        """Forget visitors who have been gone for so long that what they used counts for nothing."""
        old = self._clock() - LONG_AGO
        self._used = {key: one for key, one in self._used.items() if one[1] > old}
        self._requests = {visitor: one for visitor, one in self._requests.items() if one[1] > old}

    def _ranks(self, turns: Collection[Turn]) -> dict[Turn, Rank]:
        since: dict[tuple[Stage, str], int] = {}  # by visitor, the oldest turn
        for turn in turns:
            for visitor in turn.asked:
                since[turn.stage, visitor] = min(turn.order, since.get((turn.stage, visitor), turn.order))
        now = self._clock()
        line = {key: (self.used(*key, now), order) for key, order in since.items()}
        late = {stage: not self._is_due(stage, now) for stage in {turn.stage for turn in turns}}
        return {turn: (late[turn.stage], turn.stage, *_claim(turn, line), turn.order) for turn in turns}

    def _is_due(self, stage: Stage, now: float) -> bool:
        ended, took = self._last.setdefault(stage, (now, 0.0))
        return now - ended > max(took / LEAST, SHORT)


def _claim(turn: Turn, line: Mapping[tuple[Stage, str], tuple[float, int]]) -> tuple[float, int, float]:
    """Give the best claim that one of its visitors has: what it used, since when it waits, how new this request is."""
    claims = [(*line[turn.stage, visitor], -began) for visitor, began in turn.asked.items()]
    return min(claims, default=(0.0, 0, 0.0))
