"""Numbers as people read them: a number and its unit stand on one line, whatever the room."""

from __future__ import annotations

import re

NO_BREAK = "\N{NO-BREAK SPACE}"


def with_unit(number: str, unit: str) -> str:
    """Put a unit behind a number, with a space between them at which no line breaks."""
    return f"{number}{NO_BREAK}{unit}"


def counted(count: int, one: str, several: str = "") -> str:
    """Write a number of things: ``1 finding``, ``1,007 films``; ``several`` where an s is not enough."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def unbroken(text: str) -> str:
    """Give what somebody else wrote, such as a card, with each number beside its percent sign."""
    return re.sub(r"(?<=\d) (?=%)", NO_BREAK, text)


def percent(share: float) -> str:
    """Write a probability so that small ones do not read as zero, and large ones not as certain."""
    if 0 < share < 0.001:
        return f"<{NO_BREAK}{with_unit('0.1', '%')}"
    if 0.999 < share < 1:
        return f">{NO_BREAK}{with_unit('99.9', '%')}"
    return with_unit(f"{100 * share:.{1 if share < 0.1 or 0.99 < share < 1 else 0}f}", "%")
