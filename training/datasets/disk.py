"""Which files lie under a folder: read once, looked up often."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath

from training.datasets.facts import DatasetError, Remark
from xai.films.formats import SUFFIXES

# What a film's file is called; what it holds is told by its content when it is opened.
IMAGE_SUFFIXES = SUFFIXES


@dataclass(frozen=True)
class Files:
    """The files of a folder.

    Attributes
    ----------
    root : Path
        The folder.
    names : tuple of str
        Every file at any depth, relative to the folder with forward slashes, sorted; hidden ones are not in it.
    links : tuple of str
        Links, which are not followed: what they show may lie outside the folder.
    strange : tuple of str
        Pipes and devices, which may be read for ever, and names that are no text, which no table can hold.
    """

    root: Path
    names: tuple[str, ...]
    links: tuple[str, ...]
    strange: tuple[str, ...] = ()

    @cached_property
    def images(self) -> list[str]:
        """Those whose name is an image's."""
        return [name for name in self.names if name.lower().endswith(IMAGE_SUFFIXES)]

    @cached_property
    def others(self) -> list[str]:
        """Those whose name is not an image's: tables, lists, and what nobody asked for."""
        return [name for name in self.names if not name.lower().endswith(IMAGE_SUFFIXES)]

    def images_by(self, key: Callable[[str], str]) -> dict[str, str]:
        """Images by a key made from their name; of two with the same key the one that sorts first."""
        return {key(name): name for name in reversed(self.images)}

    def find(self, *patterns: str) -> Path | None:
        """Give the file, no image, that fits the first pattern that any fits: the least deep, the last by name."""
        for pattern in patterns:
            fitting = [name for name in self.others if fnmatchcase(name.rsplit("/", 1)[-1], pattern)]
            if fitting:
                depth = min(name.count("/") for name in fitting)
                return self.root / max(name for name in fitting if name.count("/") == depth)
        return None

    def remarks(self) -> tuple[Remark, ...]:
        """Say what was passed over, where there is any."""
        return (
            *remark("links, not followed: they may lead out of the root", self.links, left_out=True),
            *remark("pipes, devices and names that are no UTF-8, left out", self.strange, left_out=True),
        )


def list_files(root: Path, expected: str) -> Files:
    """Walk a folder.

    Parameters
    ----------
    root : Path
        The folder.
    expected : str
        What it should be, for the message where there is none.

    Raises
    ------
    DatasetError
        If there is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise DatasetError(f"There is no folder {root}; expected {expected}.")
    above, names, links, strange, waiting = f"{root}{os.sep}", [], [], [], [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(above + prefix) as entries:  # a Path a folder would take longer than reading it
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                name = prefix + entry.name
                if not _is_text(entry.name):
                    strange.append(os.fsencode(name).decode(errors="backslashreplace"))
                elif entry.is_symlink():
                    links.append(name)
                elif entry.is_dir():
                    waiting.append(name + "/")
                elif entry.is_file():
                    names.append(name)
                else:
                    strange.append(name)
    return Files(root, *(tuple(sorted(found)) for found in (names, links, strange)))


def _is_text(name: str) -> bool:
    """Tell whether a file's name is text; bytes that are none come as halves of characters (PEP 383)."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def remark(what: str, examples: Iterable[object], left_out: bool = False) -> tuple[Remark, ...]:
    """Make a remark about a sequence of examples; none where there is none."""
    found = list(examples)
    return (Remark(what, len(found), str(found[0]), left_out),) if found else ()


def stem(name: str) -> str:
    """Give a file's own name without folder and suffix."""
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def film_names(paths: list[str]) -> list[str]:
    """Name films by their files: by the stem where it is unique, else by the whole path."""
    stems = [stem(path) for path in paths]
    seen: dict[str, int] = {}
    for one in stems:
        seen[one] = seen.get(one, 0) + 1
    return [one if seen[one] == 1 else str(PurePosixPath(path)) for one, path in zip(stems, paths, strict=True)]
