"""Labels that the model doubts: confident learning (Northcutt, Jiang and Chuang, JAIR 2021), one finding at a time.

Films can have any number of findings, so each finding is a question of its own with two classes, present and absent, as
cleanlab does with several labels a film. The model is *sure* of a class where it gives it at least the mean probability
that it gives films with that label. A label is *in doubt* where the model is sure of the other class.

Each class has its own mean, so that a model which says 90 % of everything is not sure of everything. What is in doubt
is not wrong: a wrong label, and a film that the model cannot read, look alike. `training.evaluate.doubt_simulated` says
how often a label in doubt would be a wrong one. All of it needs probabilities of films that the model has never met: a
model that has seen a label agrees with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from training.evaluate.by_patient import share_of
from training.evaluate.judged import Judged
from training.evaluate.met_words import met_codes
from training.evaluate.ranked import usable
from training.evaluate.rates import Share
from xai.findings import finding_label

ROUNDING = 1e-9  # of a mean: films that all have the same probability have at least that mean
LABELS = ("present", "absent")


@dataclass(frozen=True)
class Side:
    """The films with one of the two labels.

    Attributes
    ----------
    films : int
        With this label and a probability.
    share : Share
        Of the films with this label of which the model is sure either way, those in doubt: ``count`` of ``of``.
    """

    films: int
    share: Share

    @property
    def wrong(self) -> tuple[float, float, float]:
        """How many of the labels are wrong after confident learning, with the ends of its 95 % interval.

        This takes the model at its word wherever it is sure. NaN where it is sure of none of the films.
        """
        return self.films * self.share.value, self.films * self.share.low, self.films * self.share.high


@dataclass(frozen=True, eq=False)
class Doubts:
    """What a model doubts of the labels of a finding.

    Attributes
    ----------
    sure_present, sure_absent : float
        The model is sure that the finding is there from the one probability upwards, and that it is not from the other
        downwards; NaN where `problem` says why not.
    positive, known : bool array (films,)
        Films labelled present, and those with a label and a probability.
    scores : float64 array (films,)
    present, absent : Side
        Of films labelled so.
    problem : str
        Why nothing can be said; empty where it can.
    """

    sure_present: float
    sure_absent: float
    positive: np.ndarray
    known: np.ndarray
    scores: np.ndarray
    present: Side
    absent: Side
    problem: str = ""

    @cached_property
    def doubted(self) -> dict[str, np.ndarray]:
        """Films whose label is in doubt, by `LABELS`, the most doubtful first: int arrays of rows."""
        present = np.flatnonzero(self.known & self.positive & (self.scores <= self.sure_absent))
        absent = np.flatnonzero(self.known & ~self.positive & (self.scores >= self.sure_present))
        return {
            "present": present[np.argsort(self.scores[present], kind="stable")],
            "absent": absent[np.argsort(-self.scores[absent], kind="stable")],
        }


def doubts(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray | None = None) -> Doubts:
    """Find the labels of a finding that the model doubts.

    Parameters
    ----------
    labels : array (films,)
        1, 0 or missing (NaN, -1).
    scores : array (films,)
        Probabilities; NaN where a film has none.
    patients : int array (films,), optional
        Number of each film's patient, from 0, for the intervals; without it each film stands for itself.
    """
    positive, known = usable(labels, scores)
    scores = np.asarray(scores, float)
    patients = np.arange(len(scores)) if patients is None else patients
    with_it, without = known & positive, known & ~positive
    problem, high, low = "", math.nan, math.nan
    if not with_it.any() or not without.any():
        problem = "Doubts need films with the finding and films without it."
    else:
        high, low = float(scores[with_it].mean()), float(scores[without].mean())
        if high - low <= ROUNDING:
            problem = "The model gives films with the finding no higher probabilities than those without it."
            high, low = math.nan, math.nan
    high, low = high * (1 - ROUNDING), low * (1 + ROUNDING)
    above, below = scores >= high, scores <= low
    return Doubts(
        high,
        low,
        positive,
        known,
        scores,
        Side(int(with_it.sum()), share_of(with_it & below, with_it & (above | below), patients)),
        Side(int(without.sum()), share_of(without & above, without & (above | below), patients)),
        problem,
    )


def judged_doubts(judged: Judged, finding: str) -> Doubts:
    """Find the labels of a finding that the model doubts, with intervals that know the films' patients."""
    return doubts(judged.truth(finding), judged.scores(finding), judged.patients)


def doubt_table(judged: Judged, finding: str) -> pd.DataFrame:
    """List the films whose label is in doubt.

    Returns
    -------
    DataFrame
        One row a film, those labelled present first, the most doubtful of each first: ``finding, label`` (1 or 0),
        ``film, patient, split, probability``, ``self_confidence`` (the probability of the label),
        ``normalized_margin`` (that less the probability of the other class), ``rank`` from 1 among films with this
        label, and ``met``: what it served for, in the words of `training.evaluate.met_words.met_codes`.
    """
    found = judged_doubts(judged, finding)
    rows = np.concatenate([found.doubted[label] for label in LABELS])
    films, scores, positive = judged.films.iloc[rows], found.scores[rows], found.positive[rows]
    confidence = np.where(positive, scores, 1 - scores)
    met = met_codes(judged.met, judged.films["patient"].notna().to_numpy(), finding)
    return pd.DataFrame(
        {
            "finding": finding,
            "label": positive.astype(int),
            "film": films["film"].to_numpy(),
            "patient": films["patient"].to_numpy(),
            "split": films["split"].to_numpy(),
            "probability": scores,
            "self_confidence": confidence,
            "normalized_margin": 2 * confidence - 1,
            "rank": np.concatenate([np.arange(1, len(found.doubted[label]) + 1) for label in LABELS]),
            "met": met[rows],
        }
    )


def out_of_sample(judged: Judged, finding: str) -> str:
    """Say of how many of the films the model may have seen the labels, so that it hides its doubts; empty of none."""
    new, unknown = judged.met.new(finding), judged.met.unknown
    met, open_ = int((~new & ~unknown).sum()), int(unknown.sum())
    told = []
    if met:
        told.append(f"The model has met {met:,} of these {len(judged):,} films for {finding_label(finding)}.")
    if open_:
        told.append(f"Of {open_:,} of these {len(judged):,} films it is not known whether the model met them.")
    need = "Doubts count only on films that it has never met: a model that has seen a label agrees with it."
    return " ".join([*told, need]) if told else ""
