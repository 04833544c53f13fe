"""Conditions on the columns of a dataset, in words that fit into a link and on a command line.

``view=AP`` asks for a value, ``sex=`` for films of which it is not known, ``age=60..`` for a range with its ends, and
``age=p0..p25`` for one whose ends are percentiles among all films of the dataset. Several conditions on one column are
alternatives; those on different columns must all hold. The same text is read by the Films page, by the slices that are
made there, and by ``python -m training evaluate --slice``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from training.evaluate.ranked import EvaluateError
from xai.findings import FINDINGS, finding_label

RULE = "expected column=value, column=low..high or column=p0..p25"
FEW = 12  # values of a column that are groups of their own; a number with more of them is cut into quarters
NAMES = ("film", "path", "patient", "study", "recipe")  # columns that name a film, and no kind of films
LABELS = {"1": "present", "0": "absent", "": "no label"}
YES_NO = {"yes": True, "no": False}
QUARTERS = (0, 25, 50, 75, 100)
_END = r"(p?)([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_SPAN = re.compile(rf"(?:{_END})?\.\.(?:{_END})?", re.IGNORECASE)


@dataclass(frozen=True)
class End:
    """One end of a range: a number, or a percentile."""

    value: float
    is_percentile: bool = False

    def __str__(self) -> str:
        return f"{'p' if self.is_percentile else ''}{_short(self.value)}"


@dataclass(frozen=True)
class Condition:
    """What a column must hold: a value, or something in a range.

    Attributes
    ----------
    column : str
    value : str or None
        Empty where it must not be known; None of a range.
    low, high : End or None
        Of a range, both in it; None where it is open.
    """

    column: str
    value: str | None = None
    low: End | None = None
    high: End | None = None

    def __str__(self) -> str:
        span = "..".join("" if end is None else str(end) for end in (self.low, self.high))
        return f"{self.column}={span if self.value is None else self.value}"

    @property
    def words(self) -> str:
        """The condition as a page says it."""
        name = self.column.replace("_", " ")
        if self.column in FINDINGS and self.value in LABELS:
            return f"{finding_label(self.column)}: {LABELS[self.value]}"
        if self.value is not None:
            return f"{name}: {self.value or 'not known'}"
        low, high = (end and f"{'percentile ' * end.is_percentile}{end.value:g}" for end in (self.low, self.high))
        if low and high:
            return f"{name}: {low} to {high}"
        return f"{name}: at least {low}" if low else f"{name}: at most {high}"


def read_condition(text: str) -> Condition:
    """Read a condition; raises `EvaluateError` with what was expected."""
    column, mark, value = text.partition("=")
    column = column.strip()
    if not mark or not column:
        raise EvaluateError(f"“{text}” is no condition: {RULE}.")
    found = _SPAN.fullmatch(value.strip())
    if found is None or value.strip() == "..":
        return Condition(column, value)
    low, high = (
        End(float(number), bool(percent)) if number is not None else None
        for percent, number in (found.group(1, 2), found.group(3, 4))
    )
    if any(end and end.is_percentile and not 0 <= end.value <= 100 for end in (low, high)):
        raise EvaluateError(f"“{text}” is no condition: percentiles lie from p0 to p100.")
    same_scale = low and high and low.is_percentile == high.is_percentile
    if low and high and same_scale and low.value > high.value:
        raise EvaluateError(f"“{text}” is no condition: the ends of a range rise.")
    return Condition(column, low=low, high=high)


def meets(films: pd.DataFrame, conditions: Iterable[Condition]) -> np.ndarray:
    """Say which films meet all conditions, bool (films,).

    Parameters
    ----------
    films : DataFrame
        All films of a dataset: percentiles are among these.
    conditions : iterable of Condition

    Raises
    ------
    EvaluateError
        If there is no such column, no film has such a value, or a range is asked of what is no number.
    """
    by_column: dict[str, np.ndarray] = {}
    for one in conditions:
        here = _meets(films, one)
        by_column[one.column] = by_column[one.column] | here if one.column in by_column else here
    return np.logical_and.reduce([np.ones(len(films), bool), *by_column.values()])


def askable(films: pd.DataFrame) -> list[str]:
    """Name the columns that can be asked about: all but names of films, and what stands beside a label."""
    return [name for name in films.columns if name not in NAMES and not str(name).startswith("source_")]


def columns(films: pd.DataFrame) -> list[str]:
    """Name the columns that tell kinds of films apart: those of `askable` with more than one value."""
    return [name for name in askable(films) if len(films[name].drop_duplicates()) > 1]


def values(films: pd.DataFrame, column: str) -> list[str]:
    """Give the values of a column as conditions write them, the empty one last."""
    known = films[column].drop_duplicates().dropna()
    if is_switch(films[column]):
        written = [word for word, value in YES_NO.items() if (known == value).any()]
    elif is_number(films[column]):
        written = [_short(value) for value in np.sort(_numbers(known))]
    else:
        written = sorted({str(value) for value in known} - {""})
    return [*written, *([""] if _missing(films[column]).any() else [])]


def is_switch(column: pd.Series) -> bool:
    """Whether a column says yes or no."""
    return pd.api.types.is_bool_dtype(column)


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, so that a range can be asked of it."""
    return pd.api.types.is_numeric_dtype(column) and not is_switch(column)


