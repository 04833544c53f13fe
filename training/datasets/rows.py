"""Rows of a source's label table: read, translated, and refused by their number."""

from __future__ import annotations

import gzip
import warnings
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TextIO

import numpy as np
import pandas as pd

from training.datasets.disk import remark
from training.datasets.facts import DatasetError, Remark
from training.datasets.table import LEAVES_ROOT

MAX_HEADING = 200_000  # characters
SHOWN = 30  # columns that a message lists


def read_csv(file: Path, wanted: Iterable[str], **options: Any) -> pd.DataFrame:
    """Read a label table.

    Raises
    ------
    DatasetError
        If it is no table, has no rows, lacks one of the wanted columns, or a row has more cells than the heading.
    """
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8", errors="replace") as lines:
            bounded_line(lines)
        # A blank line is a row without a film: kept, so that rows are counted as a spreadsheet does. A comma at the
        # end of each line but the heading must not make the first column an index.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells too many, which would be dropped
            table = pd.read_csv(file, encoding_errors="replace", skip_blank_lines=False, index_col=False, **options)
    except pd.errors.ParserWarning as error:
        raise DatasetError(f"{file} has rows with more cells than its heading has columns.") from error
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{file} cannot be read as a table ({str(error).strip()}).") from error
    require_columns(file, table, wanted)
    if table.empty:
        raise DatasetError(f"{file} has no rows below its heading.")
    return table


def bounded_line(lines: TextIO) -> str:
    """Read the heading of a table, and refuse one that no table has before it takes all memory."""
    heading = lines.readline(MAX_HEADING)
    if len(heading) == MAX_HEADING:
        raise ValueError(f"its heading has more than {MAX_HEADING:,} characters")
    return heading


def require_columns(file: Path, table: pd.DataFrame, wanted: Iterable[str]) -> None:
    """Refuse a table that lacks one of the columns."""
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        there = ", ".join(map(str, table.columns[:SHOWN])) + (", …" if len(table.columns) > SHOWN else "")
        raise DatasetError(f"{file} lacks the columns {', '.join(missing)}; it has {there}.")


def refuse(file: Path, row: int, problem: str) -> NoReturn:
    """Raise for a row of a table, counted from 0 after the heading and told as in a spreadsheet."""
    raise DatasetError(f"{file.name}, row {row + 2}: {problem}")


def refuse_any(file: Path, wrong: np.ndarray | pd.Series, values: pd.Series, problem: str) -> None:
    """Raise for the first row that is wrong.

    Parameters
    ----------
    file : Path
        The table.
    wrong : bool array (rows,)
        Which rows are.
    values : Series (rows,)
        What they say; the index counts the table's rows.
    problem : str
        The message, with ``{value}`` for what the row says.
    """
    places = np.flatnonzero(wrong)
    if len(places):
        refuse(file, values.index[places[0]], problem.replace("{value}", str(values.iloc[places[0]])))


def refuse_twice(file: Path, films: pd.Series) -> None:
    """Raise where two rows are of one film."""
    if films.is_unique:
        return
    second = films.index[films.duplicated()][0]
    first = films.index[films == films[second]][0]
    refuse(file, second, f"the film “{films[second]}” already has row {first + 2}; expected one row a film.")


def refuse_strays(file: Path, names: pd.Series) -> None:
    """Raise where a path leaves the root."""
    wrong = names.str.contains(LEAVES_ROOT).fillna(False)
    refuse_any(file, wrong, names, "the path “{value}” leaves the root; expected one below it.")


def numbers(file: Path, table: pd.DataFrame, columns: Iterable[str], allowed: tuple[float, ...]) -> pd.DataFrame:
    """Read label columns as numbers; raises for the first that is neither allowed nor blank."""
    read, expected = {}, ", ".join(f"{value:g}" for value in allowed)
    for column in columns:
        read[column] = pd.to_numeric(table[column], errors="coerce").astype(np.float32)
        wrong = table[column].notna() & ~read[column].isin(allowed)
        refuse_any(file, wrong, table[column], f"{column} is “{{value}}”; expected {expected} or blank.")
    return pd.DataFrame(read, index=table.index)


def known_words(values: pd.Series, known: Mapping[str, str | None], what: str) -> tuple[pd.Series, tuple[Remark, ...]]:
    """Translate words, whatever their case; unknown words are kept in capitals and remarked upon.

    Parameters
    ----------
    values : Series
        The source's words; blank and ``?`` are none.
    known : mapping
        Word in lower case -> ours, or None for a word that says nothing.
    what : str
        What the column is, for the remark.
    """
    plain = values.astype("str").str.strip()
    lower = plain.str.lower()
    blank = plain.isna() | plain.isin(["", "?"])
    strange = ~blank & ~lower.isin(list(known))
    ours = lower.map(dict(known)).astype("str").where(~strange, plain.str.upper())
    return ours.where(~blank, None), remark(f"{what} that are not in the known list, kept as they are", plain[strange])
