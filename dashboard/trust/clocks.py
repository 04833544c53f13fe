"""When a film was first shown to a visitor who has so many seconds for it: a reload of the page gives no new time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from dashboard.server.library import Library

KEPT = 20_000  # clocks that run at once
FORGOTTEN = 3600.0  # seconds after which a clock that nobody stopped is forgotten


class Clocks:
    """The clocks of all visitors, in the server's memory; a restart of the server forgets them.

    A visitor is a browser: a second tab of it looks at the same clock, another browser or a private window at its own.
    """

    def __init__(self, library: Library, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begun: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def gone(self, visitor: str, name: str) -> float:
        """Give the seconds since a visitor was first asked this; the first call starts the clock."""
        now = self._now()
        with self._lock:
            begun = self._begun.get((visitor, name))
            if begun is None or now - begun > FORGOTTEN:
                begun = self._begun[visitor, name] = now
                self._begun.move_to_end((visitor, name))
            while len(self._begun) > KEPT:
                self._begun.popitem(last=False)
            return now - begun

    def stop(self, visitor: str, name: str) -> None:
        """Forget a clock: what was asked is answered, and asked again it has its whole time."""
        with self._lock:
            self._begun.pop((visitor, name), None)
