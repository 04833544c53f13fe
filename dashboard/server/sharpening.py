"""Maps on their way: the last states of each that is being made, or was stopped, and what it takes to go on.

None of them is ever taken for a result: what is finished lies in the store, under a name of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashboard.server.bounded import Bounded
from xai.explainers.explanation import Explanation
from xai.explainers.known import Known

STATE_BYTES = 16 * 2**20
LAST_STATES = 3  # of a map: a browser may still fetch the one before
MOST_KNOWN = 12  # maps that can go on where they were; the answers and pictures of one take about a megabyte


@dataclass(frozen=True, eq=False)
class _State:
    """A state, its maps kept as one value for each piece."""

    made: tuple[Explanation, ...]
    values: np.ndarray  # (outputs, pieces)

    @classmethod
    def of(cls, made: Sequence[Explanation]) -> _State:
        """Take a state whose maps have one value in each piece, as those of all methods that sharpen."""
        pieces = made[0].pieces
        assert pieces is not None
        values = np.empty((len(made), int(pieces.max()) + 1), np.float32)
        for own, one in zip(values, made, strict=True):
            own[pieces] = one.map
        nothing = np.zeros((0, 0), np.float32)
        return cls(tuple(replace(one, map=nothing, answers=None) for one in made), values)

    def explanations(self) -> list[Explanation]:
        """Give the state as it was, but for the answers behind it."""
        pieces = self.made[0].pieces
        return [replace(one, map=values[pieces]) for one, values in zip(self.made, self.values, strict=True)]

    @property
    def bytes(self) -> int:
        """About what it takes."""
        pieces = self.made[0].pieces
        return 2 * self.values.nbytes + (0 if pieces is None else pieces.nbytes)


class Sharpening:
    """States of maps by the name of what they will be, and answers by the name of what they are answers to."""

    def __init__(self) -> None:
        self._states: Bounded[dict[int, _State]] = Bounded(
            STATE_BYTES, lambda states: sum(one.bytes for one in states.values())
        )
        self._held: Bounded[dict[str, _State | None]] = Bounded(
            STATE_BYTES, lambda pages: sum(one.bytes for one in pages.values() if one is not None)
        )
        self._known: Bounded[Known] = Bounded(MOST_KNOWN, lambda known: 1)
        self._lock = threading.Lock()

    def put(self, key: str, made: list[Explanation]) -> None:
        """Keep a state of a map; those long before it go."""
        with self._lock:
            states = {**(self._states.get(key) or {}), made[0].evaluations: _State.of(made)}
            self._states.put(key, dict(list(states.items())[-LAST_STATES:]))

    def newest(self, key: str, page: str = "") -> int | None:
        """Say after how many films the newest state of a map was made, for a page; None where there is none."""
        if self.is_held(key, page):
            state = (self._held.get(key) or {}).get(page)
            return None if state is None else state.made[0].evaluations
        states = self._states.get(key)
        return max(states) if states else None

    def at(self, key: str, films: int) -> list[Explanation] | None:
        """Give the state after so many films; None where it is there no longer."""
        held = [one for one in (self._held.get(key) or {}).values() if one is not None]
        states = {one.made[0].evaluations: one for one in held} | (self._states.get(key) or {})
        return states[films].explanations() if films in states else None

    def hold(self, key: str, page: str) -> None:
        """Keep a map for a page as it is now, if there is none of it yet: other pages may go on with it."""
        with self._lock:
            states = self._states.get(key)
            state = states[max(states)] if states else None
            self._held.put(key, {**(self._held.get(key) or {}), page: state})

    def release(self, key: str, page: str) -> None:
        """Let a page see of a map what there is."""
        with self._lock:
            pages = {name: one for name, one in (self._held.get(key) or {}).items() if name != page}
            self._held.drop(key)
            if pages:
                self._held.put(key, pages)

    def is_held(self, key: str, page: str) -> bool:
        """Say whether a page sees a map as it was once."""
        return page in (self._held.get(key) or {})

    def known(self, name: str) -> Known:
        """Give what is known of a film's hidden versions; nothing at first."""
        with self._lock:
            known = self._known.get(name) or Known()
            self._known.put(name, known)
            return known

    def drop(self, name: str) -> None:
        """Forget the states of a map but those that pages hold, or what is known under a name."""
        self._states.drop(name)
        self._known.drop(name)

    def forget(self, name: str) -> None:
        """Forget all of a map, or what is known under a name."""
        self.drop(name)
        self._held.drop(name)