def groups(films: pd.DataFrame) -> list[tuple[Condition, np.ndarray]]:
    """Give each kind of film that the columns tell apart, with its films: bool (films,) each.

    A value is a group where a column has at most `FEW`; a number with more is cut into quarters, as ranges of these
    films' own numbers. No two groups have the same films.
    """
    found: list[tuple[Condition, np.ndarray]] = []
    seen: set[bytes] = set()
    for name in columns(films):
        for one in _groups_of(films, name):
            here = _meets(films, one)
            if here.any() and not here.all() and here.tobytes() not in seen:
                seen.add(here.tobytes())
                found.append((one, here))
    return found


def _groups_of(films: pd.DataFrame, name: str) -> list[Condition]:
    written = values(films, name)
    if len(written) <= FEW:
        return [Condition(name, value) for value in written]
    if not is_number(films[name]):
        return []
    ends = [End(float(_short(end))) for end in np.nanpercentile(_numbers(films[name]), QUARTERS, method="lower")]
    spans = [Condition(name, low=low, high=high) for low, high in pairwise(ends)]
    return [*spans, *([Condition(name, "")] if "" in written else [])]


def _meets(films: pd.DataFrame, one: Condition) -> np.ndarray:
    if one.column not in films:
        raise EvaluateError(f"The dataset has no column “{one.column}”; it has {_listed(columns(films))}.")
    column = films[one.column]
    if one.value is None:
        return _in_range(column, one)
    if one.value == "":
        return _missing(column)
    here = _holds(column, one.value)
    if not here.any():
        raise EvaluateError(f"No film has {one.column} “{one.value}”; there are {_listed(values(films, one.column))}.")
    return here


def _holds(column: pd.Series, value: str) -> np.ndarray:
    if is_number(column):
        numbers = _numbers(column)
        return np.asarray(numbers == numbers.dtype.type(_as_number(value)))
    wanted: object = YES_NO.get(value) if is_switch(column) else value
    return (column.astype(object).where(column.notna(), None) == wanted).to_numpy(bool) & column.notna().to_numpy()


def _in_range(column: pd.Series, one: Condition) -> np.ndarray:
    if not is_number(column):
        here = _holds(column, str(one).partition("=")[2])  # a name that looks like a range
        if here.any():
            return here
        raise EvaluateError(f"{one.column} holds no numbers, so no range of it can be asked for.")
    numbers = _numbers(column)
    low, high = (_resolved(numbers, end, otherwise) for end, otherwise in ((one.low, -np.inf), (one.high, np.inf)))
    return (numbers >= low) & (numbers <= high)


def _resolved(numbers: np.ndarray, end: End | None, otherwise: float) -> np.floating | float:
    if end is None:
        return otherwise
    if not end.is_percentile:
        return numbers.dtype.type(end.value)
    return np.nanpercentile(numbers, end.value) if not np.isnan(numbers).all() else otherwise


def _missing(column: pd.Series) -> np.ndarray:
    return np.asarray(column.isna() | (column.astype(object) == ""), bool)


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _numbers(column: pd.Series) -> np.ndarray:
    """Give a column's numbers as exactly as it holds them: 0.1 in 32 bits is not 0.1 in 64."""
    return column.to_numpy(np.float32 if column.dtype == np.float32 else np.float64, na_value=np.nan)


def _short(number: float | np.floating) -> str:
    """Write a number in the fewest digits that give it back."""
    return str(number).removesuffix(".0")


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(name or "nothing" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "none"
