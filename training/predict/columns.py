"""Which columns of somebody else's table are what: the film's name, findings, classes, and what is left over."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.datasets.folders import meaning_of
from training.datasets.text_table import as_numbers, column_key, is_blank
from training.predictions.film_names import match_films
from training.predictions.table import PredictionsError
from xai.findings import FINDINGS

PREFIX = re.compile(r"prob[\s_.-]+(.+)", re.IGNORECASE)
# How tables call the column that names the film, the likeliest first; compared by `column_key`.
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
# What a column of predictions is called beside one of labels: pred_Mass, Mass_prob; as `column_key` spells it.
PREDICTED = ("pred", "preds", "prediction", "predicted", "prob", "probability", "p", "score", "output", "model")
LISTED = 8  # columns that a message names
ROUNDED = 0.005  # of a probability with two decimals


@dataclass(frozen=True)
class Columns:
    """What is read of a table of probabilities.

    Attributes
    ----------
    outputs : dict of str to str
        Finding or class -> column.
    are_classes : bool
        Whether the outputs are the dataset's classes, of which a film has one.
    """

    outputs: dict[str, str]
    are_classes: bool


def film_column(raw: pd.DataFrame, films: pd.DataFrame, path_name: str) -> str:
    """Find the column that names the film: by its name, or one without a name that holds films of the dataset.

    Raises
    ------
    PredictionsError
        Naming the columns that there are.
    """
    columns = {column_key(column): column for column in reversed(raw.columns)}
    for name in FILM_COLUMNS:
        if column_key(name) in columns:
            return columns[column_key(name)]
    for column in raw.columns:
        if column.endswith("(no name)") and match_films(raw[column], films).notna().any():
            return column
    raise PredictionsError(
        f"{path_name} has no column that names the film; expected one such as film, Image Index, Path or dicom_id, "
        f"but its columns are {listed(raw.columns)}."
    )


def choose_columns(raw: pd.DataFrame, classes: tuple[str, ...], path_name: str) -> Columns:
    """Find the outputs of a model among the columns of its table.

    Where the dataset has classes, columns that add up to one are of a model that tells classes apart: each must be one
    of the dataset's, or a finding that some of its classes are about, and is judged against the others. So are columns
    that are called as classes where none is a finding beside them. In any other table findings are read, and beside
    them classes that are no finding.

    Parameters
    ----------
    raw : DataFrame
        The table without the column that names the film. Where columns start with ``prob_``, only those are read.
    classes : tuple of str
        Of the dataset; often none.
    path_name : str
        What messages call the table.

    Raises
    ------
    PredictionsError
        If two columns stand for one output, or none for any; or if columns add up to one and some are no class of the
        dataset, or no finding where it has no classes, so that the others would be judged against the wrong rest.
    """
    named = {column: marked[1] for column in raw.columns if (marked := PREFIX.match(column))}
    named = named or {column: column for column in raw.columns}
    of_classes = _matched(named, {column_key(name): name for name in classes}, path_name)
    of_classes |= _meant(named, [name for name in classes if name not in of_classes], set(of_classes.values()))
    together = [column for column in named if _holds_shares(raw[column])]
    add_up = _add_up(raw[together])
    if classes and add_up:
        about = _about(named, [name for name in classes if name not in of_classes], path_name)
        outputs = {name: of_classes[name] for name in classes if name in of_classes} | about
        _refuse_strangers([column for column in together if column not in outputs.values()], classes, path_name)
        return Columns(outputs, True)
    if of_classes and _only_classes(named, of_classes):
        return Columns({name: of_classes[name] for name in classes if name in of_classes}, True)
    known = {column_key(name): name for name in classes} | {column_key(name): name for name in FINDINGS}
    found = _matched(named, known, path_name)
    if not found:
        or_classes = f", or the classes {', '.join(classes)}" if classes else ""
        expected = f"names such as {FINDINGS[0]} or prob_{FINDINGS[0]}{or_classes}"
        raise PredictionsError(
            f"{path_name} has no column of a finding; expected {expected}, "
            f"but its other columns are {listed(raw.columns) or 'none'}."
        )
    if add_up:
        _refuse_strangers([column for column in together if column not in found.values()], classes, path_name)
    ordered = [name for name in (*FINDINGS, *classes) if name in found]
    return Columns({name: found[name] for name in ordered}, False)


def prediction_beside(output: str, column: str, columns: pd.Index) -> str | None:
    """Give the column that is called as if it were the prediction of an output whose own column holds labels."""
    names = {column_key(output), column_key(column)}
    called = {key for name in names for word in PREDICTED for key in (word + name, name + word)}
    return next((other for other in columns if other != column and column_key(other) in called), None)


def listed(columns: pd.Index) -> str:
    """Name the first columns."""
    names = [str(column)[:40] for column in columns[:LISTED]]
    return ", ".join(names) + (", …" if len(columns) > len(names) else "")


def _matched(named: dict[str, str], known: dict[str, str], path_name: str) -> dict[str, str]:
    """Give the column of each known name that has one; ``named`` is column -> its name, ``known`` key -> name."""
    found: dict[str, str] = {}
    for column, said in named.items():
        if (name := known.get(column_key(said))) is None:
            continue
        if name in found:
            raise PredictionsError(f"{path_name} has two columns for {name}: {found[name]} and {column}.")
        found[name] = column
    return found


def _meant(named: dict[str, str], classes: list[str], taken: set[str]) -> dict[str, str]:
    """Give the column of each class that is called otherwise, as covid is COVID-19, where that is not in doubt."""
    free = {column: meaning_of(name) for column, name in named.items() if column not in taken}
    meanings = {name: meaning_of(name) for name in classes}
    found = {}
    for name, meaning in meanings.items():
        alike = [column for column, other in free.items() if meaning is not None and other == meaning]
        if len(alike) == 1 and list(meanings.values()).count(meaning) == 1:
            found[name] = alike[0]
    return found


def _about(named: dict[str, str], classes: list[str], path_name: str) -> dict[str, str]:
    """Give the column of each finding that some of these classes are about, as Pneumonia of a viral one."""
    meanings = {meaning[0] for name in classes if (meaning := meaning_of(name)) is not None}
    return _matched(named, {column_key(name): name for name in FINDINGS if name in meanings}, path_name)


def _only_classes(named: dict[str, str], of_classes: dict[str, str]) -> bool:
    """Tell whether columns are meant as classes: several called so, or one exactly so, and no other a finding."""
    findings = {column_key(name) for name in FINDINGS}
    others = any(column_key(said) in findings for column, said in named.items() if column not in of_classes.values())
    exact = any(named[column] == name for name, column in of_classes.items())
    return not others and (len(of_classes) > 1 or exact)


def _refuse_strangers(strangers: list[str], classes: tuple[str, ...], path_name: str) -> None:
    if strangers:
        are = "is" if len(strangers) == 1 else "are"
        known = (
            f"none of the dataset's classes {', '.join(classes)}"
            if classes
            else "no finding, and the dataset has no classes"
        )
        raise PredictionsError(
            f"{path_name} has columns that add up to one, as of a model that tells classes apart, but "
            f"{', '.join(strangers)} {are} {known}: call each column as its {'class' if classes else 'finding'}, or "
            "leave out those of other classes."
        )


def _holds_shares(column: pd.Series) -> bool:
    """Tell whether a column holds numbers from 0 to 1, and nothing else but gaps."""
    numbers = as_numbers(column)[~is_blank(column)]
    return len(numbers) > 0 and bool(numbers.between(0, 1).all())


def _add_up(columns: pd.DataFrame) -> bool:
    """Tell whether each row of two columns or more adds up to one, as far as two decimals can show it."""
    if columns.shape[1] < 2:
        return False
    sums = columns.apply(as_numbers).sum(axis=1, skipna=False).dropna()
    return len(sums) > 0 and bool(np.all(np.abs(sums - 1) <= ROUNDED * columns.shape[1] + 1e-6))
