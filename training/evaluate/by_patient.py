"""One finding's films by patient: the rates at any threshold, with intervals that know whose films they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.evaluate.intervals import clustered_share, like_patients
from training.evaluate.ranked import Ranked, dot, numbered
from training.evaluate.rates import SHARES, Rates, Share, rates, rates_of


@dataclass(frozen=True, eq=False)
class ByPatient:
    """Ranked films, their labels and their patients; made with `by_patient`.

    Attributes
    ----------
    ranked : Ranked
    owner : int array (films,)
        Number of each film's patient, of films that are ranked.
    places : int array (films,)
        Where each of these films stands in ``ranked.scores``.
    positive : bool array (films,)
        Whether it has the finding.
    patients : int
        How many numbers there are.
    """

    ranked: Ranked
    owner: np.ndarray
    places: np.ndarray
    positive: np.ndarray
    patients: int

    def count(self, films: np.ndarray) -> np.ndarray:
        """Count films of each patient, float64 (patients,); ``films`` is bool (films,)."""
        return np.bincount(self.owner[films], minlength=self.patients).astype(float)

    @cached_property
    def positives(self) -> np.ndarray:
        """Films with the finding of each patient, (patients,)."""
        return self.count(self.positive)

    @cached_property
    def negatives(self) -> np.ndarray:
        """Films without it of each patient, (patients,)."""
        return self.count(~self.positive)

    @cached_property
    def repeat(self) -> bool:
        """Whether a patient has more than one of the films."""
        return bool((self.positives + self.negatives).max(initial=0) > 1)

    @property
    def fewest(self) -> float:
        """How many patients have films of the rarer kind, as far as their films are alike."""
        return min(like_patients(self.positives), like_patients(self.negatives))

    def cells(self, threshold: float) -> dict[str, np.ndarray]:
        """Give the confusion matrix of each patient: ``tp, fp, fn, tn``, float64 (patients,) each."""
        flagged = self.places >= int(self.ranked.position(threshold))
        found, raised = self.count(flagged & self.positive), self.count(flagged & ~self.positive)
        return {"tp": found, "fp": raised, "fn": self.positives - found, "tn": self.negatives - raised}

    def rates(self, threshold: float) -> Rates:
        """Give all rates at a threshold; those of films of different patients are `training.evaluate.rates.rates`."""
        counts = self.ranked.counts(threshold)
        return rates_of(counts, self.shares(threshold, SHARES)) if self.repeat else rates(counts)

    def shares(self, threshold: float, names: Iterable[str]) -> dict[str, Share]:
        """Give some of the rates at a threshold, by the names of `training.evaluate.rates.SHARES`."""
        cells = self.cells(threshold)
        asked = {name: SHARES[name] for name in names}
        return {name: clustered_share(_sum(cells, has), _sum(cells, among)) for name, (has, among) in asked.items()}

    @cached_property
    def prevalence(self) -> Share:
        """Share of the films that has the finding, whatever the threshold."""
        return clustered_share(self.positives, self.positives + self.negatives)

    def ppv_variance(self, threshold: float) -> float | None:
        """Give what `training.evaluate.rates.ppv_at` takes for its interval; None where no patient has two films."""
        counts = self.ranked.counts(threshold)
        if not self.repeat or not counts.tp or not counts.fp:
            return None
        cells = self.cells(threshold)
        sensitivity, alarms = counts.tp / self.ranked.positives, counts.fp / self.ranked.negatives
        off = (cells["tp"] - sensitivity * self.positives) / counts.tp
        off -= (cells["fp"] - alarms * self.negatives) / counts.fp
        return dot(off, off)


def by_patient(ranked: Ranked, labels: np.ndarray, patients: np.ndarray) -> ByPatient:
    """Put ranked films beside their patients.

    Parameters
    ----------
    ranked : Ranked
    labels, patients : array (films,)
        Of the same films, in the order in which they were ranked; a film whose patient is none stands for itself.
    """
    owner, count = numbered(patients)
    used = ranked.places >= 0
    return ByPatient(ranked, owner[used], ranked.places[used], np.asarray(labels)[used] == 1, count)


def share_of(has: np.ndarray, among: np.ndarray, patients: np.ndarray) -> Share:
    """Give a share of films with an interval that knows their patients.

    Parameters
    ----------
    has, among : bool array (films,)
        Which films have it, and among which; what has it outside does not count.
    patients : int array (films,)
        Number of each film's patient, from 0.
    """
    size = int(patients.max(initial=-1)) + 1
    return clustered_share(
        np.bincount(patients[has & among], minlength=size), np.bincount(patients[among], minlength=size)
    )


def _sum(cells: dict[str, np.ndarray], names: Iterable[str]) -> np.ndarray:
    first, *rest = names
    return sum((cells[name] for name in rest), cells[first])
