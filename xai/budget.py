"""How long work is watched and stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


class Cancelled(Exception):
    """Raised inside long work when its budget says that nobody waits for the result."""


@dataclass(frozen=True)
class Budget:
    """How much work something long may cost, and who watches it.

    Attributes
    ----------
    evaluations : int or None
        Films that may be sent through the model; None takes the method's own default.
    progress : callable
        Called after every batch with the share of the work done, 0 to 1.
    cancelled : callable
        Asked before every batch; True ends the work with `Cancelled`. It may answer only once it is the work's turn.
    refined : callable, optional
        Called with a list of Explanations while a map of many films is made: those that the method gives with the films
        that were evaluated so far, first after 64, then at growing steps (`xai.explainers.known.looks`).
    """

    evaluations: int | None = None
    progress: Callable[[float], None] = lambda share: None
    cancelled: Callable[[], bool] = lambda: False
    refined: Callable[[list[Any]], None] | None = None

    def part(self, number: int, count: int) -> Budget:
        """Give the budget of one of several equal parts of the work, which come one after the other."""
        return replace(self, progress=lambda share: self.progress((number + share) / count))
