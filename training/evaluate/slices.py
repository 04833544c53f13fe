"""A slice of the films against the rest: every measure of either, and how far they differ; and which slice is worst."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import false_discovery_control

from training.evaluate.apart import apart
from training.evaluate.conditions import Condition, groups
from training.evaluate.intervals import newcombe
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError, Ranked, dot, numbered, rank
from training.evaluate.rates import SHARES, Share
from training.evaluate.roc import Auroc, clustered_area, deviations
from training.evaluate.subgroups import SMALL

MEASURES = ("auroc", "sensitivity", "specificity", "ppv", "npv", "predicted_prevalence", "prevalence")
METHOD = (
    "Intervals of differences are Newcombe's, from those of both sides; p is that of Fisher's exact test, or for the "
    "AUROC of a normal deviate. All know that films of one patient are alike, also of one who has films on both sides."
)
CORRECTION = (
    "Each kind of film is held against all others. Many are, so some differ by chance: q is p after Benjamini and "
    "Hochberg's correction (1995) over all lines that were tried; of those with q below 0.05 about one in twenty is a "
    "false alarm."
)
MISSED, ALARMS = "missed", "false alarms"
COLUMNS = {
    "finding": "One of the findings, or a class of the dataset.",
    "measure": "What is measured; as in metrics.csv.",
    "threshold": "Probability from which a film is flagged, the same in the slice and in the rest.",
    "slice": "The measure in the slice.",
    "slice_low": "Lower end of its 95 % interval.",
    "slice_high": "Upper end.",
    "rest": "The measure in all other films.",
    "rest_low": "Lower end of its 95 % interval.",
    "rest_high": "Upper end.",
    "difference": "The slice less the rest.",
    "difference_low": "Lower end of its 95 % interval.",
    "difference_high": "Upper end.",
    "p": "Of no difference, two-sided.",
}
WORST = [
    *("condition", "error", "count", "of", "share", "rest_count", "rest_of", "rest_share"),
    *("difference", "low", "high", "p"),
]


@dataclass(frozen=True)
class Compared:
    """One measure of a slice and of the rest.

    Attributes
    ----------
    measure : str
        One of `MEASURES`.
    slice, rest : Share or Auroc
    difference, low, high : float
        The slice less the rest, with its 95 % interval; NaN where it cannot be said.
    p : float
        Of no difference, two-sided.
    """

    measure: str
    slice: Share | Auroc
    rest: Share | Auroc
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Sliced:
    """A finding in a slice and in the rest of the films.

    Attributes
    ----------
    films, rest_films : int
        Labelled or not.
    compared : tuple of Compared
        By `MEASURES`.
    caution : str
        Why the figures say little; empty where they say enough.
    """

    films: int
    rest_films: int
    compared: tuple[Compared, ...]
    caution: str


def compare_slice(judged: Judged, finding: str, threshold: float, here: np.ndarray) -> Sliced:
    """Measure a finding in a slice of the films and in the rest.

    Parameters
    ----------
    judged : Judged
    finding : str
    threshold : float
        The same for both.
    here : bool array (films,)
        The slice.

    Raises
    ------
    EvaluateError
        If the slice holds none of the films, or all of them.
    """
    if not here.any() or here.all():
        which = "all" if here.any() else "none"
        raise EvaluateError(
            f"The slice holds {which} of the {len(judged):,} films that are judged: nothing to compare."
        )
    outcome = judged.outcome(finding, threshold)
    cells = {cell: outcome == cell.upper() for cell in ("tp", "fp", "fn", "tn")}
    sides, areas = (here, ~here), _areas(judged, finding, here)
    compared = [areas]
    for measure in MEASURES[1:]:
        has, among = (np.logical_or.reduce([cells[cell] for cell in part]) for part in SHARES[measure])
        one = apart(has, among, *sides, judged.patients)
        compared.append(Compared(measure, one.first, one.second, one.difference, one.low, one.high, one.p))
    caution = _small("slice", cells, here) or _small("rest", cells, ~here)
    return Sliced(int(here.sum()), int((~here).sum()), tuple(compared), caution)


def _small(name: str, cells: Mapping[str, np.ndarray], side: np.ndarray) -> str:
    with_it, without = (
        int((cells[one] & side).sum() + (cells[two] & side).sum()) for one, two in (("tp", "fn"), ("fp", "tn"))
    )
    if min(with_it, without) >= SMALL:
        return ""
    return f"The {name} has {with_it} films with the finding and {without} without: little can be said."


def slice_table(judged: Judged, thresholds: Mapping[str, float], here: np.ndarray) -> pd.DataFrame:
    """Measure every finding in a slice and in the rest, as a table.

    Parameters
    ----------
    judged : Judged
    thresholds : mapping of str to float
        By finding; one without, or with NaN, gets no shares.
    here : bool array (films,)
        The slice.

    Returns
    -------
    DataFrame
        One row a finding and measure, with the columns `COLUMNS`.
    """
    rows = []
    for finding in judged.findings:
        cut = thresholds.get(finding, math.nan)
        for one in compare_slice(judged, finding, cut, here).compared:
            if math.isnan(cut) and one.measure not in ("auroc", "prevalence"):
                continue
            sides = [value for side in (one.slice, one.rest) for value in (side.value, side.low, side.high)]
            rows.append((finding, one.measure, cut, *sides, one.difference, one.low, one.high, one.p))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def worst(judged: Judged, finding: str, threshold: float) -> pd.DataFrame:
    """Find the kinds of film in which a finding is judged worse than in all others.

    Returns
    -------
    DataFrame
        One row a kind and error that is more common in it than elsewhere, smallest q first: ``condition`` (a
        `Condition`), ``error`` (`MISSED`, among films with the finding, or `ALARMS`, among those without), ``count, of,
        share`` in it, ``rest_count, rest_of, rest_share`` elsewhere, ``difference`` with ``low, high``, ``p`` and
        ``q``; see `CORRECTION`, which counts the kinds in which it is judged better, too.
    """
    outcome = judged.outcome(finding, threshold)
    rows = []
    for condition, here in _kinds(judged, finding):
        for error, wrong, among in ((MISSED, "FN", ("FN", "TP")), (ALARMS, "FP", ("FP", "TN"))):
            found = apart(outcome == wrong, np.isin(outcome, among), here, ~here, judged.patients)
            if not found.can_differ:
                continue
            first, second = found.first, found.second
            row = (condition, error, first.count, first.of, first.value, second.count, second.of, second.value)
            rows.append((*row, found.difference, found.low, found.high, found.p))
    table = pd.DataFrame(rows, columns=WORST)
    table["q"] = false_discovery_control(table["p"]) if len(table) else []
    return table[table["difference"] > 0].sort_values(
        ["q", "p", "difference"], ascending=[True, True, False], ignore_index=True
    )


def _kinds(judged: Judged, finding: str) -> Iterator[tuple[Condition, np.ndarray]]:
    """Give the kinds of film that the columns tell apart, but for the finding's own label and class."""
    for condition, here in groups(judged.films):
        if condition.column not in (finding, "class", "split"):
            yield condition, here


