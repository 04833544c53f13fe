"""Work that takes longer than a page may: queued, shared between visitors, with progress and cancel.

A job is named by its content. Thirty visitors who ask for the same map wait for one job; it is cancelled when none
of them waits any more. Quick jobs and slow ones have a worker each, so that a Grad-CAM never queues behind a LIME,
and within a queue the visitor who was served longest ago is next.

Nobody asks again and again how far a job is: whoever watches it is told.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from dashboard.page.told import UNEXPECTED, sentence_of
from xai.budget import Budget, Cancelled

State = Literal["waiting", "running", "done", "failed"]
PATIENCE = 30.0  # seconds after which a visitor who was not heard of no longer counts as waiting
TOLD_EVERY = 0.2  # seconds, at most, between two words on how far a job is

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Job:
    """One piece of work and who waits for it."""

    key: str
    work: Callable[[Budget], Any]
    slow: bool
    order: int
    queue: Jobs
    waiting: dict[str, float] = field(default_factory=dict)
    state: State = "waiting"
    progress: float = 0.0
    error: str | None = None
    result: Any = None
    watchers: set[Callable[[], None]] = field(default_factory=set)

    def watch(self, tell: Callable[[], None]) -> None:
        """Have a function called, from whatever thread, whenever the job has changed."""
        self.watchers.add(tell)

    def tell(self) -> None:
        """Tell all who watch that the job has changed."""
        for tell in tuple(self.watchers):
            try:
                tell()
            except Exception:  # whose page it is must not end the worker that all visitors share
                log.exception("A page could not be told of a job")

    @property
    def is_known(self) -> bool:
        """Whether its queue still has it: one that nobody seemed to wait for is forgotten."""
        return self.queue.find(self.key) is self

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed")


class Jobs:
    """The queue of this server.

    Parameters
    ----------
    patience : float
        Seconds after which a silent visitor is taken to have left.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._jobs: dict[str, Job] = {}
        self._served: dict[str, int] = {}
        self._count = itertools.count()
        self._changed = threading.Condition()
        for slow in (False, True):
            threading.Thread(target=self._serve, args=(slow,), daemon=True, name=f"jobs-{slow}").start()

    def ask(self, visitor: str, key: str, work: Callable[[Budget], Any], *, slow: bool) -> Job:
        """Wait for a job; start it unless somebody else has."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.state == "done":  # asked for again because its result was since forgotten
                job = self._jobs[key] = Job(key, work, slow, next(self._count), self)
            job.waiting[visitor] = time.monotonic()
            self._changed.notify_all()
            return job

    def ask_once(self, visitor: str, key: str, work: Callable[[Budget], Any], *, slow: bool) -> Job:
        """Wait for a job as `ask` does, but take one that is done, and not forgotten yet, as it is."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.state != "done":
                return self.ask(visitor, key, work, slow=slow)
            job.waiting[visitor] = time.monotonic()
            return job

    def keep_only(self, visitor: str, keys: Iterable[str]) -> None:
        """Stop waiting for everything else that this visitor asked for, and forget jobs that nobody waits for."""
        wanted = set(keys)
        now = time.monotonic()
        with self._changed:
            for key, job in self._jobs.items():
                if key in wanted and visitor in job.waiting:
                    job.waiting[visitor] = now
                elif key not in wanted:
                    job.waiting.pop(visitor, None)
            self._sweep()

    def leave(self, visitor: str, key: str) -> None:
        """Stop waiting for one job, and forget jobs that nobody waits for."""
        with self._changed:
            if key in self._jobs:
                self._jobs[key].waiting.pop(visitor, None)
            self._sweep()

    def hear(self, visitor: str) -> None:
        """Note that a visitor still waits for whatever it waits for."""
        now = time.monotonic()
        with self._changed:
            for job in self._jobs.values():
                if visitor in job.waiting:
                    job.waiting[visitor] = now

    def ahead(self, job: Job) -> int:
        """Count the jobs of the same worker that were asked for earlier and have not ended."""
        with self._changed:
            return sum(
                one.slow == job.slow and one.order < job.order and not one.ended and self._waited_for(one)
                for one in self._jobs.values()
            )

    def close(self) -> None:
        """Wait for nothing any more: what is under way stops at its next look."""
        with self._changed:
            self._jobs = {}

    def find(self, key: str) -> Job | None:
        """Give a job that somebody waits for."""
        with self._changed:
            return self._jobs.get(key)

    def tell(self, key: str) -> None:
        """Tell all who watch a job that there is something new of it."""
        job = self.find(key)
        if job is not None:
            job.tell()

    def drop(self, key: str) -> None:
        """Forget a job that has ended, so that it can be asked for again."""
        with self._changed:
            if key in self._jobs and self._jobs[key].ended:
                del self._jobs[key]

    def _sweep(self) -> None:
        for key, job in list(self._jobs.items()):
            if not self._waited_for(job) and job.state != "running":
                del self._jobs[key]

    def _waited_for(self, job: Job) -> bool:
        now = time.monotonic()
        return any(now - heard < self._patience for heard in job.waiting.values())

    def _is_abandoned(self, job: Job) -> bool:
        """Ask as a worker does, from outside the lock: visitors come and go while it computes."""
        with self._changed:
            return self._jobs.get(job.key) is not job or not self._waited_for(job)

    def _serve(self, slow: bool) -> None:
        while True:
            with self._changed:
                while (job := self._next(slow)) is None:
                    self._changed.wait()
                job.state = "running"
            self._tell_all(slow)  # those that wait are one nearer to their turn
            self._run(job)

    def _tell_all(self, slow: bool) -> None:
        with self._changed:
            jobs = [job for job in self._jobs.values() if job.slow == slow and not job.ended]
        for job in jobs:
            job.tell()

    def _next(self, slow: bool) -> Job | None:
        """The oldest job of the visitor who was served longest ago."""
        candidates = [
            (self._served.get(visitor, -1), job.order, visitor, job)
            for job in self._jobs.values()
            if job.slow == slow and job.state == "waiting" and self._waited_for(job)
            for visitor in job.waiting
        ]
        if not candidates:
            return None
        _, _, visitor, job = min(candidates, key=lambda one: one[:2])
        self._served[visitor] = next(self._count)
        return job

    def _run(self, job: Job) -> None:
        told = 0.0

        def note(share: float) -> None:
            nonlocal told
            job.progress = share
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                job.tell()

        try:
            result = job.work(Budget(progress=note, cancelled=lambda: self._is_abandoned(job)))
            self._end(job, "done", result=result)
        except Cancelled:
            with self._changed:
                if self._jobs.get(job.key) is job:
                    del self._jobs[job.key]
                job.work = _nothing
            job.tell()
        except (ValueError, OSError) as error:  # the project's own errors say what to do
            self._end(job, "failed", error=sentence_of(error))
        except Exception:  # anything else must not end the worker that all visitors share
            log.exception("A job failed unexpectedly")
            self._end(job, "failed", error=UNEXPECTED)

    def _end(self, job: Job, state: State, result: Any = None, error: str | None = None) -> None:
        with self._changed:
            job.state, job.result, job.error = state, result, error
            job.progress = 1.0
            job.work = _nothing  # it holds the film, and a page holds its jobs
            self._changed.notify_all()
        job.tell()


def _nothing(budget: Budget) -> None:
    """What is left to do of a job that has ended."""
