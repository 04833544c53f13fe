"""A table of text as people have it: packed or not, in any encoding, with any separator; bounded while it is read."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import warnings
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

MAX_BYTES = 2**28  # of the unpacked text; 14 probabilities of all 377,110 films of MIMIC-CXR-JPG are half of it
MAX_CELLS = 30_000_000
MAX_LINES = 5_000_000
MAX_COLUMNS = 100_000  # which a heading can hardly hold; pandas takes minutes for a row of a million
MAX_HEADING = 200_000  # characters
SEPARATORS = ",;\t|"
TEXT_LOOKED_AT = 2**16  # bytes that tell a table from a picture, and UTF-16 without its mark
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = re.compile(rb"[\0-\x08\x0e-\x1f]")
_WEB_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_SEPARATOR_LINE = re.compile(rb"sep=(.)\r?\n")  # how Excel is told
_QUOTED = re.compile(r'"[^"]*"')
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_GAPS = re.compile(r"(?<=\d)[\s'\u2019](?=\d{3})")
_DECIMAL_COMMA = re.compile(rf"[+-]?(?:\d{{1,3}}(?:\.\d{{3}})+|\d*),\d+{_EXPONENT}")
_DECIMAL_DOT = re.compile(rf"[+-]?(?:\d{{1,3}}(?:,\d{{3}})+|\d*)(?:\.\d*)?{_EXPONENT}")
_UNREADABLE = (ValueError, OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
# How tables say that there is no number, in lower case.
NO_NUMBER = ("", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "nil", "missing", "-", "--", "?", ".")


class TableError(ValueError):
    """A file that is no table; the message is what follows "it cannot be read"."""


def read_text_table(file: Path, **options: Any) -> pd.DataFrame:
    """Read a table of text, each cell as the text that it holds.

    Parameters
    ----------
    file : Path
        Plain, or packed as gzip, bzip2, xz or a zip of one file. UTF-8, UTF-16 or UTF-32, else Windows-1252.
        Between commas, semicolons, tabs or bars, whichever makes most columns of the heading.
    options
        Of `pandas.read_csv`.

    Returns
    -------
    DataFrame
        Rows counted from 0 below the heading, blank lines among them, as a spreadsheet counts. A column without a name
        is called by its place, and left out where it is empty.

    Raises
    ------
    TableError
        If it cannot be unpacked or is no text, is larger than is sensible, has two columns of one name, or a row has
        more cells than the heading.
    """
    try:
        data = _as_utf8(_unpacked(file))
        data, separator = _without_separator_line(data)
        if b"\n" not in data:
            data = data.replace(b"\r", b"\n")  # lines as Macintoshes once ended them
        if not data.strip():
            raise TableError("it is empty")
        if _WEB_PAGE.match(data):
            raise TableError("it is a web page, not a table: save the table itself")
        heading = _heading_text(data)
        separator = separator or _separator(heading)
        if twice := _twice(heading, separator):
            raise TableError(f"it has two columns named {twice}")
        _check_size(data, separator.encode())
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells too many, which would be dropped
            # A separator at the end of each line but the heading must not make the first column an index.
            table = pd.read_csv(
                io.BytesIO(data), sep=separator, dtype=str, skip_blank_lines=False, index_col=False, **options
            )
    except pd.errors.ParserWarning as error:
        raise TableError("it has rows with more cells than its heading has columns") from error
    except _UNREADABLE as error:
        raise TableError(_reason(error)) from error
    return _with_names(table)


def unpacked_text(file: Path) -> str:
    """Read a text that is no table, packed or not, in any of the same encodings; raises `TableError`."""
    try:
        return _as_utf8(_unpacked(file)).decode(errors="replace")
    except _UNREADABLE as error:
        raise TableError(_reason(error)) from error


def column_key(name: str) -> str:
    """Spell the name of a column without case, blanks, underscores, dashes and dots."""
    return re.sub(r"[\s_\-.]+", "", str(name)).casefold()


def as_numbers(cells: pd.Series) -> pd.Series:
    """Read numbers as people write them: ``0.25``, ``0,25``, ``9,7e-05``, ``1.234,5``, ``25 %``, ``−1``.

    A comma is a decimal one, unless a dot follows it.

    Returns
    -------
    float64 Series
        NaN for anything else; `is_blank` tells cells that hold no number from those that hold nonsense.
    """
    numbers = pd.to_numeric(cells, errors="coerce").astype(np.float64)
    odd = numbers.isna() & cells.notna()
    numbers[odd] = cells[odd].map(_number).astype(np.float64)
    return numbers


def is_blank(cells: pd.Series) -> pd.Series:
    """Tell which cells hold no number because there is none: empty, or one of `NO_NUMBER`."""
    return cells.isna() | cells.astype("str").str.strip().str.lower().isin(NO_NUMBER)


def _number(text: str) -> float:
    plain = _GAPS.sub("", str(text).strip().replace("\u2212", "-"))
    number = plain.removesuffix("%").rstrip()
    if _DECIMAL_COMMA.fullmatch(number):
        number = number.replace(".", "").replace(",", ".")
    elif not _DECIMAL_DOT.fullmatch(number):
        return np.nan
    try:
        return float(number.replace(",", "")) / (100 if plain.endswith("%") else 1)
    except ValueError:  # a sign alone
        return np.nan


def _unpacked(file: Path) -> bytes:
    """Unpack a file, and stop where it is larger than is sensible."""
    data, lines = bytearray(), 0
    with file.open("rb") as stream, _opened(stream) as text:
        while part := text.read(2**20):
            data += part
            lines += max(part.count(b"\n"), part.count(b"\r"))
            if len(data) > MAX_BYTES:
                raise TableError(f"it holds more than {MAX_BYTES // 2**20:,} MiB of text")
            if lines > MAX_LINES:
                raise TableError(f"it has more than {MAX_LINES:,} lines")
    return bytes(data)


def _opened(stream: IO[bytes]) -> IO[bytes] | io.BufferedIOBase:
    """Give the text of a file that may be packed, whatever it is called."""
    start = stream.read(6)
    stream.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(stream, "rb")
    if start.startswith(b"BZh"):
        return bz2.open(stream, "rb")
    if start == b"\xfd7zXZ\0":
        return lzma.open(stream, "rb")
    if start.startswith(b"PK"):
        archive = zipfile.ZipFile(stream)
        names = [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX")]
        if "[Content_Types].xml" in names:
            raise TableError("it is a workbook, not text: save the sheet as CSV")
        if len(names) != 1:
            raise TableError(f"it is a zip of {len(names)} files; expected one table")
        return archive.open(names[0])
    return stream


def _as_utf8(data: bytes) -> bytes:
    """Bring a text into UTF-8, without a mark at its start."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            data = data[len(mark) :]
            return data if encoding == "utf-8" else data.decode(encoding).encode()
    start = data[:TEXT_LOOKED_AT]
    if encoding := _unmarked_utf16(start):
        return data.decode(encoding).encode()
    if _NO_TEXT.search(start.rstrip(b"\x1a")):
        raise TableError("it holds no text")
    return data if _is_utf8(data) else data.decode("cp1252", errors="replace").encode()