def _areas(judged: Judged, finding: str, here: np.ndarray) -> Compared:
    """Compare the AUROCs of both sides; the covariance is that of patients who have films on both."""
    labels, scores = judged.truth(finding), judged.scores(finding)
    owner, names = numbered(judged.patients)
    areas, offs = [], []
    for side in (here, ~here):
        ranked = rank(labels[side], scores[side])
        areas.append(clustered_area(ranked, labels[side], owner[side]))
        offs.append(_off(ranked, labels[side], owner[side], names))
    first, second = areas
    difference = first.value - second.value
    spread, both = first.variance * second.variance, dot(*offs)
    correlation = both / math.sqrt(spread) if spread > 0 else 0.0
    low, high = newcombe(first, second, max(-1.0, min(1.0, correlation)))
    variance = first.variance + second.variance - 2 * both
    p = float(2 * ndtr(-abs(difference) / math.sqrt(variance))) if variance > 0 else math.nan
    return Compared("auroc", first, second, difference, low, high, p)


def _off(ranked: Ranked, labels: np.ndarray, owner: np.ndarray, names: int) -> np.ndarray:
    """Sum the deviations of a side's AUROC patient by patient, (patients,)."""
    if not ranked.positives or not ranked.negatives:
        return np.zeros(names)
    return np.bincount(owner, deviations(ranked, np.where(ranked.places < 0, np.nan, labels)), names)
