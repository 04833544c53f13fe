"""On which scale somebody else's numbers are: probabilities, percentages or logits; asked, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy import special

from training.datasets.text_table import as_numbers, is_blank
from training.predictions.table import PredictionsError

SCALES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "probability": lambda numbers: numbers,
    "percent": lambda numbers: numbers / 100,
    "logit": special.expit,
}
MEANINGS = {
    "probability": "from 0 to 1",
    "percent": "from 0 to 100",
    "logit": "log-odds of each column by itself; of classes before their softmax",
}
MANY = 0.05  # of the numbers: fewer outside of 0 to 1 are slips of single cells


def ask_for_scale(columns: pd.DataFrame, path_name: str) -> None:
    """Refuse a table whose numbers are no probabilities, with what they look like.

    Parameters
    ----------
    columns : DataFrame
        Text, the columns of the outputs.

    Raises
    ------
    PredictionsError
        If many numbers lie outside of 0 to 1; a few are left to whoever reads the cells.
    """
    numbers = columns.apply(as_numbers).to_numpy(float)
    numbers = numbers[np.isfinite(numbers)]
    outside = (numbers < 0) | (numbers > 1)
    if outside.sum() < 2 or outside.mean() <= MANY:
        return
    low, high = numbers.min(), numbers.max()
    is_percent = low >= 0 and high <= 100
    looks, scale = ("percentages", "percent") if is_percent else ("logits", "logit")
    raise PredictionsError(
        f"{path_name} has numbers from {low:.4g} to {high:.4g}, which look like {looks}: say --scale {scale} if they "
        f"are; without it they must be probabilities from 0 to 1."
    )


def rescaled(raw: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Bring every column of numbers from a scale to probabilities, and leave what holds none as it is.

    Raises
    ------
    PredictionsError
        If there is no such scale.
    """
    if scale not in SCALES:
        raise PredictionsError(f"There is no scale “{scale}”; the scales are {', '.join(SCALES)}.")
    if scale == "probability":
        return raw
    return raw.assign(**{name: _rescaled(raw[name], scale) for name in raw.columns})


def softmax(logits: pd.DataFrame) -> pd.DataFrame:
    """Give the probabilities of classes that exclude each other, row by row; a row with a gap has none."""
    numbers = logits.apply(as_numbers).to_numpy(np.float64)
    return pd.DataFrame(special.softmax(numbers, axis=1), logits.index, logits.columns)


def _rescaled(column: pd.Series, scale: str) -> pd.Series:
    numbers, blank = as_numbers(column), is_blank(column)
    # Each cell stays text, as it is read from a file: what is no number is quoted as it stands.
    written = pd.Series(SCALES[scale](numbers.to_numpy()), column.index).map(str)
    return written.where(numbers.notna() & ~blank, column)
