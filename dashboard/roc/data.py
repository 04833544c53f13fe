"""What the ROC page draws, computed once for all visitors and kept by the stamp of the files that it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from training.evaluate.bootstrap import BAND_DRAWS, RocBand, roc_band
from training.evaluate.by_patient import ByPatient, by_patient
from training.evaluate.calibration import CalibrationCurve, brier_score, calibration_curve
from training.evaluate.histogram import Histogram, score_histogram
from training.evaluate.judged import Judged
from training.evaluate.precision_recall import PrecisionRecallCurve, clustered_average_precision, precision_recall_curve
from training.evaluate.ranked import Ranked, rank
from training.evaluate.roc import Auroc, RocCurve, clustered_area, roc_curve
from training.evaluate.subgroups import BY, SMALL, group_of

POINTS = 400  # of a large curve
SMALL_POINTS = 60  # of one in the overview
MANY_FILMS = 100_000
BARS, FEW_BARS, MANY_BARS_FROM = 40, 20, 2000  # of the histogram, and films that fill many
FEW_DRAWS = 60  # of the band above so many films: they cost as much, and the band is narrow
KEPT = 64


@dataclass(frozen=True)
class Row:
    """One finding of the overview.

    Attributes
    ----------
    finding : str
    auroc : Auroc
    curve : RocCurve
    prevalence : float
    problem : str
        Why nothing can be said; empty where it can.
    """

    finding: str
    auroc: Auroc
    curve: RocCurve
    prevalence: float
    problem: str


@dataclass(frozen=True, eq=False)
class Curves:
    """What is drawn of one finding, whatever the threshold."""

    roc: RocCurve
    band: RocBand
    precision_recall: PrecisionRecallCurve
    calibration: CalibrationCurve
    histogram: Histogram
    average_precision: float
    average_precision_ends: tuple[float, float]
    brier: float


@dataclass(frozen=True, eq=False)
class Group:
    """A part of the films: what is needed to measure it at any threshold."""

    by: str
    name: str
    films: int
    ranked: Ranked
    by_patient: ByPatient
    auroc: Auroc
    caution: str


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def overview(stamp: str, _judged: Judged) -> tuple[Row, ...]:
    """Measure every finding."""
    rows = []
    for finding in _judged.findings:
        ranked = _judged.ranked(finding)
        curve = roc_curve(ranked, SMALL_POINTS)
        rows.append(Row(finding, _judged.auroc(finding), curve, ranked.prevalence, ranked.problem))
    return tuple(rows)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def curves(stamp: str, finding: str, groups: str, _judged: Judged) -> Curves:
    """Draw one finding."""
    ranked = _judged.ranked(finding)
    precision, low, high = clustered_average_precision(_judged.by_patient(finding))
    return Curves(
        roc=roc_curve(ranked, POINTS),
        band=band(stamp, finding, _judged),
        precision_recall=precision_recall_curve(ranked, POINTS),
        calibration=calibration_curve(ranked, by=groups, whose=_judged.by_patient(finding)),
        histogram=score_histogram(ranked, BARS if ranked.films >= MANY_BARS_FROM else FEW_BARS),
        average_precision=precision,
        average_precision_ends=(low, high),
        brier=brier_score(ranked),
    )


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def band(stamp: str, finding: str, _judged: Judged) -> RocBand:
    """Draw the ROC curve's band."""
    draws = BAND_DRAWS if len(_judged) < MANY_FILMS else FEW_DRAWS
    rng = np.random.default_rng(0)
    truth, scores = _judged.truth(finding), _judged.scores(finding)
    return roc_band(truth, scores, _judged.patients, rng, draws, drawn_are=_judged.whose.drawn)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def groups(stamp: str, finding: str, _judged: Judged) -> tuple[Group, ...]:
    """Rank each subgroup's films, so that a moving threshold need not."""
    found = [_group(_judged, finding, np.ones(len(_judged), bool), "all", "all films")]
    for column in BY:
        members = group_of(_judged.films, column)
        names = [name for name in members.cat.categories if (members == name).any()]
        if len(names) > 1:
            found += [_group(_judged, finding, (members == name).to_numpy(), column, name) for name in names]
    return tuple(found)


def _group(judged: Judged, finding: str, here: np.ndarray, by: str, name: str) -> Group:
    labels, scores = judged.truth(finding)[here], judged.scores(finding)[here]
    ranked = rank(labels, scores)
    patients = judged.patients[here]
    area = clustered_area(ranked, labels, patients)
    caution = ranked.problem
    if not caution and min(ranked.positives, ranked.negatives) < SMALL:
        caution = f"Only {ranked.positives} films with the finding and {ranked.negatives} without."
    return Group(by, name, int(here.sum()), ranked, by_patient(ranked, labels, patients), area, caution)


def order(rows: tuple[Row, ...], sort: str, flagged: dict[str, float]) -> list[Row]:
    """Put the overview in order; findings of which nothing can be said come last.

    Parameters
    ----------
    rows : tuple of Row
    sort : str
        One of `dashboard.roc.state.SORTS`.
    flagged : dict of str to float
        Share of films flagged by finding, for the order by excess.
    """
    keys = {
        "worst": lambda row: row.auroc.value,
        "best": lambda row: -row.auroc.value,
        "excess": lambda row: row.prevalence - flagged.get(row.finding, 0.0),
        "common": lambda row: -row.prevalence,
        "usual": lambda row: 0,
    }
    usable = [row for row in rows if not row.problem]
    return sorted(usable, key=keys[sort]) + [row for row in rows if row.problem]
