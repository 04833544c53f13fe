"""The error atlas: what wrongly judged films share, and a map of films by the model's own features."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import false_discovery_control, fisher_exact

from training.evaluate.intervals import clustered_share
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError, dot
from training.evaluate.rates import Share
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
        interval, see `newcombe`), ``p`` and ``q``; see `CORRECTION`. Empty where a cell holds no films.
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
    patients, size = judged.patients, int(judged.patients.max(initial=-1)) + 1
    rows = []
    for trait, group, has, known in _traits(judged, finding):
        count, of = int((has & here).sum()), int((known & here).sum())
        count_there, of_there = int((has & there).sum()), int((known & there).sum())
        if not of or not of_there or not count + count_there:
            continue
        films = [np.bincount(patients[each], minlength=size) for each in (has & here, known & here)]
        films_there = [np.bincount(patients[each], minlength=size) for each in (has & there, known & there)]
        low, high = newcombe(clustered_share(*films), clustered_share(*films_there), _alike(*films, *films_there))
        p = fisher_exact([[count, of - count], [count_there, of_there - count_there]]).pvalue
        p = _weakened(float(p), _design_effect(*films, *films_there))
        rows.append(
            {
                "trait": trait,
                "group": group,
                "count": count,
                "of": of,
                "share": count / of,
                "against_count": count_there,
                "against_of": of_there,
                "against_share": count_there / of_there,
                "difference": count / of - count_there / of_there,
                "low": low,
                "high": high,
                "p": min(p, 1.0),
            }
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["q"] = false_discovery_control(table["p"]) if len(table) else []
    return table.sort_values(["q", "p"], ignore_index=True)


def newcombe(first: Share, second: Share, correlation: float = 0.0) -> tuple[float, float]:
    """Give the 95 % interval of the difference of two shares from the interval of each.

    Newcombe's method 10 (Statistics in Medicine 1998); where the shares go together, as those of the same patients do,
    with their correlation (Zou and Donner, Statistics in Medicine 2008).
    """
    down, down_there = first.value - first.low, second.value - second.low
    up, up_there = first.high - first.value, second.high - second.value
    below = down**2 + up_there**2 - 2 * correlation * down * up_there
    above = up**2 + down_there**2 - 2 * correlation * up * down_there
    difference = first.value - second.value
    return difference - math.sqrt(max(below, 0.0)), difference + math.sqrt(max(above, 0.0))


def _alike(has: np.ndarray, among: np.ndarray, has_there: np.ndarray, among_there: np.ndarray) -> float:
    """Give the correlation of two shares whose films are partly of the same patients; arrays are (patients,)."""
    off = has - has.sum() / among.sum() * among
    off_there = has_there - has_there.sum() / among_there.sum() * among_there
    size = math.sqrt(dot(off, off) * dot(off_there, off_there))
    return dot(off, off_there) / size if size else 0.0


def _design_effect(has: np.ndarray, among: np.ndarray, has_there: np.ndarray, among_there: np.ndarray) -> float:
    """Say how much more a difference of shares varies than if each film were of another patient, were there none.

    At least 1, and exactly that where no patient has two of the films.
    """
    everybody = among.sum() + among_there.sum()
    value = (has.sum() + has_there.sum()) / everybody
    off = (has - value * among) / among.sum() - (has_there - value * among_there) / among_there.sum()
    alone = sum(
        (count.sum() * (1 - value) ** 2 + (of.sum() - count.sum()) * value**2) / of.sum() ** 2
        for count, of in ((has, among), (has_there, among_there))
    )
    return max(1.0, dot(off, off) / alone) if alone else 1.0


def _weakened(p: float, effect: float) -> float:
    """Give a two-sided p value for the same difference with fewer films: its deviate over the root of the effect."""
    return float(2 * ndtr(ndtri(p / 2) / math.sqrt(effect))) if effect > 1 else p


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
