"""What a folder of maps holds, so that a run that was stopped goes on, and one that is asked again makes nothing twice.

While maps are made, what is told of them lies in ``.unfinished`` inside the folder, one file a film, and the list that
was there before with it. A film's maps are kept if they were asked for in just the same way and are there, byte for
byte. Whatever ends the run but a kill, the list is written of the films that are done.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xai.files import replace, sweep, write_file, write_files
from xai.machine import locked
from xai.many.making import Asked, FilmFile, Made, readable_sha256

LIST_FILE = "explanations.json"
WORK_FOLDER = ".unfinished"
LOCK_FILE = "lock"

Record = dict[str, Any]


class Kept:
    """A folder of maps that this program writes into; see `open_kept`.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._work = folder / WORK_FOLDER
        self._known = _records_in([folder / LIST_FILE, self._work / LIST_FILE, *sorted(self._work.glob("*.json"))])
        self._done: dict[str, list[Record]] = {}
        self.has_begun = False  # to write maps

    def find(self, file: FilmFile, asked: Asked) -> list[Record] | None:
        """Give what is told of a film's maps if all that are asked for were made before and are whole, else None."""
        request = file.request(asked)
        records = self._known.get(request, [])
        names = [(one.get("map"), one.get("overlay")) for one in records]
        if not (file.sha256 and file.stems) or names != [(f"{stem}.npy", f"{stem}.png") for stem in file.stems]:
            return None
        if not all(self._is_whole(one) for one in records):
            return None
        self._done[request] = records
        return records

    def keep(self, file: FilmFile, asked: Asked, made: Made) -> None:
        """Write what was made of a film."""
        if not self.has_begun and (self._folder / LIST_FILE).is_file():  # it would tell of maps that are others by now
            replace(self._folder / LIST_FILE, self._work / LIST_FILE)
        self.has_begun = True
        request = file.request(asked)
        # First what is told: of maps that it does not tell of nobody could say what they are.
        write_file(self._work / f"{request}.json", to_json(made.records))
        write_files(self._folder, made.files)
        self._done[request] = made.records

    def done(self, file: FilmFile, asked: Asked) -> list[Record]:
        """Give what is told of a film's maps; nothing where they are not made yet."""
        return self._done.get(file.request(asked), [])

    def all(self, files: Sequence[FilmFile], asked: Asked) -> list[Record]:
        """Give what is told of all maps in the folder: of these films, and of those made before that are whole."""
        records = [{"film_file": str(file.path), **one} for file in files for one in self.done(file, asked)]
        taken = {one["map"] for one in records}
        before = [one for request, found in self._known.items() if request not in self._done for one in found]
        return records + [one for one in before if self._is_whole(one) and one["map"] not in taken]

    def _is_whole(self, record: Record) -> bool:
        if not isinstance(record, dict):
            return False
        digests = [(record.get(kind), record.get(f"{kind}_sha256")) for kind in ("map", "overlay")]
        return all(_is_plain(name) and readable_sha256(self._folder / str(name)) == digest for name, digest in digests)


@contextlib.contextmanager
def open_kept(folder: Path) -> Iterator[Kept]:
    """Open a folder of maps, made where it is missing, and keep other programs from writing maps into it.

    Raises
    ------
    ValueError
        If another one does at this moment.
    """
    work = folder / WORK_FOLDER
    is_new = not folder.exists()
    work.mkdir(parents=True, exist_ok=True)
    taken = ValueError(f"Another program writes maps into {folder} at this moment.")
    kept = None
    try:
        with (work / LOCK_FILE).open("w", encoding="utf-8") as lock, locked(lock, taken):
            sweep(folder, older=0)
            kept = Kept(folder)
            yield kept
    except BaseException:
        if kept is not None and not any(work.glob("*.json")):  # nothing to go on with
            shutil.rmtree(work, ignore_errors=True)
            if is_new:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        raise
    shutil.rmtree(work, ignore_errors=True)


def to_json(content: Any) -> str:
    """Write plain values as all files of this folder have them."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _is_plain(name: Any) -> bool:
    """Whether it names a file of the folder itself."""
    return isinstance(name, str) and bool(name) and Path(name).name == name


def _records_in(lists: Sequence[Path]) -> dict[str, list[Record]]:
    """Read what is told of maps by what was asked for; what is damaged or of an older version tells nothing."""
    known: dict[str, list[Record]] = {}
    for path in lists:
        found = defaultdict(list)
        with contextlib.suppress(OSError, ValueError, RecursionError, AttributeError, TypeError):
            for record in json.loads(path.read_text(encoding="utf-8")):
                found[record.get("request_sha256")].append(record)
        known.update(found)
    return known
