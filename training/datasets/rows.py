"""Rows of a source's label table: read, translated, and refused by their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from training.datasets.disk import remark
from training.datasets.facts import DatasetError, Remark
from training.datasets.table import LEAVES_ROOT
from training.datasets.text_table import TableError, as_numbers, column_key, is_blank, read_text_table

SHOWN = 30  # columns that a message lists
LONGEST_SHOWN = 100  # characters of a name or value in it


def read_csv(file: Path, wanted: Iterable[str], **options: Any) -> pd.DataFrame:
    """Read a label table, each cell as text.

    Parameters
    ----------
    file : Path
        As `read_text_table` takes it.
    wanted : iterable of str
        Columns that must be there; they are found whatever their case, blanks and underscores, and called so.
    options
        Of `pandas.read_csv`.

    Raises
    ------
    DatasetError
        If it is no table, has no rows, lacks one of the wanted columns or has two for it, or a row has more cells than
        the heading.
    """
    wanted = tuple(wanted)
    try:
        table = read_text_table(file, **options)
    except TableError as error:
        raise DatasetError(f"{file} cannot be read as a table: {error}.") from error
    table = call_columns(file, table, wanted)
    require_columns(file, table, wanted)
    if table.empty:
        raise DatasetError(f"{file} has no rows below its heading.")
    return table


def call_columns(file: Path, table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Call columns by these names where they differ in case, blanks, underscores, dashes or dots only."""
    known = {column_key(name): name for name in names}
    called = {column: known[column_key(column)] for column in table.columns if column_key(column) in known}
    for name in set(called.values()):
        alike = [column for column, ours in called.items() if ours == name]
        if len(alike) > 1:
            raise DatasetError(f"{file} has two columns for {name}: {alike[0]} and {alike[1]}.")
    return table.rename(columns=called)


def require_columns(file: Path, table: pd.DataFrame, wanted: Iterable[str]) -> None:
    """Refuse a table that lacks one of the columns."""
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        there = ", ".join(map(shown, table.columns[:SHOWN])) + (", …" if len(table.columns) > SHOWN else "")
        raise DatasetError(f"{file} lacks the columns {', '.join(missing)}; it has {there}.")


def shown(value: object) -> str:
    """Give a value of a file as a sentence quotes it: on one line, and not at length."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


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
        refuse(file, values.index[places[0]], problem.replace("{value}", shown(values.iloc[places[0]])))


def refuse_twice(file: Path, films: pd.Series) -> None:
    """Raise where two rows are of one film."""
    if films.is_unique:
        return
    second = films.index[films.duplicated()][0]
    first = films.index[films == films[second]][0]
    refuse(file, second, f"the film “{shown(films[second])}” already has row {first + 2}; expected one row a film.")


def refuse_strays(file: Path, names: pd.Series) -> None:
    """Raise where a path leaves the root."""
    wrong = names.str.contains(LEAVES_ROOT).fillna(False)
    refuse_any(file, wrong, names, "the path “{value}” leaves the root; expected one below it.")


def numbers(file: Path, table: pd.DataFrame, columns: Iterable[str], allowed: tuple[float, ...]) -> pd.DataFrame:
    """Read label columns as numbers; raises for the first that is neither allowed nor blank."""
    read, expected = {}, ", ".join(f"{value:g}" for value in allowed)
    for column in columns:
        read[column] = as_numbers(table[column]).astype(np.float32)
        wrong = ~is_blank(table[column]) & ~read[column].isin(allowed)
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
