"""One open page: what it waits for, told to the browser as it comes, and what its visitor chose there meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dashboard.server.awaited import Awaited, Item, Want
from dashboard.server.files import Files
from dashboard.server.looking import looking_once


class Page:
    """One open page of one visitor: what it waits for, in groups that its parts declare on every run.

    Parameters
    ----------
    visitor : str
        Token of the visitor.

    Attributes
    ----------
    id : str
        Its name, which nobody can guess.
    link : callable or None
        Gives the query of the address that shows the page with some of it changed, and the changes as they count;
        raises ValueError for a change that cannot be.
    questions : dict
        What its visitor can ask in the browser: by group, what gives the things to wait for, given what was asked;
        raises ValueError for what cannot be asked.
    files : Files
        What can be taken away from it.
    is_connected : callable
        Whether its browser is there, though it may not have asked for anything for long.
    note : callable
        Says in a sentence what is special about waiting just now.
    is_heard : bool
        Whether its browser has listened, if only once.
    """

    def __init__(self, visitor: str) -> None:
        self.id = secrets.token_hex(16)
        self.visitor = visitor
        self.link: Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]] | None = None
        self.questions: dict[str, Callable[[Any], Sequence[Want]]] = {}
        self.files = Files()
        self.is_connected: Callable[[], bool] = lambda: False
        self.note: Callable[[], str] = str
        self.is_heard = False
        self._chosen: dict[str, Any] = {}
        self._count = 0
        self._groups: dict[str, dict[str, Awaited]] = {}
        self._declared: set[str] = set()
        self._stopped: set[str] = set()
        self._version = 0
        self._bells: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._lock = threading.RLock()
        self._bell_lock = threading.Lock()  # of its own: the server's loop must not wait for what is looked up

    def begin(self) -> None:
        """Begin a run of the page: groups that it does not declare are waited for no longer."""
        self.files.begin()
        with self._lock:
            self._declared = set()

    def end(self) -> None:
        """End a run of the page."""
        self.files.end()
        with self._lock:
            for group in set(self._groups) - self._declared:
                self._release(self._groups.pop(group), turns_away=True)
            self._ring()

    def expect(self, group: str, wants: Sequence[Want], *, asks: bool = True) -> dict[str, Any]:
        """Wait for these, in place of what the group waited for before; gives how they stand, as `snapshot` does.

        Unless ``asks``, what is not there is asked for only once the browser listens.
        """
        with self._lock:
            self._declared.add(group)
            before = self._groups.get(group, {})
            awaited = {want.name: Awaited(want, is_stopped=want.key in self._stopped) for want in wants}
            self._groups[group] = awaited
            for one in awaited.values():
                one.look(self._changed, asks=asks)
            self._release(before)
            self._ring()
            return self.snapshot()

    def items(self, group: str) -> list[Item]:
        """Say how everything stands that a group waits for."""
        with self._lock:
            return [one.item() for one in self._groups.get(group, {}).values()]

    def snapshot(self) -> dict[str, Any]:
        """Say how everything stands, as the browser is told.

        Returns
        -------
        dict
            ``version``, which counts up with every change; ``groups``, by name: ``view``, which names what is waited
            for, and ``items``; ``rests``, whether all of it has ended; and ``note``.
        """
        with self._lock, looking_once():
            items = {name: self.items(name) for name in self._groups}
            return {
                "version": self._version,
                "groups": {
                    name: {"view": _view(self._groups[name]), "items": [asdict(one) for one in group]}
                    for name, group in items.items()
                },
                "rests": all(one.ended for group in items.values() for one in group),
                "note": self.note(),
            }

    def stop(self, group: str) -> None:
        """Wait no longer for what has not come yet; what is there stays."""
        with self._lock:
            stopped = [one for one in self._groups.get(group, {}).values() if not one.item().ended]
            for one in stopped:
                one.stop()
                self._stopped.add(one.want.key)
            self._leave(stopped)
            self._ring()

    def resume(self, key: str) -> None:
        """Wait again for what the visitor stopped under this key, once a group declares it."""
        with self._lock:
            self._stopped.discard(key)

    def go_on(self, group: str) -> None:
        """Ask again for what was stopped, has failed or could not be fetched."""
        with self._lock:
            for one in self._groups.get(group, {}).values():
                self._stopped.discard(one.want.key)
                one.is_stopped, one.is_over, one.part, one.asked, one.error = False, False, None, 0, None
                if one.job is not None:
                    one.job.queue.drop(one.job.key)
                    one.job = None
                one.look(self._changed)
            self._ring()

    def choose(self, changes: Mapping[str, Any], count: int) -> dict[str, Any]:
        """Take what the visitor chose in the browser; gives the query of the address that shows it.

        Raises
        ------
        ValueError
            For a choice that there is not.
        """
        with self._lock:
            if self.link is None:
                raise ValueError("nothing can be chosen on this page")
            query, checked = self.link({**self._chosen, **changes})
            self._chosen.update(checked)
            self._count = max(self._count, count)
            return {"query": query}

    def ask(self, group: str, about: Any) -> dict[str, Any]:
        """Wait for the answer to what the visitor asked in the browser; gives how it stands, as `snapshot` does.

        It is waited for until something else of its group is asked, or the page runs again.

        Raises
        ------
        ValueError
            For what cannot be asked.
        """
        with self._lock:
            if group not in self.questions:
                raise ValueError("this cannot be asked on this page")
            return self.expect(group, self.questions[group](about))

    def take_chosen(self) -> tuple[dict[str, Any], int]:
        """Give what was chosen in the browser since this was last asked, and the count of choices so far."""
        with self._lock:
            chosen, self._chosen = self._chosen, {}
            return chosen, self._count

    def hear(self) -> None:
        """Note that somebody still looks: what a queue forgot meanwhile is asked for again."""
        with self._lock, looking_once():
            self.is_heard = True
            for one in self._all():
                one.look(self._changed)
                if one.job is not None:
                    one.job.queue.hear(self.id)

    def rest(self) -> None:
        """Have nothing computed for this page until somebody looks at it again."""
        with self._lock:
            for one in self._all():
                if one.job is None or one.job.ended:
                    continue
                one.job.watchers.discard(self._changed)
                one.job.queue.leave(self.id, one.job.key)
                one.job = None

    def close(self) -> None:
        """Wait for nothing any more, and offer nothing."""
        self.files.close()
        self.questions = {}
        with self._lock:
            groups, self._groups = self._groups, {}
            for awaited in groups.values():
                self._release(awaited, turns_away=True)
            self._ring()

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Give a bell that rings when something has changed; one who listened before is sent away by it."""
        bell, loop = asyncio.Event(), asyncio.get_running_loop()
        with self._bell_lock:
            before, self._bells = self._bells, {bell: loop}
        _wake(before)
        try:
            yield bell
        finally:
            with self._bell_lock:
                self._bells.pop(bell, None)

    def send_away(self) -> None:
        """Have nobody listen any more."""
        with self._bell_lock:
            before, self._bells = self._bells, {}
        _wake(before)

    @property
    def is_looked_at(self) -> bool:
        """Whether its browser is connected or listens."""
        return self.is_connected() or bool(self._bells)

    def listens(self, bell: asyncio.Event) -> bool:
        """Whether this is still the bell to listen to."""
        return bell in self._bells

    def _all(self) -> list[Awaited]:
        return [one for group in self._groups.values() for one in group.values()]

    def _release(self, gone: Mapping[str, Awaited], *, turns_away: bool = False) -> None:
        """Let go of what is waited for no longer."""
        kept = {one.job for one in self._all()}
        for one in gone.values():
            if one.job is not None and one.job not in kept:
                one.job.watchers.discard(self._changed)
        self._leave([one for one in gone.values() if not (turns_away and one.want.goes_on)])

    def _leave(self, awaited: Sequence[Awaited]) -> None:
        """Have queues forget that this page waits for these, where nothing else on it does."""
        kept = {(one.job.queue, one.job.key) for one in self._all() if one.job is not None and not one.is_stopped}
        for one in awaited:
            if one.job is not None and (one.job.queue, one.job.key) not in kept:
                one.job.queue.leave(self.id, one.job.key)

    def _changed(self) -> None:
        """Take what has come; what was cancelled because nobody seemed to be there is not asked for on their behalf."""
        is_looked_at = self.is_looked_at
        with self._lock:
            awaited = self._all()
            # A word on how far a job is comes often, and has nothing looked up.
            if any(one.may_be_there for one in awaited) or not any(one.is_under_way for one in awaited):
                for one in awaited:
                    one.look(self._changed, asks=is_looked_at)
            if is_looked_at:
                for queue in {one.job.queue for one in self._all() if one.job is not None}:
                    queue.hear(self.id)
            self._ring()

    def _ring(self) -> None:
        self._version += 1
        with self._bell_lock:
            bells = dict(self._bells)
        _wake(bells)


def _wake(bells: Mapping[asyncio.Event, asyncio.AbstractEventLoop]) -> None:
    for bell, loop in bells.items():
        with contextlib.suppress(RuntimeError):  # the server is going down
            loop.call_soon_threadsafe(bell.set)


def _view(awaited: Mapping[str, Awaited]) -> str:
    """Name what a group waits for, so that nobody takes what comes for one film for that of another."""
    return hashlib.sha256(repr([(one.want.key, name) for name, one in awaited.items()]).encode()).hexdigest()[:16]
