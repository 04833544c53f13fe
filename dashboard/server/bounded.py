"""A dictionary of bounded size that all visitors share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Bounded(Generic[Value]):
    """Keeps values by name, and forgets those used longest ago once they outgrow a number of bytes.

    Parameters
    ----------
    limit : int
        Bytes that may be held; one value larger than that is still kept, alone.
    size : callable
        Bytes of a value.
    """

    def __init__(self, limit: int, size: Callable[[Value], int]) -> None:
        self._limit = limit
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, name: str) -> Value | None:
        """Give a value, None if it was never kept or is forgotten."""
        with self._lock:
            if name in self._values:
                self._values.move_to_end(name)
            return self._values.get(name)

    def put(self, name: str, value: Value) -> None:
        """Keep a value."""
        with self._lock:
            self._forget(name)
            self._values[name] = value
            self._held += self._size(value)
            while self._held > self._limit and len(self._values) > 1:
                self._forget(next(iter(self._values)))

    def drop(self, name: str) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._forget(name)

    def _forget(self, name: str) -> None:
        if name in self._values:
            self._held -= self._size(self._values.pop(name))
