"""The open pages of this server: which there are, whose, and when they are forgotten."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from dashboard.server.page import Page

ABSENCE = 10.0  # seconds after which nothing is computed any more for a page whose browser has gone
GRACE = 120.0  # seconds after which such a page is forgotten: as long as Streamlit keeps a session


class Pages:
    """The open pages of this server by their names, which nobody can guess.

    Parameters
    ----------
    forget : callable
        Called with a visitor's token when the last of its pages is gone.
    absence : float
        Seconds after which nothing is computed any more for a page whose browser has gone.
    grace : float
        Seconds after which such a page is forgotten.
    """

    def __init__(self, forget: Callable[[str], None], absence: float = ABSENCE, grace: float = GRACE) -> None:
        self._forget = forget
        self._absence = min(absence, grace)
        self._grace = grace
        self._pages: dict[str, Page] = {}
        self._leaving: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()

    def begin(self, visitor: str) -> Page:
        """Open a page."""
        page = Page(visitor)
        with self._lock:
            self._pages[page.id] = page
        return page

    def find(self, name: str, visitor: str) -> Page | None:
        """Give a visitor's page; None where there is none, or it is another's."""
        with self._lock:
            page = self._pages.get(name)
        return page if page is not None and secrets.compare_digest(page.visitor, visitor) else None

    def close(self) -> None:
        """Have everybody who listens go, before the server does."""
        with self._lock:
            pages = tuple(self._pages.values())
        for page in pages:
            page.send_away()

    def stay(self, page: Page) -> None:
        """Note that a page is looked at."""
        with self._lock:
            timer = self._leaving.pop(page.id, None)
            self._pages[page.id] = page
        if timer is not None:
            timer.cancel()

    def leave(self, page: Page) -> None:
        """Note that a page's browser has gone; it may come back within the grace, without a word."""
        self._after(self._absence, page, self._rest)

    def _after(self, seconds: float, page: Page, then: Callable[[Page], None]) -> None:
        """Do something about a page later, unless it is looked at by then: a connection breaks, and is mended."""
        timer = threading.Timer(seconds, self._unless_looked_at, [page, then])
        timer.daemon = True
        with self._lock:
            before = self._leaving.pop(page.id, None)
            self._leaving[page.id] = timer
        if before is not None:
            before.cancel()
        timer.start()

    def _unless_looked_at(self, page: Page, then: Callable[[Page], None]) -> None:
        with self._lock:
            if self._leaving.pop(page.id, None) is None:  # it came back in this very moment
                return
        if page.is_looked_at:
            self.leave(page)
        else:
            then(page)

    def _rest(self, page: Page) -> None:
        page.rest()
        self._after(self._grace - self._absence, page, self._gone)

    def _gone(self, page: Page) -> None:
        with self._lock:
            self._pages.pop(page.id, None)
            is_last = all(one.visitor != page.visitor for one in self._pages.values())
        page.close()
        if is_last:
            self._forget(page.visitor)
