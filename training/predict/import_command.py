"""Turn a CSV of somebody else's probabilities into predictions of a dataset; needs no images and no model."""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import sys
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.rows import bounded_line
from training.datasets.table import Dataset, labels, read_dataset
from training.evaluate.ranked import rank
from training.evaluate.thresholds import RULES, choose
from training.predictions.film_names import match_films
from training.predictions.table import (
    Predictions,
    PredictionsError,
    PredictionsFacts,
    read_predictions,
    write_predictions,
)
from xai.cards.model_card import Threshold
from xai.command_line import one_line
from xai.findings import FINDINGS
from xai.models.loading import file_sha256

PREFIX = "prob_"
# How tables call the column that names the film, the likeliest first; compared without case, blanks and underscores.
FILM_COLUMNS = (
    "film",
    "image index",
    "dicom id",
    "path",
    "file name",
    "image path",
    "file path",
    "image name",
    "image id",
    "image",
    "file",
    "id",
)
SEPARATORS = ",;\t"
CHOOSABLE = tuple(rule for rule in RULES if rule != "card")
NAMED = 5  # rows that are named where many match no film


@dataclass(frozen=True, eq=False)
class Joined:
    """A table of probabilities, joined to a dataset.

    Attributes
    ----------
    table : DataFrame
        Indexed by film; one column a finding.
    rows_without_film : tuple of str
        Names in the CSV that the dataset does not have.
    ignored : tuple of str
        Columns of the CSV that are no finding's.
    """

    table: pd.DataFrame
    rows_without_film: tuple[str, ...]
    ignored: tuple[str, ...]


def join_csv(path: Path, films: pd.DataFrame) -> Joined:
    """Read a CSV of probabilities and find the film of each row.

    Parameters
    ----------
    path : Path
        Comma, semicolon or tab separated, plain or gzipped; one row a film, a column that names it, and one column
        of probabilities a finding. Where columns start with ``prob_``, only those are read.
    films : DataFrame
        Table of the dataset. A film is found by its id or its path, with or without ending and leading folders.

    Raises
    ------
    PredictionsError
        Naming the line: if a value is no number in [0, 1], or two lines name the same film; or if a column is
        missing, or no line matches a film.
    """
    raw = _read_text(path)
    name_column = _film_column(raw, path)
    chosen = _finding_columns(raw.columns.drop(name_column), path)
    values = pd.DataFrame({finding: _numbers(raw[column], path) for finding, column in chosen.items()})
    found = match_films(raw[name_column], films)
    matched = found.notna()
    if not matched.any():
        raise PredictionsError(
            f"No line of {path.name} matches a film of the dataset: it names films such as "
            f"“{raw[name_column].iloc[0]}”, the dataset such as “{films['film'].iloc[0]}”."
        )
    _refuse_twins(found[matched], path)
    table = values[matched].set_axis(pd.Index(found[matched], name="film"))
    ignored = tuple(column for column in raw.columns if column not in (name_column, *chosen.values()))
    return Joined(table, tuple(raw[name_column][~matched]), ignored)


