"""One thing that a page waits for: how to ask for it, what came of that, and how it stands for the browser."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from dashboard.page.told import sentence_of
from dashboard.server.jobs import UNEXPECTED, Job

State = Literal["waiting", "running", "ready", "failed", "cancelled"]
MOST_ASKED = 3  # times that one thing is made for one view
GONE = "The model or the film that it is made of is no longer there."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Want:
    """One thing that a page waits for.

    Attributes
    ----------
    key : str
        Names the very thing, in this view and no other: what a visitor stopped stays stopped under it.
    name, title : str
        What scripts call it, and what people read.
    ask : callable
        Gives the job that makes it; None where nothing has to be made any more.
    find : callable
        Gives the name of the part that shows it, see `parts`, or None as long as it is not there. Leave it out where
        the job itself is all that is waited for.
    preview : callable
        Gives the name of a part with a first look at it, if there is one.
    goes_on : bool
        Whether the job goes on when the visitor turns to another page.
    step : callable
        Says in words what the job is doing just now.
    stop : callable, optional
        Called when the visitor stops it: ends the job where it does not belong to this page, or keeps for this page
        what there is.
    """

    key: str
    name: str
    title: str
    ask: Callable[[], Job | None]
    find: Callable[[], str | None] | None = None
    preview: Callable[[], str | None] = lambda: None
    goes_on: bool = False
    step: Callable[[], str] = str
    stop: Callable[[], None] | None = None


@dataclass(frozen=True)
class Item:
    """How one of them stands.

    Attributes
    ----------
    name, title : str
    state : {"waiting", "running", "ready", "failed", "cancelled"}
    progress : float
        From 0 to 1.
    ahead : int
        Jobs before it in the queue, while it waits.
    message : str
        Why it failed; what it is doing just now, while it is running.
    part : str or None
        What to fetch, once it is ready; before that a first look, if there is one.
    """

    name: str
    title: str
    state: State
    progress: float = 0.0
    ahead: int = 0
    message: str = ""
    part: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it by itself."""
        return self.state in ("ready", "failed", "cancelled")


@dataclass(eq=False)
class Awaited:
    """One thing as a page waits for it: what was asked, and what came."""

    want: Want
    job: Job | None = None
    part: str | None = None
    is_stopped: bool = False
    is_over: bool = False
    asked: int = 0
    error: str | None = None

    def look(self, tell: Callable[[], None], *, asks: bool = True) -> None:
        """Take what is there; ask for what is not, unless the visitor stopped it or nobody is there to ask.

        Where neither can be done, as when a model was deleted meanwhile, it has failed, and says so.
        """
        if self.error is not None:
            return
        try:
            self._look(tell, asks)
        except (ValueError, OSError) as error:  # the project's own errors say what to do
            self.error = sentence_of(error)
        except LookupError:
            self.error = GONE
        except Exception:
            log.exception("What a page waits for could not be looked up")
            self.error = UNEXPECTED

    def _look(self, tell: Callable[[], None], asks: bool) -> None:
        if self.part is None and self.want.find is not None:
            self.part = self.want.find()
        if self.part is not None or self.is_stopped or self.is_over or not asks or self._is_under_way():
            return
        self.job = self.want.ask()
        self.is_over = self.job is None and self.want.find is None
        self.asked += 1
        if self.job is not None:
            self.job.watch(tell)
        if self.want.find is not None and (self.job is None or self.job.state == "done"):
            self.part = self.want.find()  # it may have ended before it was watched

    @property
    def may_be_there(self) -> bool:
        """Whether its job has ended, so that a look may find what was not there before."""
        return self.job is not None and self.part is None and self.error is None and not self.is_under_way

    @property
    def is_under_way(self) -> bool:
        """Whether its job is at work, or is going to be."""
        return self.job is not None and self.job.state in ("waiting", "running") and self.job.is_known

    def _is_under_way(self) -> bool:
        job = self.job
        if job is None:
            return False
        if job.state == "done":  # and cannot be found: it is made again, as it may have been put away to save memory
            return self.want.find is None or self.asked >= MOST_ASKED
        return job.state == "failed" or job.is_known

    def item(self) -> Item:
        """Say how it stands."""
        if self.part is not None:
            return Item(self.want.name, self.want.title, "ready", 1.0, part=self.part)
        if self.error is not None:
            return Item(self.want.name, self.want.title, "failed", message=self.error)
        return replace(self._unready(), part=self.preview())

    def stop(self) -> None:
        """Wait for it no longer, and say so to whoever makes it."""
        self.is_stopped = True
        if self.want.stop is not None:
            self.want.stop()

    def preview(self) -> str | None:
        """Name the part with what is there of it before it is ready."""
        try:
            return self.want.preview()
        except Exception:  # it will be told as failed at the next look
            log.exception("A first look could not be looked up")
            return None

    def _unready(self) -> Item:
        name, title, job = self.want.name, self.want.title, self.job
        if self.is_stopped:
            return Item(name, title, "cancelled")
        if self.is_over:
            return Item(name, title, "ready", 1.0)
        if job is None:
            return Item(name, title, "waiting")
        if job.state == "failed":
            return Item(name, title, "failed", message=job.error or "")
        if job.state == "done" and self.want.find is not None and self.asked >= MOST_ASKED:
            return Item(name, title, "failed", message="It was made, but this server has no room to keep it.")
        if job.state == "done":
            return Item(name, title, "ready" if self.want.find is None else "running", 1.0)
        if job.state == "running":
            return Item(name, title, "running", job.progress, message=self.want.step())
        return Item(name, title, "waiting", ahead=job.queue.ahead(job))
