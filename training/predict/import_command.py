"""Turn a CSV of somebody else's probabilities into predictions of a dataset; needs no images and no model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from training.datasets.table import SPLITS, Dataset, read_dataset
from training.datasets.text_table import TableError, as_numbers, is_blank, read_text_table
from training.evaluate.classes import BY_CLASS, class_names, truths
from training.evaluate.few_values import few_values
from training.evaluate.judged import CHOSEN_BY
from training.evaluate.met import LEARNED
from training.evaluate.ranked import rank
from training.evaluate.same_films import looks
from training.evaluate.wanted_thresholds import FILE_HELP, Wanted, wanted_thresholds
from training.predict.columns import Columns, choose_columns, film_column, prediction_beside
from training.predict.scales import MEANINGS, SCALES, ask_for_scale, rescaled, softmax
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
from xai.written import counted

NOTHING = "none"  # of the dataset
NAMED = 5  # rows that are named where many match no film


@dataclass(frozen=True, eq=False)
class Joined:
    """A table of probabilities, joined to a dataset.

    Attributes
    ----------
    table : DataFrame
        Indexed by film; one column a finding or class, NaN where the CSV has no number.
    rows_without_film : tuple of str
        Names in the CSV that the dataset does not have.
    ignored : tuple of str
        Columns of the CSV that are not read.
    are_classes : bool
        Whether the outputs are the dataset's classes, each to be judged against the others.
    """

    table: pd.DataFrame
    rows_without_film: tuple[str, ...]
    ignored: tuple[str, ...]
    are_classes: bool = False


def join_csv(path: Path, films: pd.DataFrame, scale: str = "probability") -> Joined:
    """Read a CSV of probabilities and find the film of each row.

    Parameters
    ----------
    path : Path
        As `read_text_table` takes it; one row a film, a column that names it, and one column of probabilities a
        finding, or a class of the dataset; see `training.predict.columns`.
    films : DataFrame
        Table of the dataset. A film is found by its id or its path, with or without ending and leading folders.
    scale : str
        One of `training.predict.scales.SCALES`: what the numbers are.

    Raises
    ------
    PredictionsError
        Naming the row: if a value is no number in [0, 1], or two rows name the same film; or if a column is
        missing, or no row matches a film; or if a column holds the dataset's labels beside one of predictions; or if
        the numbers are on another scale.
    """
    raw = _read_text(path)
    name_column = film_column(raw, films, path.name)
    shares = rescaled(raw.drop(columns=name_column), scale)
    columns = choose_columns(shares, class_names(films), path.name)
    chosen = columns.outputs
    if scale == "probability":
        ask_for_scale(raw[list(chosen.values())], path.name)
    values = pd.DataFrame({output: _numbers(shares[column], path) for output, column in chosen.items()})
    if scale == "logit" and columns.are_classes and len(chosen) > 1:
        values = softmax(raw[list(chosen.values())]).set_axis(list(chosen), axis=1)
    found = match_films(raw[name_column], films)
    matched = found.notna()
    if not matched.any():
        raise PredictionsError(
            f"No row of {path.name} matches a film of the dataset: it names films such as "
            f"“{raw[name_column].iloc[0]}”, the dataset such as “{films['film'].iloc[0]}”."
        )
    _refuse_twins(found[matched], path)
    table = values[matched].set_axis(pd.Index(found[matched], name="film"))
    _refuse_labels(table, films, columns, raw.columns, path)
    ignored = tuple(column for column in raw.columns if column not in (name_column, *chosen.values()))
    return Joined(table, tuple(raw[name_column][~matched]), ignored, columns.are_classes)


def import_csv(
    path: Path,
    dataset: Dataset,
    out: Path,
    *,
    model: str | None = None,
    threshold: str | None = None,
    target: float | None = None,
    scale: str = "probability",
    learned_from: Sequence[str] | None = None,
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
        A rule that is applied to these films and labels, a number in [0, 1], or a file; see
        `training.evaluate.wanted_thresholds`. Without it the predictions have no thresholds.
    target : float, optional
        What the rule asks for.
    scale : str
        See `join_csv`.
    learned_from : sequence of str, optional
        Splits of the dataset that the model learned from, where that is known: none of them, where it is known that it
        learned from no film of the dataset.

    Raises
    ------
    PredictionsError
    """
    path, out = Path(path), Path(out)
    joined = join_csv(path, dataset.films, scale)
    wanted = None if threshold is None else wanted_thresholds(threshold, target)
    model = model or path.name.partition(".csv")[0]
    facts = PredictionsFacts(
        name=f"{model}-on-{dataset.facts.name}",
        dataset=dataset.facts.name,
        dataset_folder=str(dataset.folder.resolve()),
        model=model,
        source="import",
        outputs=tuple(joined.table.columns),
        thresholds={} if wanted is None else _thresholds(wanted, joined, dataset.films),
        notes={
            "file": path.name,
            "sha256": file_sha256(path),
            "scale": scale,
            "rows_without_film": len(joined.rows_without_film),
            "unmatched_rows": list(joined.rows_without_film),
            "films_without_row": len(dataset.films) - len(joined.table),
            "ignored_columns": list(joined.ignored),
            "missing_numbers": int(joined.table.isna().to_numpy().sum()),
            **({CHOSEN_BY: wanted.rule} if wanted is not None and looks(wanted.rule) else {}),
            **({"outputs": BY_CLASS} if joined.are_classes else {}),
            **({} if learned_from is None else {LEARNED: list(learned_from)}),
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
    parser.add_argument("--thresholds", metavar="WHAT", help=f"thresholds of the findings: {FILE_HELP} (default: none)")
    parser.add_argument("--target", type=float, metavar="X", help="what the rule asks for, such as 0.9")
    meanings = "; ".join(f"{name}: {words}" for name, words in MEANINGS.items())
    parser.add_argument(
        "--scale",
        choices=SCALES,
        default="probability",
        help=f"what the numbers are (default: probability). {meanings}",
    )
    parser.add_argument(
        "--learned-from",
        nargs="+",
        choices=(*SPLITS, NOTHING),
        metavar="SPLIT",
        help=f"splits that the model learned from, or {NOTHING} where it is known that it met no film of the dataset "
        "(default: not known)",
    )


def run(options: argparse.Namespace) -> int:
    """Import, and say what found no partner or was not read."""
    dataset = read_dataset(options.dataset)
    told = options.learned_from
    made, joined = import_csv(
        options.csv,
        dataset,
        options.out,
        model=options.model,
        threshold=options.thresholds,
        target=options.target,
        scale=options.scale,
        learned_from=None if told is None else [split for split in told if split != NOTHING],
    )
    outputs, classes = made.facts.outputs, class_names(dataset.films)
    kind, expected = (("class", "classes"), classes) if joined.are_classes else (("finding", "findings"), FINDINGS)
    print(f"{counted(len(made.table), 'film')} of {dataset.facts.name}, {counted(len(outputs), *kind)}")
    for told in _left_over(options.csv.name, made, joined, [name for name in expected if name not in outputs]):
        print(one_line(told), file=sys.stderr)
    return 0


def _left_over(name: str, made: Predictions, joined: Joined, absent: list[str]) -> Iterator[str]:
    if absent:
        yield f"{name} has no column for {', '.join(absent)}."
    if joined.ignored:
        yield f"Columns that are not read: {', '.join(joined.ignored)}."
    if missing := made.facts.notes["missing_numbers"]:
        cells = counted(missing, "cell holds", "cells hold")
        yield f"{cells} no number: {'this probability is' if missing == 1 else 'these probabilities are'} missing."
    if strangers := joined.rows_without_film:
        more = " and others; predictions.json names all" if len(strangers) > NAMED else ""
        yield f"{counted(len(strangers), 'row matches', 'rows match')} no film: {', '.join(strangers[:NAMED])}{more}."
    yield from few_values({name: made.table[name].to_numpy(float) for name in made.facts.outputs})


def _read_text(path: Path) -> pd.DataFrame:
    """Read all cells as text, so that each can be judged and quoted as it stands; the index counts rows from 1."""
    if not path.is_file():
        raise PredictionsError(f"There is no file {path}.")
    try:
        raw = read_text_table(path, keep_default_na=False)
    except TableError as error:
        raise PredictionsError(f"{path.name} cannot be read as a CSV ({error}).") from error
    raw.index += 2  # as a spreadsheet counts rows: the heading is the first
    raw = raw.fillna("")
    raw = raw[(raw != "").any(axis=1)]
    if raw.empty:
        raise PredictionsError(f"{path.name} has no rows below its header.")
    return raw


def _numbers(column: pd.Series, path: Path) -> pd.Series:
    numbers, blank = as_numbers(column), is_blank(column)
    wrong = ~blank & ~((numbers >= 0) & (numbers <= 1))  # NaN is wrong too
    if wrong.any():
        row = column.index[wrong][0]
        raise PredictionsError(
            f"{path.name} has “{column[row][:40]}” for {column.name} in row {row}; expected a number from 0 to 1."
        )
    return numbers.where(~blank)


def _refuse_twins(found: pd.Series, path: Path) -> None:
    twins = found[found.duplicated(keep=False)]
    if len(twins):
        first, second = twins.index[twins == twins.iloc[0]][:2]
        raise PredictionsError(f"{path.name} has two rows for the film “{twins.iloc[0]}”: rows {first} and {second}.")


def _refuse_labels(table: pd.DataFrame, films: pd.DataFrame, columns: Columns, names: pd.Index, path: Path) -> None:
    """Refuse the truth in place of a prediction: it would be judged as a model without fault."""
    told = truths(films.set_index("film").loc[table.index], tuple(table.columns), columns.are_classes)
    for output, truth in told.items():
        values = table[output].to_numpy()
        known = ~np.isnan(values) & ~np.isnan(truth)
        if not known.any() or not np.array_equal(values[known], truth[known]):
            continue
        column = columns.outputs[output]
        if other := prediction_beside(output, column, names):
            raise PredictionsError(
                f"{path.name} has the dataset's own labels in the column {column} and what looks like their prediction "
                f"in {other}: name the predictions {output} or prob_{output}, and leave the labels out."
            )


def _thresholds(wanted: Wanted, joined: Joined, films: pd.DataFrame) -> dict[str, Threshold]:
    """Give each output's threshold; a rule chooses it on the films' labels, and gives none without them."""
    table = joined.table
    if wanted.rule == "card":
        raise PredictionsError("An imported file has no card: expected a number, another rule or a file.")
    if wanted.rule == "half":
        return dict.fromkeys(table.columns, Threshold(0.5, "0.5"))
    if wanted.rule:
        told = truths(films.set_index("film").loc[table.index], tuple(table.columns), joined.are_classes)
        ranked = {name: rank(truth, table[name].to_numpy()) for name, truth in told.items()}
        return {name: wanted.threshold(name, one) for name, one in ranked.items() if not one.problem}
    named = [name for name in table.columns if name in wanted.named or not wanted.named]
    if not named:
        raise PredictionsError(f"{wanted.words} names a threshold for none of {', '.join(table.columns)}.")
    return {name: wanted.fixed(name) for name in named}
