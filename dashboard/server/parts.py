"""What browsers fetch beside a page: films, maps and pictures as bytes, each made when it is first asked for."""

from __future__ import annotations

import functools
import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.server.bounded import Bounded
from dashboard.server.looking import looking_once
from dashboard.server.store import content_key
from dashboard.server.visitors import Visitors

MOST_OFFERED = 100_000  # names, some 500 bytes each
PART_BYTES = 48 * 2**20
QUICKLY = 4  # gzip's level: a tenth larger than at 9, in a third of the time
PACKED = "application/x-lightbox"
PACKAGES = ("dashboard", "xai")


@dataclass(frozen=True)
class Part:
    """Bytes for a browser.

    Attributes
    ----------
    content : bytes
    media : str
        Media type.
    is_zipped : bool
        Whether the content is gzip of what the browser gets.
    is_public : bool
        Whether anybody may see it, and keep it; else it is a visitor's own.
    """

    content: bytes
    media: str
    is_zipped: bool
    is_public: bool


@dataclass(frozen=True)
class _Offer:
    make: Callable[[], bytes | None]
    media: str
    film: str | None


class Parts:
    """Parts by a name that holds everything which decides them, this code included: a name never changes its content.

    Parameters
    ----------
    visitors : Visitors
        Who may see what was made of an upload.
    """

    def __init__(self, visitors: Visitors) -> None:
        self._visitors = visitors
        self._offers: OrderedDict[str, _Offer] = OrderedDict()
        self._made: Bounded[bytes] = Bounded(PART_BYTES, len)
        self._lock = threading.Lock()

    def offer(
        self, about: Sequence[Any], make: Callable[[], bytes | None], *, media: str = PACKED, film: str | None = None
    ) -> str:
        """Offer a part; gives the name to fetch it by.

        Parameters
        ----------
        about : sequence
            Everything that decides the content, as JSON.
        make : callable
            Gives the content, or None where what it is made of was forgotten. It should hold keys, not arrays.
        media : str
            Media type; `PACKED` content is sent compressed.
        film : str, optional
            The upload that it is made of, by its content hash: for those who hold it alone. None for anybody.
        """
        name = content_key("part", code_version(), media, film, *about)[:40]
        with self._lock:
            self._offers[name] = _Offer(make, media, film)
            self._offers.move_to_end(name)
            while len(self._offers) > MOST_OFFERED:
                self._offers.popitem(last=False)
        return name

    def find(self, name: str, visitor: str, *, make: bool = True) -> Part | None:
        """Give a part to a visitor; None where there is none, or not for this visitor, or, unless ``make``, not yet."""
        with self._lock:
            offer = self._offers.get(name)
        if offer is None or (offer.film is not None and not self._visitors.holds(visitor, offer.film)):
            return None
        content = self._made.get(name)
        if content is None and not make:
            return None
        if content is None:
            with looking_once():
                made = offer.make()
            if made is None:
                return None
            content = gzip.compress(made, QUICKLY, mtime=0) if offer.media == PACKED else made
            self._made.put(name, content)
            if name not in self._offers:  # its visitor left while it was made
                self._made.drop(name)
        return Part(content, offer.media, offer.media == PACKED, offer.film is None)

    def forget(self, film: str) -> None:
        """Forget everything that was made of an upload."""
        with self._lock:
            names = [name for name, offer in self._offers.items() if offer.film == film]
            for name in names:
                del self._offers[name]
        for name in names:
            self._made.drop(name)


@functools.cache
def code_version() -> str:
    """Name the code that makes parts by its contents: a browser must not keep what an older version made."""
    home = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((home / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
