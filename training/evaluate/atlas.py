"""The error atlas: what wrongly judged films share, and a map of films by the model's own features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from training.evaluate.apart import apart
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.evaluate.subgroups import BY, members
from xai.findings import finding_label

CORRECTION = (
    "Many traits are compared at once, so some differ by chance. q is the p value of Fisher's exact test, weakened as "
    "far as films of one patient are alike (Rao and Scott, 1992), after Benjamini and Hochberg's correction (1995): of "
    "the traits with q below 0.05, about one in twenty is a false alarm."
)
COLUMNS = [
    *("trait", "group", "count", "of", "share", "against_count", "against_of", "against_share"),
    *("difference", "low", "high", "p"),
]


@dataclass(frozen=True, eq=False)
class Projection:
    """Films in the plane in which the model's features differ most.

    Attributes
    ----------
    points : array (films, 2)
    explained : array (2,)
        Share of the features' variance along either axis.
    """

    points: np.ndarray
    explained: np.ndarray


def contrast(judged: Judged, finding: str, threshold: float, cell: str = "FP", against: str = "TP") -> pd.DataFrame:
    """Compare the films of two cells, trait by trait.

    Where patients have several films, intervals and p values know it.

    Parameters
    ----------
    judged : Judged
    finding : str
    threshold : float
    cell, against : {"TP", "FP", "FN", "TN"}

    Returns
    -------
    DataFrame
        One row a trait, smallest q first: ``trait, group`` (such as ``view``, ``AP`` or, of simulated films,
        ``object``, ``token``), ``count, of, share`` in the
        cell, ``against_count, against_of, against_share``, ``difference`` of the shares with ``low, high`` (95 %
        interval, see `training.evaluate.apart`), ``p`` and ``q``; see `CORRECTION`. Empty where a cell holds no films.
    """
    outcome = judged.outcome(finding, threshold)
    return contrast_films(judged, finding, outcome == cell, outcome == against)


def contrast_films(judged: Judged, finding: str, here: np.ndarray, there: np.ndarray) -> pd.DataFrame:
    """Compare two sets of films, trait by trait, as `contrast` does.

    Parameters
    ----------
    judged : Judged
    finding : str
        The films differ by it, or by what a model makes of it, so that it is no trait.
    here, there : bool array (films,)
    """
    rows = []
    for trait, group, has, known in _traits(judged, finding):
        found = apart(has, known, here, there, judged.patients)
        if not found.can_differ:
            continue
        rows.append(
            {
                "trait": trait,
                "group": group,
                "count": found.first.count,
                "of": found.first.of,
                "share": found.first.value,
                "against_count": found.second.count,
                "against_of": found.second.of,
                "against_share": found.second.value,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p": found.p,
            }
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["q"] = false_discovery_control(table["p"]) if len(table) else []
    return table.sort_values(["q", "p"], ignore_index=True)


def project(features: np.ndarray) -> Projection:
    """Lay films out in two dimensions by principal components.

    Linear, so that what is far apart in the picture is far apart in the features; what is close may still differ in
    directions that are not shown. The sign of each axis is fixed: its largest loading is positive.

    Parameters
    ----------
    features : array (films, features)

    Raises
    ------
    EvaluateError
        If there are fewer than three films, fewer than two features, or a number is not finite.
    """
    from sklearn.decomposition import PCA  # takes a second to import, and few visitors ask for the map

    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < 3 or features.shape[1] < 2:
        raise EvaluateError(f"A map needs at least 3 films and 2 features; got an array of {features.shape}.")
    if not np.isfinite(features).all():
        raise EvaluateError("A map needs finite features; some are not numbers.")
    found = PCA(2, svd_solver="full").fit(features)
    top = found.components_[[0, 1], np.abs(found.components_).argmax(axis=1)]
    return Projection(found.transform(features) * np.where(top < 0, -1, 1), found.explained_variance_ratio_)


def _traits(judged: Judged, finding: str) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Give each trait with the films that have it and those of which it is known."""
    everyone = np.ones(len(judged), bool)
    for column in BY:
        groups = members(judged.films, column)
        if len(groups) > 1:
            yield from ((column, name, has, everyone) for name, has in groups.items())
    for column in judged.films.columns[judged.films.columns.str.startswith("object_")]:  # of simulated films
        there = judged.films[column]
        yield "object", column.removeprefix("object_"), (there == 1).to_numpy(), there.notna().to_numpy()
    # Classes exclude each other: those of the films without this one are no trait that could have been otherwise.
    excluded = judged.classes if finding in judged.classes else (finding,)
    for other in judged.findings:
        if other not in excluded:
            labels = judged.truth(other)
            yield "finding", finding_label(other), labels == 1, (labels == 0) | (labels == 1)