def import_csv(
    path: Path, dataset: Dataset, out: Path, *, model: str | None = None, threshold: str | None = None
) -> tuple[Predictions, Joined]:
    """Write a CSV as predictions of a dataset.

    Parameters
    ----------
    path : Path
        As `join_csv` takes it.
    dataset : Dataset
    out : Path
        Predictions folder to write.
    model : str, optional
        What people call the model; by default the name of the file.
    threshold : str, optional
        One of `CHOOSABLE`, a rule that is applied to these films and labels; or a number in [0, 1]. Without it
        the predictions have no thresholds.

    Raises
    ------
    PredictionsError
    """
    path, out = Path(path), Path(out)
    joined = join_csv(path, dataset.films)
    model = model or path.name.removesuffix(".gz").removesuffix(".csv")
    facts = PredictionsFacts(
        name=f"{model}-on-{dataset.facts.name}",
        dataset=dataset.facts.name,
        dataset_folder=str(dataset.folder.resolve()),
        model=model,
        source="import",
        outputs=tuple(joined.table.columns),
        thresholds={} if threshold is None else _thresholds(threshold, joined.table, dataset.films),
        notes={
            "file": path.name,
            "sha256": file_sha256(path),
            "rows_without_film": len(joined.rows_without_film),
            "films_without_row": len(dataset.films) - len(joined.table),
            "ignored_columns": list(joined.ignored),
        },
    )
    write_predictions(out, facts, joined.table)
    return read_predictions(out), joined


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training import-predictions``."""
    parser.add_argument("csv", type=Path, metavar="CSV", help="one row a film, one column a finding; may be .csv.gz")
    parser.add_argument("--dataset", type=Path, required=True, metavar="DATASET", help="folder whose films these are")
    parser.add_argument("--out", type=Path, required=True, metavar="PREDICTIONS", help="folder to write")
    parser.add_argument("--model", metavar="NAME", help="what to call the model (default: the file's name)")
    parser.add_argument(
        "--thresholds",
        metavar="RULE",
        help=f"thresholds of the findings: a number, or by these labels: {', '.join(CHOOSABLE)} (default: none)",
    )


def run(options: argparse.Namespace) -> int:
    """Import, and say what found no partner."""
    dataset = read_dataset(options.dataset)
    made, joined = import_csv(options.csv, dataset, options.out, model=options.model, threshold=options.thresholds)
    outputs = made.facts.outputs
    print(f"{len(made.table)} films of {dataset.facts.name}, {len(outputs)} findings")
    missing = [finding for finding in FINDINGS if finding not in outputs]
    if missing:
        print(f"{options.csv.name} has no column for {', '.join(missing)}.", file=sys.stderr)
    strangers = joined.rows_without_film
    if strangers:
        more = " and others" if len(strangers) > NAMED else ""
        print(one_line(f"{len(strangers)} rows match no film: {', '.join(strangers[:NAMED])}{more}."), file=sys.stderr)
    return 0


def _read_text(path: Path) -> pd.DataFrame:
    """Read all cells as text, so that each can be judged and quoted as it stands."""
    if not path.is_file():
        raise PredictionsError(f"There is no file {path}.")
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as lines:
            header = bounded_line(lines)
        separator = max(SEPARATORS, key=header.count)
        raw = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise PredictionsError(f"{path.name} cannot be read as a CSV ({reason}).") from error
    if raw.empty:
        raise PredictionsError(f"{path.name} has no rows below its header.")
    if not isinstance(raw.index, pd.RangeIndex):  # pandas takes what is too much for an index
        raise PredictionsError(f"{path.name} has more cells in a row than names in its header.")
    named = Counter(filter(None, next(csv.reader([header], delimiter=separator))))
    twice = [name for name, times in named.items() if times > 1]
    if twice:
        raise PredictionsError(f"{path.name} has two columns named {twice[0]}.")
    raw.index += 2  # as an editor counts lines: the header is the first
    if separator == ";":
        raw = raw.apply(lambda column: column.str.replace(r"^(\d*),(\d+)$", r"\1.\2", regex=True))
    return raw


def _film_column(raw: pd.DataFrame, path: Path) -> str:
    columns = {_key(column): column for column in reversed(raw.columns)}
    for name in FILM_COLUMNS:
        if _key(name) in columns:
            return columns[_key(name)]
    raise PredictionsError(
        f"{path.name} has no column that names the film; expected one such as film, Image Index, Path or dicom_id, "
        f"but its columns are {_listed(raw.columns)}."
    )


def _finding_columns(columns: pd.Index, path: Path) -> dict[str, str]:
    """Give the column of each finding that has one, in the order of the findings."""
    marked = [column for column in columns if _key(column).startswith(_key(PREFIX))]
    chosen: dict[str, str] = {}
    keys = {_key(finding): finding for finding in FINDINGS}
    for column in marked or columns:
        finding = keys.get(_key(column).removeprefix(_key(PREFIX)) if marked else _key(column))
        if finding in chosen:
            raise PredictionsError(f"{path.name} has two columns for {finding}: {chosen[finding]} and {column}.")
        if finding is not None:
            chosen[finding] = column
    if not chosen:
        raise PredictionsError(
            f"{path.name} has no column of a finding; expected names such as {FINDINGS[0]} or {PREFIX}{FINDINGS[0]}, "
            f"but its other columns are {_listed(columns) or 'none'}."
        )
    return {finding: chosen[finding] for finding in FINDINGS if finding in chosen}


def _numbers(column: pd.Series, path: Path) -> pd.Series:
    numbers = pd.to_numeric(column.str.strip(), errors="coerce").astype(np.float64)
    wrong = ~((numbers >= 0) & (numbers <= 1))  # NaN is wrong too
    if wrong.any():
        line = column.index[wrong][0]
        raise PredictionsError(
            f"{path.name} has “{column[line][:40]}” for {column.name} in line {line}; expected a number from 0 to 1."
        )
    return numbers


def _refuse_twins(found: pd.Series, path: Path) -> None:
    twins = found[found.duplicated(keep=False)]
    if len(twins):
        first, second = twins.index[twins == twins.iloc[0]][:2]
        raise PredictionsError(f"{path.name} has two rows for the film “{twins.iloc[0]}”: lines {first} and {second}.")


def _thresholds(rule: str, table: pd.DataFrame, films: pd.DataFrame) -> dict[str, Threshold]:
    """Choose each finding's threshold by a rule on the films' labels, or one number for all; none without labels."""
    if rule not in CHOOSABLE:
        try:
            return dict.fromkeys(table.columns, Threshold(float(rule), f"{rule}, chosen when the file was imported"))
        except ValueError:
            known = ", ".join(CHOOSABLE)
            raise PredictionsError(
                f"Expected a number from 0 to 1 or one of {known} for --thresholds, but got {rule}."
            ) from None
    truth = labels(films.set_index("film").loc[table.index], tuple(table.columns))
    ranked = {name: rank(truth[:, k], table[name].to_numpy()) for k, name in enumerate(table.columns)}
    return {name: choose(rule, one) for name, one in ranked.items() if not one.problem}


def _key(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()


def _listed(columns: pd.Index) -> str:
    names = [str(column)[:40] for column in columns[:8]]
    return ", ".join(names) + (", …" if len(columns) > len(names) else "")
