"""How often somebody may ask: buckets that fill with time, a bounded number of them."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_KNOWN = 10_000  # names whose buckets are kept; those that asked longest ago begin anew


class Buckets:
    """A bucket for each name: it holds some allowances, each use takes one, and time fills it again.

    Turner, New directions in communications (or which way to the information age?), IEEE Communications Magazine 1986
    (the leaky bucket).

    Parameters
    ----------
    burst : float
        Uses at once.
    rate : float
        Uses a second in the long run.
    clock : callable
        Gives seconds.
    """

    def __init__(self, burst: float, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.rate = burst, rate
        self._clock = clock
        self._held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # what is left, and when that was
        self._lock = threading.Lock()

    def wait(self, name: Hashable) -> float:
        """Give the seconds until there is something left for a name, 0 where there is; takes nothing."""
        with self._lock:
            lacks = 1 - self._left(name, self._clock())
        if lacks <= 0:
            return 0.0
        return lacks / self.rate if self.rate else math.inf

    def take(self, name: Hashable) -> bool:
        """Use one allowance of a name; False where there is none left."""
        now = self._clock()
        with self._lock:
            left = self._left(name, now)
            is_allowed = left >= 1
            self._held[name] = (left - 1 if is_allowed else left, now)
            self._held.move_to_end(name)
            while len(self._held) > MOST_KNOWN:
                self._held.popitem(last=False)
        return is_allowed

    def _left(self, name: Hashable, now: float) -> float:
        left, then = self._held.get(name, (self.burst, now))
        return min(self.burst, left + (now - then) * self.rate)
