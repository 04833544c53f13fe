"""Predictions beside the truth: one row a film, in the same order everywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.patients import PatientCount, count_patients
from training.datasets.table import SPLITS
from training.evaluate.by_patient import ByPatient, by_patient
from training.evaluate.intervals import METHOD, METHOD_BY_PATIENT
from training.evaluate.met import Met, nobody_knows
from training.evaluate.ranked import EvaluateError, Ranked, rank
from training.evaluate.rates import Rates
from training.evaluate.roc import Auroc, area, clustered_area
from xai.cards.model_card import DEFAULT_THRESHOLD, Threshold

CHOSEN_BY = "thresholds_chosen_by"  # in the notes of imported predictions: a rule, on their own films
ALL, NEVER_MET, NOT_MET = "all", "never-met", "not-met"
CHOICES = (NEVER_MET, NOT_MET, ALL, *SPLITS)


@dataclass(frozen=True, eq=False)
class Judged:
    """Predicted films with their labels.

    Attributes
    ----------
    model, dataset : str
        Whose predictions, of which films.
    findings : tuple of str
        Outputs that the dataset has labels for: findings and classes.
    labels : float32 array (films, findings)
        1, 0 or NaN.
    probabilities : float64 array (films, findings)
        In [0, 1]; NaN where the film has none.
    patients : int array (films,)
        Number of each film's patient, for intervals; a film whose patient is not known has a number of its own.
    films : DataFrame
        The dataset's rows of these films, in the same order, indexed from 0.
    thresholds : dict of str to Threshold
        Those of the model card.
    card : dict
        The model card; empty where there is none.
    unpredicted, unlabelled : int
        Films of the dataset without a row of predictions, and predicted films that the dataset does not have; both
        are left out.
    classes : tuple of str
        Those of ``findings`` that are judged by the films' classes, each against the rest.
    unjudged : tuple of str
        Outputs that the dataset says nothing of; they are left out.
    ignored : tuple of str
        Columns of an imported table that were not read.
    patients_known : bool
        Whether the patient of every film of the dataset is known, judged or not: only then can one split be of other
        patients than another.
    met : Met
        Which of these films the model met before, to fit or to choose something, as far as anybody recorded it.
    own_lot : bool
        Whether the dataset's split is a random lot that was drawn here, of which nobody else's model knows.
    withheld : dict of str to int
        By finding: films whose label does not count since a remedy for it was fitted on them; see `never_met`.
    left_out : dict of str to int
        Films that are left out here since only those count that the model has never met: ``met``, and ``unknown`` where
        nobody knows; empty where none is.
    chosen_by : str
        Rule that chose ``thresholds`` on these very films, when somebody's predictions were imported; empty where none.
    """

    model: str
    dataset: str
    findings: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray
    patients: np.ndarray
    films: pd.DataFrame
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    unpredicted: int = 0
    unlabelled: int = 0
    classes: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    patients_known: bool = True
    met: Met = field(default_factory=lambda: nobody_knows(0))
    own_lot: bool = False
    withheld: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    chosen_by: str = ""
    _ranked: dict[str, Ranked] = field(default_factory=dict, init=False, repr=False)
    _by_patient: dict[str, ByPatient] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.films)

    @cached_property
    def whose(self) -> PatientCount:
        """How many patients, as far as they are known, and what to say where they are not."""
        return count_patients(self.films["patient"])

    @property
    def patient_count(self) -> int:
        """Number of patients that are known."""
        return self.whose.patients

    @cached_property
    def patients_repeat(self) -> bool:
        """Whether a known patient has more than one film here: intervals must then know it."""
        return len(np.unique(self.patients)) < len(self)

    @property
    def interval_method(self) -> str:
        """How intervals of shares and of `auroc` are made, in words, and what they do not know."""
        variance = "DeLong's variance"
        if self.patients_repeat:
            variance = "Obuchowski's variance, which knows that films of one patient are alike"
        areas = f"AUROC: a score interval with {variance}. Average precision: one with a jackknife's."
        return f"Shares: {self.share_method}. {areas} {self.whose.caution}".rstrip()

    @property
    def share_method(self) -> str:
        """Whose interval a share has, in words; see `training.evaluate.intervals`."""
        return METHOD_BY_PATIENT if self.patients_repeat else METHOD

    def index(self, finding: str) -> int:
        """Column of a finding; raises `EvaluateError` where it is not judged."""
        if finding not in self.findings:
            raise EvaluateError(f"{finding} is not judged here; {', '.join(self.findings)} are.")
        return self.findings.index(finding)

    def truth(self, finding: str) -> np.ndarray:
        """Labels of a finding, float32 (films,) with 1, 0 and NaN."""
        return self.labels[:, self.index(finding)]

    def scores(self, finding: str) -> np.ndarray:
        """Probabilities of a finding, float64 (films,)."""
        return self.probabilities[:, self.index(finding)]

    def ranked(self, finding: str) -> Ranked:
        """Films in order of their probability of a finding; sorted once and kept."""
        if finding not in self._ranked:
            self._ranked[finding] = rank(self.truth(finding), self.scores(finding))
        return self._ranked[finding]

    def by_patient(self, finding: str) -> ByPatient:
        """Films of a finding beside their patients; put together once and kept."""
        if finding not in self._by_patient:
            self._by_patient[finding] = by_patient(self.ranked(finding), self.truth(finding), self.patients)
        return self._by_patient[finding]

    def rates(self, finding: str, threshold: float) -> Rates:
        """All rates of a finding at a threshold, with intervals that know the films' patients."""
        return self.by_patient(finding).rates(threshold)

    def auroc(self, finding: str) -> Auroc:
        """AUROC with its interval: DeLong's, or where known patients have several films, Obuchowski's."""
        if self.patients_repeat:
            return clustered_area(self.ranked(finding), self.truth(finding), self.patients)
        return area(self.ranked(finding))

    def threshold(self, finding: str) -> Threshold:
        """Threshold of the card; 0.5, said to be so, where it names none."""
        return self.thresholds.get(finding, DEFAULT_THRESHOLD)

    def chosen_here(self, finding: str) -> str:
        """Name the rule that chose a finding's threshold on these very films; empty where none did."""
        return self.chosen_by if finding in self.thresholds and finding not in self.met.mended else ""

    def outcome(self, finding: str, threshold: float) -> np.ndarray:
        """Cell of each film: an array (films,) of ``TP``, ``FP``, ``FN``, ``TN``, empty where it has none."""
        truth, scores = self.truth(finding), self.scores(finding)
        flagged, known = scores >= threshold, ((truth == 0) | (truth == 1)) & ~np.isnan(scores)
        cell = np.where(truth == 1, np.where(flagged, "TP", "FN"), np.where(flagged, "FP", "TN"))
        return np.where(known, cell, "")

    def cautions(self) -> dict[str, str]:
        """Findings of which not everything can be said, and why, in one sentence each."""
        return {name: self.ranked(name).problem for name in self.findings if self.ranked(name).problem}

    def restrict(self, keep: np.ndarray) -> Judged:
        """Give some of the films; ``keep`` is a bool array (films,), or rows in the order wanted."""
        films = self.films.iloc[keep].reset_index(drop=True)
        return dataclasses.replace(
            self,
            labels=self.labels[keep],
            probabilities=self.probabilities[keep],
            patients=self.patients[keep],
            films=films,
            met=self.met.restrict(keep),
        )

    def in_split(self, split: str) -> Judged:
        """Give the films of a split, or all, or those that the model has never met.

        Parameters
        ----------
        split : str
            One of `CHOICES`.

        Raises
        ------
        EvaluateError
            If there is no such choice, or none of the films is in it.
        """
        if split not in CHOICES:
            raise EvaluateError(f"There is no split “{split}”; the splits are {', '.join(SPLITS)}.")
        if split in (ALL, NEVER_MET, NOT_MET):
            return self if split == ALL else self.never_met() if split == NEVER_MET else self.not_met()
        keep = (self.films["split"] == split).fillna(False).to_numpy(bool)
        if not keep.any():
            raise EvaluateError(f"None of the {len(self)} predicted films is in the split {split}.")
        return self.restrict(keep)

    def never_met(self) -> Judged:
        """Give the films of patients that the model has never met.

        Of a film that served to mend some findings only, the labels of the others count.

        Raises
        ------
        EvaluateError
            If there is none, or nobody recorded what the model was fitted on.
        """
        if not self.new.any():
            why = "it has met them all"
            if self.met.unknown.any():
                why = "of some that is not known" if self.met.known else "nobody recorded what it was fitted on"
            raise EvaluateError(f"None of these {len(self)} films is known to be new to {self.model}: {why}.")
        return self._only(self.new)

    def not_met(self) -> Judged:
        """Give the films that the model is not known to have met: nobody may know whether it did.

        Of a film that served to mend some findings only, the labels of the others count.

        Raises
        ------
        EvaluateError
            If there is none.
        """
        if not self.unmet.any():
            raise EvaluateError(f"{self.model} has met each of these {len(self)} films.")
        return self._only(self.unmet)

    def _only(self, counts: np.ndarray) -> Judged:
        """Give the films, and of these the labels, that count; bool (films, findings)."""
        keep = np.asarray(counts.any(axis=1))
        some, counts = self.restrict(keep), counts[keep]
        labels = np.asfortranarray(np.where(counts, some.labels, np.nan).astype(some.labels.dtype))
        withheld = (~counts & ~np.isnan(some.labels)).sum(axis=0)
        told = {name: int(count) for name, count in zip(self.findings, withheld, strict=True) if count}
        met = np.logical_or.reduce([self.met.has_met(name) for name in self.findings])
        left_out = {"met": int((~keep & met).sum()), "unknown": int((~keep & ~met).sum())}
        return dataclasses.replace(some, labels=labels, withheld=told, left_out=left_out)

    @cached_property
    def unmet(self) -> np.ndarray:
        """Films that the model is not known to have met, for each finding: bool (films, findings)."""
        return ~np.column_stack([self.met.has_met(name) for name in self.findings])

    @cached_property
    def new(self) -> np.ndarray:
        """Films that the model has never met, for each finding: bool (films, findings)."""
        return np.column_stack([self.met.new(name) for name in self.findings])

    @cached_property
    def usual(self) -> str:
        """Which films say most: those that the model has never met, if it met others and these can be measured.

        Where none is known to be new, such as where nothing is known but what it was mended on, those that it is not
        known to have met.
        """
        choice, counts = (NEVER_MET, self.new) if self.new.any() else (NOT_MET, self.unmet)
        if counts.all():
            return ALL
        known = ~np.isnan(self.probabilities) & counts
        measurable = ((self.labels == 1) & known).any(axis=0) & ((self.labels == 0) & known).any(axis=0)
        return choice if measurable.any() else ALL

    def with_probabilities(self, finding: str, probabilities: np.ndarray) -> Judged:
        """Give the same films with other probabilities of one finding."""
        changed = self.probabilities.copy(order="F")
        changed[:, self.index(finding)] = probabilities
        return dataclasses.replace(self, probabilities=changed)
