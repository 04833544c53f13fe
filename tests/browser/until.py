"""Waiting for a page as Playwright's ``wait_for_function`` does, which the app's Content-Security-Policy forbids."""

from __future__ import annotations

import time
from typing import Any

PAUSE = 50  # milliseconds between two looks


def until(page: Any, expression: str, arg: Any = None, timeout: float = 30_000) -> None:
    """Wait until an expression, or what a function of ``arg`` gives, is true in a page; ``timeout`` in milliseconds.

    Playwright evaluates its own again inside the page, and a page that allows no ``eval`` refuses that.
    """
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(expression, arg):
        if time.monotonic() > end:
            raise TimeoutError(f"{timeout / 1000:g} s have passed, and still not: {expression}")
        page.wait_for_timeout(PAUSE)
