"""Work that takes longer than a page may: queued, shared between visitors, with progress and cancel.

A job is named by its content. Thirty visitors who ask for the same map wait for one job; it is cancelled when none
of them waits any more. All jobs share the engine by way of a turnstile: before each batch a job asks its budget
whether it is cancelled, and waits there for its turn, which ends when it tells how far it is; `fairness` says whose
turn is next.

Nobody asks again and again how far a job is: whoever watches it is told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from dashboard.page.told import UNEXPECTED, sentence_of
from dashboard.server.fairness import Stage
from dashboard.server.turnstile import Sliced, Turnstile
from xai.budget import Budget, Cancelled
from xai.machine import give_back_memory

State = Literal["waiting", "running", "done", "failed"]
PATIENCE = 30.0  # seconds after which a visitor who was not heard of no longer counts as waiting
TOLD_EVERY = 0.2  # seconds, at most, between two words on how far a job is
TIDIED_EVERY = 5.0  # seconds at least between two times that the system gets back what jobs have freed

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Job:
    """One piece of work and who waits for it."""

    key: str
    work: Callable[[Budget], Any]
    turn: Sliced
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
            except Exception:  # whose page it is must not end the job that others wait for too
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
    """A queue of this server.

    Parameters
    ----------
    patience : float
        Seconds after which a silent visitor is taken to have left.
    turnstile : Turnstile, optional
        That all its jobs go through, batch by batch, and those of other queues that share it.
    slow : Stage
        What slow jobs of this queue begin in.
    """

    def __init__(
        self, patience: float = PATIENCE, turnstile: Turnstile | None = None, slow: Stage = Stage.LOOK
    ) -> None:
        self._patience = patience
        self._turnstile = turnstile or Turnstile()
        self._slow = slow
        self._jobs: dict[str, Job] = {}
        self._changed = threading.RLock()
        self._told = 0.0
        self._tidied = 0.0

    def ask(self, visitor: str, key: str, work: Callable[[Budget], Any], *, slow: bool) -> Job:
        """Wait for a job; start it unless somebody else has."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.state == "done":  # asked for again because its result was since forgotten
                job = self._jobs[key] = Job(key, work, Sliced(self._slow if slow else Stage.QUICK), self)
                job.turn.run = partial(self._run, job)
            job.waiting[visitor] = time.monotonic()
            if not job.ended:
                self._turnstile.ask(job.turn, visitor)
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
                    self._let_go(job, visitor)
            self._sweep()

    def leave(self, visitor: str, key: str) -> None:
        """Stop waiting for one job, and forget jobs that nobody waits for."""
        with self._changed:
            if key in self._jobs:
                self._let_go(self._jobs[key], visitor)
            self._sweep()

    def hear(self, visitor: str) -> None:
        """Note that a visitor still waits for whatever it waits for."""
        now = time.monotonic()
        with self._changed:
            for job in self._jobs.values():
                if visitor in job.waiting:
                    job.waiting[visitor] = now

    def ahead(self, job: Job) -> int:
        """Count the jobs, of whatever queue, that go on before it as things stand."""
        return self._turnstile.ahead(job.turn)

    def close(self) -> None:
        """Wait for nothing any more: what is under way stops at its next look."""
        with self._changed:
            jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            self._turnstile.leave(job.turn)

    def find(self, key: str) -> Job | None:
        """Give a job that somebody waits for."""
        with self._changed:
            return self._jobs.get(key)

    def show(self, key: str) -> None:
        """Tell all who watch a job that there is something to see of it; looks at others' go before the rest."""
        job = self.find(key)
        if job is not None:
            job.turn.is_seen = True
            job.tell()

    def apart(self, job: Job) -> AbstractContextManager[None]:
        """Have others go on while a job does what cannot be cut into slices."""
        return self._turnstile.apart(job.turn)

    def drop(self, key: str) -> None:
        """Forget a job that has ended, so that it can be asked for again."""
        with self._changed:
            if key in self._jobs and self._jobs[key].ended:
                del self._jobs[key]

    def _let_go(self, job: Job, visitor: str) -> None:
        if job.waiting.pop(visitor, None) is not None:
            self._turnstile.leave(job.turn, visitor)

    def _sweep(self) -> None:
        for key, job in list(self._jobs.items()):
            if not self._waited_for(job) and job.state != "running":
                del self._jobs[key]
                self._turnstile.leave(job.turn)

    def _waited_for(self, job: Job) -> bool:
        now = time.monotonic()
        return any(now - heard < self._patience for heard in job.waiting.values())

    def is_abandoned(self, job: Job) -> bool:
        """Ask from outside the lock, as the job does: visitors come and go while it computes."""
        with self._changed:
            return self._jobs.get(job.key) is not job or not self._waited_for(job)

    def _goes_on(self, job: Job) -> bool:
        """Wait for the job's turn, and say whether it is still waited for."""
        while not self._turnstile.step_aside(job.turn):
            if self.is_abandoned(job):
                return False
        return not self.is_abandoned(job)

    def _tell_all(self) -> None:
        """Tell those that wait that they are nearer to their turn; not for each of many short jobs."""
        with self._changed:
            if time.monotonic() - self._told < TOLD_EVERY:
                return
            self._told = time.monotonic()
            jobs = [job for job in self._jobs.values() if job.state == "waiting"]
        for job in jobs:
            job.tell()

    def _run(self, job: Job) -> None:
        _own.job = job
        try:
            if self.is_abandoned(job):
                self._give_up(job)
                return
            with self._changed:
                job.state = "running"
            job.tell()
            self._tell_all()
            self._do(job)
        finally:
            self._turnstile.end(job.turn)
            self._tidy()

    def _tidy(self) -> None:
        now = time.monotonic()
        if now - self._tidied > TIDIED_EVERY:
            self._tidied = now
            give_back_memory()

    def _do(self, job: Job) -> None:
        told = 0.0

        def note(share: float) -> None:
            nonlocal told
            job.progress = share
            self._turnstile.pause(job.turn)
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                job.tell()

        try:
            result = job.work(Budget(progress=note, cancelled=lambda: not self._goes_on(job)))
            self._end(job, "done", result=result)
        except Cancelled:
            self._give_up(job)
        except (ValueError, OSError) as error:  # the project's own errors say what to do
            self._end(job, "failed", error=sentence_of(error))
        except Exception:  # anything else must not leave those who wait without a word
            log.exception("A job failed unexpectedly")
            self._end(job, "failed", error=UNEXPECTED)

    def _give_up(self, job: Job) -> None:
        with self._changed:
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]
            job.work = _nothing
        job.tell()

    def _end(self, job: Job, state: State, result: Any = None, error: str | None = None) -> None:
        with self._changed:
            job.state, job.result, job.error = state, result, error
            job.progress = 1.0
            job.work = _nothing  # it holds the film, and a page holds its jobs
        job.tell()


_own = threading.local()


def apart() -> AbstractContextManager[None]:
    """Have the running job do what cannot be cut into slices beside the others; of no effect where none runs."""
    job: Job | None = getattr(_own, "job", None)
    return nullcontext() if job is None else job.queue.apart(job)


def is_abandoned() -> bool:
    """Whether nobody waits for the running job any more, asked without waiting for its turn."""
    job: Job | None = getattr(_own, "job", None)
    return job is not None and job.queue.is_abandoned(job)


def _nothing(budget: Budget) -> None:
    """What is left to do of a job that has ended."""
