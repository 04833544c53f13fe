"""What ``import training`` offers: datasets, their films and truth, predictions, and what they are worth, as tables.

The public names stand in ``training.__all__``; those imported here under their own name are among them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from training.datasets.facts import FACTS_FILE as DATASET_FILE
from training.datasets.facts import DatasetError
from training.datasets.table import Dataset, read_dataset
from training.evaluate.command import measure
from training.evaluate.joining import judge
from training.evaluate.wanted_thresholds import wanted_thresholds
from training.opening import open_film as open_film
from training.opening import open_masks as open_masks
from training.predictions.table import FACTS_FILE as PREDICTIONS_FILE
from training.predictions.table import Predictions, PredictionsError, read_predictions
from training.simulation.dataset import Plan, generate
from training.simulation.render import SIZE
from xai.built_in import ASSETS


def open_dataset(dataset: str | Path) -> Dataset:
    """Open a dataset.

    Parameters
    ----------
    dataset : str or Path
        Name of one that comes with the app, or path of a folder that ``python -m training dataset`` wrote.

    Returns
    -------
    Dataset
        Its ``films`` is a pandas table, one row a film.

    Raises
    ------
    DatasetError
        If there is none of that name or path, or it cannot be read.

    Examples
    --------
    >>> dataset = training.open_dataset("simulated")
    >>> dataset
    <Dataset simulated: 240 films>
    >>> int(dataset.films["Effusion"].sum())
    45
    """
    folder = _folder(dataset, "datasets", DATASET_FILE)
    if folder is None:
        raise DatasetError(_missing("dataset", dataset, "datasets", DATASET_FILE))
    return read_dataset(folder)


def open_predictions(predictions: str | Path) -> Predictions:
    """Open a model's predictions.

    Parameters
    ----------
    predictions : str or Path
        Name of those that come with the app, or path of a folder that ``python -m training predict`` wrote.

    Returns
    -------
    Predictions
        Its ``table`` is a pandas table of probabilities, one row a film, one column an output.

    Raises
    ------
    PredictionsError
        If there are none of that name or path, or they cannot be read.

    Examples
    --------
    >>> predictions = training.open_predictions("lightbox-on-simulated-2000")
    >>> predictions
    <Predictions lightbox-on-simulated-2000: 2,000 films, 14 outputs>
    >>> predictions.open_dataset()
    <Dataset simulated-2000: 2,000 films>
    """
    folder = _folder(predictions, "predictions", PREDICTIONS_FILE)
    if folder is None:
        raise PredictionsError(_missing("predictions", predictions, "predictions", PREDICTIONS_FILE))
    return read_predictions(folder)


def metrics(
    predictions: Predictions | str | Path,
    split: str | None = None,
    thresholds: str = "card",
    target: float | None = None,
) -> pd.DataFrame:
    """Measure predictions against the labels of their dataset, as ``python -m training evaluate`` does.

    Parameters
    ----------
    predictions : Predictions, str or Path
        What `open_predictions` gave or takes.
    split : {"never-met", "all", "train", "validation", "test"}, optional
        Only films of this split. Without it those that the model has never met, where that is known and it met others
        of them; else all.
    thresholds : str
        What decides the threshold of each finding: a rule, a number or a file; see
        `training.evaluate.wanted_thresholds`.
    target : float, optional
        What the rule asks for, such as a sensitivity of 0.9.

    Returns
    -------
    DataFrame
        One row a finding, with the columns of ``metrics.csv``: `training.evaluate.command.COLUMNS` defines each. NaN
        where something cannot be said.

    Raises
    ------
    EvaluateError, DatasetError
        If nothing of them can be judged, or there is no such split or rule.

    Examples
    --------
    >>> predictions = training.open_predictions("lightbox-on-simulated-2000")
    >>> table = training.metrics(predictions, thresholds="sensitivity", target=0.9)
    >>> bool((table["sensitivity"] >= 0.9).all())
    True
    """
    wanted = wanted_thresholds(thresholds, target)
    judged = judge(open_predictions(predictions) if isinstance(predictions, str | Path) else predictions)
    return measure(judged.in_split(split or judged.usual), wanted)[0]


def simulate(
    out: str | Path,
    films: int,
    seed: int = 0,
    size: int = SIZE,
    prevalence: str = "natural",
    workers: int | None = None,
) -> Dataset:
    """Make a dataset of simulated films whose truth is known to the pixel.

    Parameters
    ----------
    out : str or Path
        Folder to write; what is there of the same dataset is kept.
    films : int
        How many.
    seed : int
        The same seed gives the same films.
    size : int
        Side in pixels.
    prevalence : {"natural", "balanced"}
        Findings as often as in ChestX-ray14, or each in turn.
    workers : int, optional
        Processes that render; one a core without it.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If the folder holds another dataset.

    Examples
    --------
    >>> dataset = training.simulate("made", films=2, size=64, prevalence="balanced", workers=1)
    >>> dataset
    <Dataset made: 2 films>
    >>> training.open_film(dataset, "s00001")
    <Film: 64 × 64 px, from PNG of 64 × 64 px with 8 bits>
    """
    return read_dataset(generate(Plan(films, seed, size, prevalence), Path(out), workers))


def _folder(name_or_path: str | Path, kind: str, file: str) -> Path | None:
    """Find a folder by its name among those that come with the app, or by its path."""
    built_in = ASSETS / kind / str(name_or_path)
    folders = [built_in, Path(name_or_path)] if isinstance(name_or_path, str) else [name_or_path]
    return next((folder for folder in folders if (folder / file).is_file()), None)


def _missing(what: str, asked: str | Path, kind: str, file: str) -> str:
    names = ", ".join(sorted(path.parent.name for path in (ASSETS / kind).glob(f"*/{file}")))
    return f"There is no {what} “{asked}”: name one of {names or 'none'}, or a folder's path."
