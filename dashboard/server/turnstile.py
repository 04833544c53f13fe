"""The engine, a slice at a time: before each batch work steps aside for whoever is next.

An engine uses all cores for one batch; whether a second one beside it would gain anything was not measured. What lies
between batches, such as drawing up hidden films, runs beside others' batches, and so does what cannot be cut into
slices, such as loading a model (`apart`).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dashboard.server.fairness import Fairness, Turn
from xai.budget import Cancelled

WIDTH = 1  # slices at a time


@dataclass(eq=False)
class Sliced(Turn):
    """A turn whose work runs in a thread of its own from its first slice on.

    Attributes
    ----------
    run : callable
        Does the work; calls `Turnstile.step_aside` between slices.
    """

    run: Callable[[], None] = lambda: None
    is_begun: bool = False
    bell: threading.Event = field(default_factory=threading.Event)


class Turnstile:
    """Lets work through, as many slices at a time as it is wide.

    Parameters
    ----------
    width : int
    clock : callable
        Gives seconds.
    """

    def __init__(self, width: int = WIDTH, clock: Callable[[], float] = time.monotonic) -> None:
        self._width = width
        self._clock = clock
        self._fair = Fairness(clock)
        self._standing: list[Sliced] = []
        self._through: dict[Sliced, float] = {}  # since when each has its turn
        self._places: dict[Sliced, int] | None = None  # in the line; None once it has changed
        self._lock = threading.Lock()

    def ask(self, turn: Sliced, visitor: str) -> None:
        """Have a visitor ask for work: it stands in line from the first time on."""
        with self._lock:
            self._fair.ask(turn, visitor)
            if not turn.is_begun and turn not in self._standing:
                self._standing.append(turn)
            self._next()

    def leave(self, turn: Sliced, visitor: str | None = None) -> None:
        """Have a visitor, or everybody, ask for work no longer; what nobody asks for ends at its next look."""
        with self._lock:
            self._places = None
            gone = set(turn.asked) if visitor is None else {visitor}
            turn.asked = {one: began for one, began in turn.asked.items() if one not in gone}
            if not turn.asked and turn in self._standing:
                self._standing.remove(turn)
                turn.bell.set()

    def step_aside(self, turn: Sliced) -> bool:
        """Wait for the turn of this work, from whatever thread of it; gives whether it has it.

        It has not where nobody asks for it any more.
        """
        with self._lock:
            if not turn.asked:
                return False
            self._close(turn)
            if turn not in self._standing:
                turn.bell.clear()
                self._standing.append(turn)
            self._next()
        turn.bell.wait()
        return turn in self._through

    def pause(self, turn: Sliced) -> None:
        """Let others go on: what this work does until it steps aside again, such as reading a film, is no batch."""
        with self._lock:
            self._close(turn)
            self._next()

    def end(self, turn: Sliced) -> None:
        """Note that work has ended."""
        with self._lock:
            self._close(turn)
            if turn in self._standing:
                self._standing.remove(turn)
            self._next()

    def ahead(self, turn: Sliced) -> int:
        """Count what goes on before work, as things stand."""
        with self._lock:
            if turn in self._through:
                return 0
            if self._places is None:  # every page asks so for all that it waits for
                self._places = {one: place for place, one in enumerate(self._fair.line(self._standing))}
            return len(self._through) + self._places.get(turn, 0)

    @contextlib.contextmanager
    def apart(self, turn: Sliced) -> Iterator[None]:
        """Do what cannot be cut into slices beside the others; raises `Cancelled` where nobody asks for it after."""
        self.pause(turn)
        yield
        if not self.step_aside(turn):
            raise Cancelled

    def _close(self, turn: Sliced) -> None:
        if (since := self._through.pop(turn, None)) is not None:
            self._fair.charge(turn, self._clock() - since)

    def _next(self) -> None:
        self._places = None
        while self._standing and len(self._through) < self._width:
            turn = self._fair.first_of(self._standing)
            self._standing.remove(turn)
            self._through[turn] = self._clock()
            if turn.is_begun:
                turn.bell.set()
            else:
                turn.is_begun = True
                threading.Thread(target=turn.run, daemon=True, name="job").start()
