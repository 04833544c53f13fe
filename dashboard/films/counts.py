"""What a selection of films holds, beside the whole dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.films.catalogue import MISSING, PRESENT, UNKNOWN, Films


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of some films of a dataset.

    Attributes
    ----------
    names : tuple of str
        Findings, or classes, that are counted; see `dashboard.films.catalogue.Films.named`.
    films, patients, strangers : int
        Films, known patients, and films whose patient is not known.
    known, present : int array (findings,)
        Films with a label of each finding, and those of them on which it is present.
    together : int array (findings, findings)
        Films on which both are present; the diagonal holds ``present``.
    """

    names: tuple[str, ...]
    films: int
    patients: int
    strangers: int
    known: np.ndarray
    present: np.ndarray
    together: np.ndarray

    @property
    def prevalence(self) -> np.ndarray:
        """Share of the labelled films on which each finding is present; NaN where none is labelled."""
        return np.divide(self.present, self.known, out=np.full(len(self.known), np.nan), where=self.known > 0)

    @property
    def overlap(self) -> np.ndarray:
        """Of the films with the row's finding, the share that has the column's too; NaN where there is none."""
        whole = np.broadcast_to(self.present[:, None], self.together.shape)
        return np.divide(self.together, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def count(films: Films, rows: np.ndarray) -> Counts:
    """Count films, patients, labels and pairs of findings among some rows."""
    labels = films.named_labels if len(rows) == len(films) else films.named_labels[:, rows]
    present = labels == PRESENT
    # A product of float32 matrices runs in BLAS; whole numbers up to 2**24 are exact in it.
    as_numbers = present.astype(np.float32)
    together = (as_numbers @ as_numbers.T).astype(np.int64)
    of_each = np.bincount(films.patients.codes[rows], minlength=len(films.patients.names))
    nobody = np.asarray(films.patients.names, object) == UNKNOWN
    patients, strangers = np.count_nonzero(of_each[~nobody]), of_each[nobody].sum()
    known = (labels != MISSING).sum(axis=1)
    return Counts(films.named, len(rows), int(patients), int(strangers), known, present.sum(axis=1), together)
