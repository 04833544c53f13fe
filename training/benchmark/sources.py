"""Where the files of a benchmark are read from: a folder, or memory, where they came through a browser."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from training.benchmark.maps import CLAIM_FILE

LEAGUE_FILE, BESIDE_FILE, SCORES_FILE = "league.csv", "beside.csv", "scores.csv"
PEAKS_FILE = "peaks.csv"
TWINS_FILE, PROMISES_FILE = "twins.csv", "promises.csv"
MOST_BYTES = {
    **dict.fromkeys((LEAGUE_FILE, BESIDE_FILE, PROMISES_FILE), 4 << 20),
    **dict.fromkeys((SCORES_FILE, PEAKS_FILE, TWINS_FILE), 64 << 20),
    CLAIM_FILE: 1 << 20,
}
NEEDED = (CLAIM_FILE, LEAGUE_FILE, BESIDE_FILE)
MOST_BROUGHT = 24 << 20  # bytes of one benchmark that comes through the browser, unpacked
MOST_MEMBERS = 1000  # of a .zip: a folder of maps may lie beside the tables
MOST_COLUMNS = 200  # of a table


class ResultsError(ValueError):
    """Results that cannot be used; the message is one sentence that says what was expected and what came."""


@dataclass(frozen=True, eq=False)
class Brought:
    """A benchmark in memory.

    Attributes
    ----------
    name : str
        What stands for a folder's name.
    files : mapping of str to bytes
        By name, each one of `MOST_BYTES`.
    """

    name: str
    files: Mapping[str, bytes]


Source = Path | Brought


def has(source: Source, name: str) -> bool:
    """Whether a benchmark has a file."""
    return name in source.files if isinstance(source, Brought) else (source / name).is_file()


def stamp(source: Source, name: str) -> float:
    """Give when a file was written, 0 where it is not there or in memory."""
    path = None if isinstance(source, Brought) else source / name
    return path.stat().st_mtime if path is not None and path.exists() else 0.0


def text_of(source: Source, name: str) -> str:
    """Read a file of a benchmark, UTF-8; raises ResultsError where it is missing, too large or something else."""
    where = f"{source.name}/{name}"
    try:
        if not has(source, name):
            raise ResultsError(f"{where} is missing: expected what python -m xai benchmark writes.")
        size = len(source.files[name]) if isinstance(source, Brought) else (source / name).stat().st_size
        if size > MOST_BYTES[name]:
            raise ResultsError(f"{where} is larger than {MOST_BYTES[name] >> 20} MB, which no benchmark writes.")
        content = source.files[name] if isinstance(source, Brought) else (source / name).read_bytes()
        return content.decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        raise ResultsError(f"{where} cannot be read: expected text that python -m xai benchmark writes.") from None


def check_lines(text: str, where: str) -> None:
    """Refuse a table that would take long to read and that no benchmark writes; raises ResultsError."""
    for line in text.split("\n"):
        if line.count(",") >= MOST_COLUMNS:
            raise ResultsError(f"{where} has a line of more than {MOST_COLUMNS} columns, which no benchmark writes.")
        if line.count('"') % 2:
            raise ResultsError(f"{where} has a text of more than one line, which no benchmark writes.")


def brought(files: Sequence[tuple[str, bytes]]) -> Brought:
    """Take a benchmark as somebody brings it: its tables and its claim, or all of them in one .zip.

    Parameters
    ----------
    files : sequence of (str, bytes)
        Names and contents. Of a .zip what lies beside the tables, such as maps, is not unpacked.

    Raises
    ------
    ResultsError
        If something is missing, comes twice, is larger than a benchmark writes, or is something else.
    """
    packed = [(name, content) for name, content in files if content.startswith(b"PK")]
    if packed and len(files) > 1:
        raise ResultsError("Bring one .zip, or the files themselves: these are both, or several.")
    found = _unpacked(*packed[0]) if packed else _by_name(files)
    if missing := [name for name in NEEDED if name not in found]:
        raise ResultsError(f"{', '.join(missing)} did not come: expected {', '.join(NEEDED)} of one benchmark.")
    stem = PurePosixPath(files[0][0]).stem if packed else ""
    return Brought(re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:60] or "brought", MappingProxyType(found))


def _by_name(files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, content in files:
        if name not in MOST_BYTES:
            raise ResultsError(
                f"“{name[:60]}” is no file of a benchmark: expected {', '.join(MOST_BYTES)}, or one .zip."
            )
        if name in found:
            raise ResultsError(f"{name} came twice: bring the files of one benchmark.")
        found[name] = content
    _check_size(sum(map(len, found.values())))
    return found


def _unpacked(title: str, content: bytes) -> dict[str, bytes]:
    """Take the files of a benchmark out of a .zip, from whichever one folder they lie in."""
    where = f"“{title[:60]}”"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
            if len(members) > MOST_MEMBERS:
                raise ResultsError(f"{where} holds more than {MOST_MEMBERS:,} files: pack the tables alone.")
            wanted = [one for one in members if PurePosixPath(one.filename).name in MOST_BYTES]
            if len({PurePosixPath(one.filename).name for one in wanted}) < len(wanted):
                raise ResultsError(f"{where} holds a file twice: pack the folder of one benchmark.")
            _check_size(sum(one.file_size for one in wanted))  # zipfile reads no more of one than it says
            return {PurePosixPath(one.filename).name: packed.read(one) for one in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(f"{where} cannot be unpacked: expected a .zip without a password.") from None


def _check_size(size: int) -> None:
    if size > MOST_BROUGHT:
        raise ResultsError(
            f"These files hold {size / 2**20:,.0f} MB; at most {MOST_BROUGHT >> 20} MB are taken through the browser. "
            "Put the folder into the library's leagues folder instead."
        )
