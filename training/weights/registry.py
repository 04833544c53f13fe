"""What can be fetched: address, size and hash where they are known, licence and citation."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

REGISTRY = Path(__file__).with_name("registry.json")


class FetchError(ValueError):
    """A download that cannot be made or trusted; the message is one sentence."""


@dataclass(frozen=True)
class RemoteFile:
    """One file to download.

    Attributes
    ----------
    url : str
        Where its authors publish it.
    name : str
        What it is called here, and on a mirror.
    bytes : int or None
        Its size; None where it is not known.
    sha256 : str or None
        Of its content; None where its authors give none and nobody has checked one in.
    at_most : int
        A download stops at this many bytes.
    """

    url: str
    name: str
    bytes: int | None
    sha256: str | None
    at_most: int


@dataclass(frozen=True)
class Entry:
    """Published weights or data.

    Attributes
    ----------
    name : str
    kind : {"weights", "data"}
    title, page, licence, citation, note : str
        For people; ``page`` is where its authors describe it.
    files : tuple of RemoteFile
        Empty where it can only be downloaded by hand from ``page``.
    """

    name: str
    kind: str
    title: str
    page: str
    licence: str
    citation: str
    note: str
    files: tuple[RemoteFile, ...]


@functools.cache
def registry() -> dict[str, Entry]:
    """Every entry by its name."""
    content = json.loads(REGISTRY.read_text(encoding="utf-8"))
    return {
        name: Entry(name, **entry | {"files": tuple(RemoteFile(**file) for file in entry["files"])})
        for name, entry in content.items()
    }


def find_entry(name: str) -> Entry:
    """Give an entry.

    Raises
    ------
    FetchError
        If there is none of that name; the message lists those there are.
    """
    if name not in registry():
        raise FetchError(f"There is nothing to fetch under “{name}”; there are {', '.join(registry())}.")
    return registry()[name]
