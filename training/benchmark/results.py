"""What benchmarks found, read from their folders: those that come with the app, and anybody's own; or from memory."""

from __future__ import annotations

import functools
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from training.benchmark.league import ALL, BESIDE, COLUMNS, FEWEST_PATIENTS
from training.benchmark.maps import CLAIM_FILE
from training.benchmark.sources import (
    BESIDE_FILE,
    LEAGUE_FILE,
    MOST_BYTES,
    PEAKS_FILE,
    PROMISES_FILE,
    SCORES_FILE,
    TWINS_FILE,
    Brought,
    ResultsError,
    Source,
    check_lines,
    has,
    stamp,
    text_of,
)
from training.benchmark.twins import PROMISES

KEY = ["method", "finding", "measure"]
CASE = ["film", "patient", "finding", "method"]  # of `SCORES_FILE`; all its other columns are measures
ONE_MAP = ["film", "finding", "method"]
MOST_FOLDERS = 500  # that are looked at in one place
LONGEST_NAME = 500  # characters
ROUNDED = 1e-6  # by as much a mean may lie beside its interval


@dataclass(frozen=True)
class Score:
    """A mean over films with its interval.

    Attributes
    ----------
    value, low, high : float
        Ends of its 95 % interval; NaN where it is not known.
    films : int
        Behind it.
    p : float
        Of a lead over the prior: how often chance does as well; NaN where it is not known, and of other scores.
    """

    value: float
    low: float
    high: float
    films: int
    p: float = math.nan


@dataclass(frozen=True, eq=False)
class Results:
    """A benchmark, read.

    Attributes
    ----------
    source : Path or Brought
        Its folder, or its files in memory.
    model_id : str
        Sha256 of the model's file.
    card_id : str
        Sha256 of its card then; empty where the benchmark does not say.
    dataset : str
        Name of the dataset.
    settings : mapping of str to object
        Everything else that the benchmark says of how the maps were made, as JSON.
    league, beside : DataFrame
        As `training.benchmark.league` has them: columns `COLUMNS` and `BESIDE`.
    """

    source: Source
    model_id: str
    card_id: str
    dataset: str
    settings: Mapping[str, Any]
    league: pd.DataFrame
    beside: pd.DataFrame

    @property
    def name(self) -> str:
        """What it is called: as its folder."""
        return self.source.name

    @property
    def is_brought(self) -> bool:
        """Whether it lies in memory, for whoever brought it."""
        return isinstance(self.source, Brought)

    def has(self, name: str) -> bool:
        """Whether it has a file, such as `SCORES_FILE`."""
        return has(self.source, name)

    def stamp(self, name: str) -> float:
        """Give when a file was written: whoever keeps what was read of it reads anew where that has changed."""
        return stamp(self.source, name)

    @functools.cached_property
    def films(self) -> int:
        """How many films are behind it."""
        return int(max(self.league.loc[self.league["finding"] == ALL, "films"], default=0))

    @property
    def table(self) -> str:
        """Sha256 of the dataset's table then; empty where the benchmark does not say."""
        return str(self.settings.get("table", ""))

    def parameters(self, method: str) -> Mapping[str, Any] | None:
        """Give the parameters that a method's maps were made with; None where the benchmark does not say."""
        told = self.settings.get("settings")
        found = told.get(method) if isinstance(told, dict) else None
        return found if isinstance(found, dict) else None

    def score(self, method: str, finding: str, measure: str) -> Score | None:
        """Give what a method reached; None where it was not measured."""
        return self._scores.get((method, finding, measure))

    def lead(self, method: str, finding: str, measure: str) -> Score | None:
        """Give how far a method is ahead of where the finding usually is; None where that was not asked.

        Over fewer films than `FEWEST_PATIENTS` its interval is not known, whatever the table says.
        """
        found = self._leads.get((method, finding, measure))
        if found is None or found.films >= FEWEST_PATIENTS:
            return found
        return replace(found, low=math.nan, high=math.nan)

    @functools.cached_property
    def _scores(self) -> dict[tuple[str, ...], Score]:
        return _by_key(self.league, ["value", "low", "high", "films"])

    @functools.cached_property
    def _leads(self) -> dict[tuple[str, ...], Score]:
        return _by_key(self.beside, ["ahead", "low", "high", "films", "p"])


