"""Which files are meant by a command line: those that are named, and every film in the folders that are named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xai.films.film import FilmError
from xai.films.formats import kind_of

HEAD = 1024  # bytes that tell a format
MARK = "Lightbox: maps over a film, no film"  # in the head of every overlay, so that none is taken for a film
DICOM_DIRECTORY = b"1.2.840.10008.1.3.10"  # lists the DICOM files of a folder


@dataclass(frozen=True)
class Found:
    """Films, by names of which no two are the same, and how much else lies in their folders.

    Attributes
    ----------
    films : dict of str to Path
    others : int
        Files that are no films.
    links : int
        Links to folders, which are not followed: they may lead in a circle, or to everywhere.
    closed : int
        Folders that cannot be opened.
    """

    films: dict[str, Path]
    others: int = 0
    links: int = 0
    closed: int = 0

    @property
    def words(self) -> str:
        """Say what was passed by; empty where nothing was."""
        counts = {
            ("file that is no film", "files that are no films"): self.others,
            ("link to a folder", "links to folders"): self.links,
            ("folder that cannot be opened", "folders that cannot be opened"): self.closed,
        }
        said = [f"{count:,} {one if count == 1 else many}" for (one, many), count in counts.items() if count]
        return f"Passed by: {', '.join(said)}." if said else ""


def find_films(paths: Sequence[Path]) -> Found:
    """Find the films that are named, and those in the folders that are named, and below them.

    Parameters
    ----------
    paths : sequence of Path
        A file that is named is taken as it is; whether it can be read is for the reader to say. In a folder a file
        counts as a film if its first bytes say so, or if it cannot be opened, so that nobody knows. Hidden folders, and
        what `explain` drew, are left out.

    Returns
    -------
    Found
        A film is called by its file's name without ending; of two that are called the same the later gets a number.

    Raises
    ------
    FilmError
        If there is no film in a folder that is named.
    """
    films: dict[str, Path] = {}
    others = links = 0
    closed: list[OSError] = []
    known = {path.absolute() for path in paths}
    for path in paths:
        if not path.is_dir():
            films[_free(path.stem, films)] = path
            continue
        seen = 0
        for one in _below(path, closed):
            is_film = not one.is_dir() and _may_be_film(one)
            links += one.is_dir()
            others += not one.is_dir() and not is_film
            seen += is_film
            if is_film and one.absolute() not in known:
                known.add(one.absolute())
                films[_free(one.stem, films)] = one
        if not seen:
            raise FilmError(f"The folder {path} holds no film.")
    return Found(films, others, links, len(closed))


def _below(folder: Path, closed: list[OSError]) -> Iterator[Path]:
    """Give all files below a folder, and the links to folders, in the same order on every system."""
    for place, folders, files in os.walk(folder, onerror=closed.append):
        here = Path(place)
        linked = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in set(folders).difference(linked) if not name.startswith("."))
        yield from (here / name for name in sorted([*files, *linked]))


def _may_be_film(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe could wait for ever
            return False
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        kind_of(head)
    except FilmError:
        return False
    except OSError:
        return True
    return MARK.encode() not in head and DICOM_DIRECTORY not in head


def _free(name: str, taken: dict[str, Path]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
