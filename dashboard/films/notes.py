"""Tags, notes and named views: in one SQLite file of the library, for several visitors and through restarts."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboard.server.roles import Action, require

FILE = "notes.sqlite"
LONGEST_TAG, LONGEST_NOTE, LONGEST_VIEW = 40, 2000, 80
MOST_AT_ONCE = 5000  # films tagged in one go
MOST_VIEWS = 500
MOST_TAGS = 20  # of one film
PATIENCE = 10.0  # seconds that a writer waits for another program's lock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tags (dataset TEXT, film TEXT, tag TEXT, PRIMARY KEY (dataset, film, tag)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS films_by_tag ON tags (dataset, tag);
CREATE TABLE IF NOT EXISTS notes (dataset TEXT, film TEXT, note TEXT, PRIMARY KEY (dataset, film)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS views (name TEXT PRIMARY KEY, link TEXT) WITHOUT ROWID;
"""


class NotesError(ValueError):
    """Something that cannot be written down; the message is one sentence for the visitor."""


@dataclass(frozen=True)
class Remark:
    """What visitors wrote about a film."""

    tags: tuple[str, ...] = ()
    note: str = ""


class Notebook:
    """Tags, notes and named views.

    Parameters
    ----------
    path : Path or None
        Of the SQLite file, made when something is first written; None keeps everything in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._writes = 0

    @property
    def is_kept(self) -> bool:
        """Whether it is the library's, so that others read it; else it is one visitor's own and ends with the visit."""
        return self._path is not None

    def version(self) -> tuple[int, int]:
        """Give something that changes with every write, here or by another program."""
        found = self._read("PRAGMA data_version", ())
        return self._writes, found[0][0] if found else 0

    def tags(self, dataset: str) -> dict[str, int]:
        """Tags in use in a dataset, with the number of films that carry each."""
        sql = "SELECT tag, COUNT(*) FROM tags WHERE dataset = ? GROUP BY tag ORDER BY tag"
        return dict(self._read(sql, (dataset,)))

    def tagged(self, dataset: str, tag: str) -> list[str]:
        """Films that carry a tag."""
        return [film for (film,) in self._read("SELECT film FROM tags WHERE dataset = ? AND tag = ?", (dataset, tag))]

    def remarks(self, dataset: str, films: Iterable[str]) -> dict[str, Remark]:
        """What was written about these films; those without a word are not in it."""
        films = list(films)
        found: dict[str, Remark] = {}
        for start in range(0, len(films), 500):  # SQLite takes so many parameters
            part = films[start : start + 500]
            places = ",".join("?" * len(part))
            where = f"WHERE dataset = ? AND film IN ({places})"
            for film, tag in self._read(f"SELECT film, tag FROM tags {where} ORDER BY tag", (dataset, *part)):
                found[film] = Remark((*found.get(film, Remark()).tags, tag))
            for film, note in self._read(f"SELECT film, note FROM notes {where}", (dataset, *part)):
                found[film] = Remark(found.get(film, Remark()).tags, note)
        return found

    def add_tag(self, dataset: str, films: Iterable[str], tag: str) -> None:
        """Tag some films; raises `NotesError` for a tag that is none, or for too many films at once."""
        self._allow(Action.WRITE_NOTES)
        tag, films = checked_tag(tag), list(films)
        if len(films) > MOST_AT_ONCE:
            raise NotesError(f"At most {MOST_AT_ONCE:,} films are tagged at once, not {len(films):,}.")
        self._write("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", [(dataset, film, tag) for film in films])

    def remove_tag(self, dataset: str, films: Iterable[str], tag: str) -> None:
        """Take a tag off some films."""
        self._allow(Action.WRITE_NOTES)
        sql = "DELETE FROM tags WHERE dataset = ? AND film = ? AND tag = ?"
        self._write(sql, [(dataset, film, tag) for film in films])

    def set_note(self, dataset: str, films: Iterable[str], note: str) -> None:
        """Replace the note of some films; an empty one removes it."""
        self._allow(Action.WRITE_NOTES)
        note, films = note.strip(), list(films)
        if len(note) > LONGEST_NOTE:
            raise NotesError(f"A note has at most {LONGEST_NOTE:,} characters, not {len(note):,}.")
        if len(films) > MOST_AT_ONCE:
            raise NotesError(f"At most {MOST_AT_ONCE:,} films get a note at once, not {len(films):,}.")
        if note:
            self._write("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", [(dataset, film, note) for film in films])
        else:
            self._write("DELETE FROM notes WHERE dataset = ? AND film = ?", [(dataset, film) for film in films])

    def views(self) -> dict[str, dict[str, str]]:
        """Named views: the parameters of each one's link."""
        return {name: json.loads(link) for name, link in self._read("SELECT name, link FROM views ORDER BY name", ())}

    def save_view(self, name: str, link: Mapping[str, str]) -> None:
        """Keep a view under a name; raises `NotesError` for a name that is none or already taken."""
        self._allow(Action.KEEP_VIEWS)
        name = _checked(name, "name of a view", LONGEST_VIEW)
        views = self.views()
        if name in views:
            raise NotesError(f"There is already a view “{name}”; choose another name or remove that one first.")
        if len(views) >= MOST_VIEWS:
            raise NotesError(f"This library keeps at most {MOST_VIEWS} views; remove one first.")
        self._write("INSERT INTO views VALUES (?, ?)", [(name, json.dumps(dict(link)))])

    def remove_view(self, name: str) -> None:
        """Forget a named view."""
        self._allow(Action.KEEP_VIEWS)
        self._write("DELETE FROM views WHERE name = ?", [(name,)])

    def _allow(self, action: Action) -> None:
        if self.is_kept:
            require(action)

    def _open(self, write: bool) -> sqlite3.Connection | None:
        """Open the file once; a reader does not make one that is not there."""
        if self._connection is None:
            if self._path is None:
                self._connection = sqlite3.connect(":memory:", check_same_thread=False)
            elif write or self._path.exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = sqlite3.connect(self._path, timeout=PATIENCE, check_same_thread=False)
                self._connection.execute("PRAGMA journal_mode=WAL")
            if self._connection is not None:
                self._connection.executescript(_SCHEMA)
        return self._connection

    def _read(self, sql: str, parameters: tuple) -> list[tuple]:
        with self._lock:
            try:
                connection = self._open(write=False)
                return connection.execute(sql, parameters).fetchall() if connection else []
            except (sqlite3.Error, OSError) as error:
                raise NotesError(f"Tags and notes cannot be read ({error}).") from error

    def _write(self, sql: str, rows: list[tuple]) -> None:
        with self._lock:
            try:
                connection = self._open(write=True)
                assert connection is not None  # a writer makes the file
                with connection:  # all of it or nothing
                    connection.executemany(sql, rows)
            except (sqlite3.Error, OSError) as error:
                raise NotesError(f"This could not be written down ({error}).") from error
            self._writes += 1


def checked_tag(tag: str) -> str:
    """Give a tag without spaces around it; raises `NotesError` for one that a link could not hold."""
    tag = _checked(tag, "tag", LONGEST_TAG)
    if "," in tag:
        raise NotesError("A tag has no comma; give two tags one after the other.")
    return tag


def _checked(text: str, what: str, longest: int) -> str:
    text = " ".join(text.split())
    if not 0 < len(text) <= longest or not text.isprintable():
        raise NotesError(f"A {what} has 1 to {longest} printable characters.")
    return text