def read_results(source: Source) -> Results:
    """Read a benchmark.

    Raises
    ------
    ResultsError
        If a file is missing, larger than any benchmark writes, or holds something else.
    """
    claim = _claim(source)
    league = _table(source, LEAGUE_FILE, dict.fromkeys(KEY, str) | _numbers(COLUMNS, KEY), KEY)
    beside = _table(source, BESIDE_FILE, dict.fromkeys(KEY, str) | _numbers(BESIDE, KEY), KEY)
    for table, name, mean, least in ((league, LEAGUE_FILE, "value", 0.0), (beside, BESIDE_FILE, "ahead", -1.0)):
        _check_means(table, mean, least, f"{source.name}/{name}")
    known = {name: claim.pop(name, "") for name in ("model", "card", "dataset")}
    return Results(source, known["model"], known["card"], known["dataset"], claim, league, beside)


def read_scores(source: Source) -> pd.DataFrame | None:
    """Read the score of every map of a benchmark: film, patient, finding, method, and a column a measure.

    None where the folder holds none, as those that come with the app; raises ResultsError as `read_results` does.
    """
    if not has(source, SCORES_FILE):
        return None
    return _table(source, SCORES_FILE, dict.fromkeys(CASE, str), ONE_MAP, others=float)


def read_peaks(source: Source) -> pd.DataFrame | None:
    """Read where every map of a benchmark points: see `training.benchmark.peaks`; None where the folder does not say.

    Raises ResultsError as `read_results` does.
    """
    if not has(source, PEAKS_FILE):
        return None
    numbers: dict[str, type] = {"x": float, "y": float}
    return _table(source, PEAKS_FILE, dict.fromkeys(ONE_MAP, str) | numbers, ONE_MAP)


