"""What lies on the disk, looked at once for each answer.

A page, and each word that it is told later, asks dozens of times which model and dataset there is and when it was last
written. Every look lets go of the interpreter, and takes it up again behind all other threads: with thirty visitors
that is most of what an answer takes. Within a block each question is asked once, so that an answer is of one moment.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Found = TypeVar("Found")


class _Block(threading.local):
    found: dict[Any, Any] | None = None


_block = _Block()


@contextmanager
def looking_once() -> Iterator[None]:
    """Have this thread ask nothing twice of what is `looked_up`; a block within another one is part of it.

    Whoever changes the library in a block goes on outside of it.
    """
    if _block.found is not None:
        yield
        return
    _block.found = {}
    try:
        yield
    finally:
        _block.found = None


def looked_up(function: Callable[Asked, Found]) -> Callable[Asked, Found]:
    """Keep what a function of the disk finds, for the length of a block; errors are not kept.

    What it takes must be hashable, and nobody may change what it gives.
    """

    @functools.wraps(function)
    def look(*asked: Asked.args, **more: Asked.kwargs) -> Found:
        found = _block.found
        if found is None:
            return function(*asked, **more)
        key = (function, asked, *sorted(more.items()))
        if key not in found:
            found[key] = function(*asked, **more)
        answer: Found = found[key]
        return answer

    return look
