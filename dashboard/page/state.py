"""What every page's state is: a frozen dataclass, the one truth of what the page shows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self, TypeVar


@dataclass(frozen=True)
class PageState:
    """Everything that decides what a page shows; each page has its own."""

    def with_(self, **changes: Any) -> Self:
        """The same state with some fields changed."""
        return dataclasses.replace(self, **changes)


AnyState = TypeVar("AnyState", bound=PageState)
Value = TypeVar("Value")


def filled(value: Value | None) -> Value:
    """Give what a link may leave open and the page fills in before anything asks for it."""
    assert value is not None
    return value
