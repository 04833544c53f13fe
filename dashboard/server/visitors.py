"""Who a visitor is, and whose upload is whose: a random token in a cookie, and the films that it brought."""

from __future__ import annotations

import re
import secrets
import threading
from collections import defaultdict
from typing import TypeGuard

COOKIE = "lightbox_visitor"
_TOKEN = re.compile("[0-9a-f]{32}")


def new_token() -> str:
    """Make up a name for a visitor that nobody can guess: 128 random bits."""
    return secrets.token_hex(16)


def is_token(text: object) -> TypeGuard[str]:
    """Whether something is a text of the form of a token."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


class Visitors:
    """Which visitor brought which films; what was made of a film is shown to those alone."""

    def __init__(self) -> None:
        self._films: defaultdict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()

    def bring(self, visitor: str, film: str) -> None:
        """Note that a visitor holds a film, named by its content hash."""
        with self._lock:
            self._films[visitor].add(film)

    def holds(self, visitor: str, film: str) -> bool:
        """Whether a visitor brought a film, and is still here."""
        with self._lock:
            return film in self._films.get(visitor, ())

    def forget(self, visitor: str) -> set[str]:
        """Forget a visitor; gives the films that nobody holds any more."""
        with self._lock:
            brought = self._films.pop(visitor, set())
            return brought - set().union(*self._films.values())
