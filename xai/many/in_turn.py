"""Several pieces of work under way at a time: while one is in the engine, the next ones are got ready."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from xai.budget import Budget, Cancelled
from xai.films.film import Film

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 2  # one in the engine, one whose regions are cut, weights fitted or pictures drawn; more gain nothing


@dataclass(frozen=True, eq=False)
class Outcome(Generic[R]):
    """What came of one film.

    Attributes
    ----------
    name : str
        Of the film.
    result : object or None
        None of a film that could not be opened.
    why : str
        Why there is no result, in one sentence; else empty.
    """

    name: str
    result: R | None
    why: str = ""


def each_film(
    films: Mapping[str, Callable[[], Film]],
    work: Callable[[str, Film, Budget], R],
    budget: Budget | None = None,
    at_once: int = AT_ONCE,
) -> Generator[Outcome[R]]:
    """Open films and do something with each; those that cannot be opened do not keep the others from it.

    Parameters
    ----------
    films : mapping of str to callable
        By its name what opens a film.
    work : callable
        From a film's name, the film and its budget to a result; called in threads.
    budget : Budget, optional
        Told the share of all the work that is done; asked before each film, and by the work, whether to stop.
    at_once : int

    Yields
    ------
    Outcome
        In the order of the films, as soon as there is one.

    Raises
    ------
    Cancelled
        If the budget was cancelled.
    """

    def open_and_work(name: str, part: Budget) -> Outcome[R]:
        try:
            film = films[name]()
        except (ValueError, OSError) as error:
            return Outcome(name, None, str(error))
        return Outcome(name, work(name, film, part))

    for _, outcome in in_turn(open_and_work, list(films), budget or Budget(), at_once):
        yield outcome


def in_turn(
    work: Callable[[T, Budget], R], items: Sequence[T], budget: Budget, at_once: int = AT_ONCE
) -> Generator[tuple[T, R]]:
    """Do work on items in threads, a few at a time, and give each back with what came of it, in their order.

    Whoever closes this, or lets it fail, ends the work that is under way at its next look at its budget.
    """
    watch = _Watch(budget, len(items))
    waiting: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="films") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(watch.over, work, item)))
                if len(waiting) > at_once:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            watch.has_ended = True
            pool.shutdown(wait=False, cancel_futures=True)


class _Watch:
    """Adds up how far the items are, and ends them together."""

    def __init__(self, budget: Budget, items: int) -> None:
        self.has_ended = False
        self._budget = budget
        self._items = items
        self._done = 0.0
        self._lock = threading.Lock()

    def over(self, work: Callable[[T, Budget], R], item: T) -> R:
        """Do the work on one item with a budget of its own."""
        before = 0.0

        def note(share: float) -> None:
            nonlocal before
            with self._lock:
                self._done += share - before
                before = share
                self._budget.progress(min(1.0, self._done / self._items))

        if self._cancelled():
            raise Cancelled
        result = work(item, replace(self._budget, progress=note, cancelled=self._cancelled))
        note(1.0)
        return result

    def _cancelled(self) -> bool:
        return self.has_ended or self._budget.cancelled()