def _unmarked_utf16(start: bytes) -> str:
    """Name UTF-16 by where its null bytes are: in most texts every other one; empty for anything else."""
    shares = [start[place::2].count(0) / max(1, len(start) // 2) for place in (0, 1)]
    if max(shares) < 0.8 or min(shares) > 0.2:
        return ""
    return "utf-16-be" if shares[0] > shares[1] else "utf-16-le"


def _is_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), 2**20):
            decoder.decode(data[start : start + 2**20])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _without_separator_line(data: bytes) -> tuple[bytes, str]:
    found = _SEPARATOR_LINE.match(data)
    return (data[found.end() :], found[1].decode("latin-1")) if found else (data, "")


def _heading_text(data: bytes) -> str:
    """Give the heading, and refuse one that no table has before it takes all memory."""
    text = data[: 4 * MAX_HEADING].decode(errors="ignore")[: MAX_HEADING + 1]
    end = quotes = 0
    for line in io.StringIO(text, newline=""):
        end, quotes = end + len(line), quotes + line.count('"')
        if quotes % 2 == 0:
            break
    if end > MAX_HEADING:
        raise TableError(f"its heading has more than {MAX_HEADING:,} characters")
    return text[:end]


def _names(heading: str, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(heading, newline=""), delimiter=separator), [])
    except csv.Error:  # a name that is longer than the module reads: not between these
        return [heading]


def _separator(heading: str) -> str:
    """Choose what stands most often in the heading, outside quotation marks."""
    return max(SEPARATORS, key=_QUOTED.sub("", heading).count)


def _check_size(data: bytes, separator: bytes) -> None:
    """Refuse what pandas would take minutes or all memory for."""
    in_rows = [line.count(separator) for line in io.BytesIO(data)]
    if max(in_rows, default=0) > MAX_COLUMNS:
        raise TableError(f"it has a row of more than {MAX_COLUMNS:,} cells")
    if sum(in_rows) + len(in_rows) > MAX_CELLS:
        raise TableError(f"it has more than {MAX_CELLS:,} cells")


def _twice(heading: str, separator: str) -> str:
    """Name a column that stands twice; empty where none does."""
    names = Counter(filter(None, _names(heading, separator)))
    return next((name for name, times in names.items() if times > 1), "")


def _with_names(table: pd.DataFrame) -> pd.DataFrame:
    """Call columns without a name by their place, and leave out those that are empty, too."""
    if isinstance(table.columns, pd.RangeIndex) or not all(isinstance(name, str) for name in table.columns):
        return table
    nameless = table.columns.str.fullmatch(r"Unnamed: \d+|\s+")
    empty = [bool(nameless[k]) and not table.iloc[:, k].fillna("").str.strip().any() for k in range(table.shape[1])]
    names = [f"column {k + 1} (no name)" if nameless[k] else name.strip() for k, name in enumerate(table.columns)]
    return table.set_axis(names, axis=1).loc[:, ~np.array(empty, bool)]


def _reason(error: BaseException) -> str:
    words = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
    if words.startswith("EOF inside string"):
        return "a cell begins with a quotation mark and never ends"
    return words.rstrip(".") or type(error).__name__