def read_twins(source: Source) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Read what findings do to the answer beside what maps claim, and how far claims hold: see `twins`.

    None where there are no twins, as of films that are not simulated; raises ResultsError as `read_results` does.
    """
    if not has(source, TWINS_FILE):
        return None
    twins = dict.fromkeys(CASE, str) | {"claimed": float, "effect": float}
    texts = ("method", "finding", "claim")
    held = dict.fromkeys(texts, str) | _numbers(PROMISES, texts)
    return _table(source, TWINS_FILE, twins, ONE_MAP), _table(source, PROMISES_FILE, held, ["method", "finding"])


def results_for(model_id: str, folders: Sequence[Path]) -> list[Results]:
    """Give the results of a model; those that cannot be read are passed over, `problems_of` has them.

    Parameters
    ----------
    model_id : str
        Sha256 of the model's file.
    folders : sequence of Path
        That hold folders of benchmarks, such as `xai.built_in.BUILT_IN_LEAGUES`. Of two results of one name, those of
        the first folder.
    """
    return [one for one in _readable(folders).values() if isinstance(one, Results) and one.model_id == model_id]


def problems_of(folders: Sequence[Path]) -> list[str]:
    """Say in a sentence each why results cannot be read."""
    return [str(one) for one in _readable(folders).values() if isinstance(one, ResultsError)]


def _readable(folders: Sequence[Path]) -> dict[str, Results | ResultsError]:
    found: dict[str, Results | ResultsError] = {}
    for folder in _places(folders):
        if folder.name not in found:
            found[folder.name] = _read(folder, tuple(stamp(folder, name) for name in MOST_BYTES))
    return found


def _places(folders: Sequence[Path]) -> Iterator[Path]:
    for parent in folders:
        inside = sorted(parent.iterdir())[:MOST_FOLDERS] if parent.is_dir() else []
        yield from (folder for folder in inside if (folder / CLAIM_FILE).is_file() and (folder / LEAGUE_FILE).is_file())


@functools.lru_cache(maxsize=64)
def _read(folder: Path, stamps: tuple[float, ...]) -> Results | ResultsError:
    try:
        return read_results(folder)
    except ResultsError as error:
        return error


def _claim(source: Source) -> dict[str, Any]:
    text = text_of(source, CLAIM_FILE)
    try:
        claim = json.loads(text)
    except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError alone
        claim = None
    where = f"{source.name}/{CLAIM_FILE}"
    if not isinstance(claim, dict):
        raise ResultsError(f"{where} is no JSON object: expected what python -m xai benchmark writes.")
    for name in ("dataset", "model", "card"):
        if not _is_name(claim.get(name, "" if name != "card" else "not said")):
            raise ResultsError(f"{where} has no text “{name}”, which says what was measured.")
    return claim


def _numbers(columns: Mapping[str, str], but: Sequence[str]) -> dict[str, type]:
    return {name: int if name == "films" else float for name in columns if name not in but}


def _table(
    source: Source, name: str, columns: Mapping[str, type], unique: Sequence[str], others: type | None = None
) -> pd.DataFrame:
    """Read a table: the columns by what they hold, others too where they have a type, one row of each of ``unique``."""
    where = f"{source.name}/{name}"
    text = text_of(source, name)
    check_lines(text, where)
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        raise ResultsError(f"{where} is no table: expected the columns {', '.join(columns)}.") from None
    if missing := [column for column in columns if column not in table.columns]:
        raise ResultsError(f"{where} has no column {', '.join(missing)}; expected {', '.join(columns)}.")
    wanted = {**columns, **({one: others for one in table.columns if one not in columns} if others else {})}
    for column, kind in wanted.items():
        table[column] = _texts(table[column], where) if kind is str else _values(table[column], kind, where)
    if table.duplicated(list(unique)).any():
        raise ResultsError(f"{where} has two rows of the same {', '.join(unique)}; expected one.")
    return table[list(wanted)]


def _check_means(table: pd.DataFrame, mean: str, least: float, where: str) -> None:
    """Refuse means that no measure has, or that lie beside their own interval; what is not known may be."""
    value, low, high = (table[column] for column in (mean, "low", "high"))
    outside = [(one < least) | (one > 1) for one in (value, low, high)]
    if pd.concat(outside).any() or (low > value + ROUNDED).any() or (high < value - ROUNDED).any():
        raise ResultsError(
            f"{where} has a {mean} outside of {least:g} to 1, or outside of its own interval: expected a mean of a "
            "measure, from low to high."
        )


def _texts(column: pd.Series, where: str) -> pd.Series:
    if not column.map(_is_name).all():
        strange = "names of 1 to 500 characters that can be shown"
        raise ResultsError(f"{where} has something else in its column {column.name}: expected {strange}.")
    return column


def _values(column: pd.Series, kind: type, where: str) -> pd.Series:
    numbers = pd.to_numeric(column.replace("", "nan"), errors="coerce").astype(float)
    known = numbers.notna() | column.str.lower().isin(["", "nan"])
    whole = (numbers >= 0) & (numbers % 1 == 0) & (numbers < 1e9) if kind is int else numbers.abs() != math.inf
    if not (known & whole).all():
        raise ResultsError(f"{where} has something else than numbers in its column {column.name}.")
    return numbers.astype(kind)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def _by_key(table: pd.DataFrame, columns: list[str]) -> dict[tuple[str, ...], Score]:
    keys = table[KEY].itertuples(index=False, name=None)
    return {key: Score(*row) for key, row in zip(keys, table[columns].itertuples(index=False, name=None), strict=True)}
