"""One finding's scores in order: what every threshold, curve and calibration needs, from one sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.datasets.patients import each_alone


class EvaluateError(ValueError):
    """Something that cannot be judged; the message is one sentence that says what was expected and what came."""


@dataclass(frozen=True)
class Counts:
    """The confusion matrix at one threshold.

    Attributes
    ----------
    tp, fp, fn, tn : int
        Films with and without the finding that are flagged, and that are not.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def films(self) -> int:
        """All of them."""
        return self.tp + self.fp + self.fn + self.tn


@dataclass(frozen=True, eq=False)
class Ranked:
    """How many films of either kind score from each distinct score upwards.

    Finding the counts at a threshold is one binary search, so a threshold moves at once whatever the number of
    films.

    Attributes
    ----------
    scores : float64 array (K,)
        Distinct scores, ascending.
    true_positives, false_positives : int32 array (K + 1,)
        Films with, and without, the finding that score at least ``scores[k]``; the last entry is 0.
    places : int32 array (films,)
        Where each film's score stands in ``scores``; -1 where its label or score is missing.
    """

    scores: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray
    places: np.ndarray

    @property
    def positives(self) -> int:
        """Films with the finding."""
        return int(self.true_positives[0])

    @property
    def negatives(self) -> int:
        """Films without it."""
        return int(self.false_positives[0])

    @property
    def films(self) -> int:
        """Films with a label and a score."""
        return self.positives + self.negatives

    @property
    def missing(self) -> int:
        """Films left out because their label or score is missing."""
        return len(self.places) - self.films

    @property
    def prevalence(self) -> float:
        """Share of films with the finding; NaN where there are no films."""
        return self.positives / self.films if self.films else float("nan")

    @property
    def problem(self) -> str:
        """Why nothing can be said of how well the classes are told apart, in one sentence; empty where it can."""
        if not self.films:
            return "No film has both a label and a prediction."
        if not self.positives:
            return f"None of the {self.films} labelled films has the finding."
        if not self.negatives:
            return f"All of the {self.films} labelled films have the finding."
        if len(self.scores) == 1:
            return f"All {self.films} films have the same score, {self.scores[0]:g}: it tells nothing apart."
        return ""

    def position(self, thresholds: np.ndarray | float) -> np.ndarray:
        """Index into the counts of what a threshold flags: everything that scores at least as high."""
        return np.searchsorted(self.scores, thresholds, side="left")

    def counts(self, threshold: float) -> Counts:
        """Give the confusion matrix at a threshold; a film is flagged from the threshold upwards."""
        k = int(self.position(threshold))
        tp, fp = int(self.true_positives[k]), int(self.false_positives[k])
        return Counts(tp, fp, self.positives - tp, self.negatives - fp)

    def at_each_score(self) -> tuple[np.ndarray, np.ndarray]:
        """Films with and without the finding at each distinct score, float64 (K,) each."""
        found, raised = self.true_positives.astype(float), self.false_positives.astype(float)
        return found[:-1] - found[1:], raised[:-1] - raised[1:]


def rank(labels: np.ndarray, scores: np.ndarray) -> Ranked:
    """Put films in order of their score.

    Parameters
    ----------
    labels : array (films,)
        1, 0, or missing: NaN, or -1 for uncertain.
    scores : array (films,)
        Higher means more likely; NaN where the film has none.

    Raises
    ------
    EvaluateError
        If the lengths differ or a label is something else.
    """
    truth, used = usable(labels, scores)
    films = np.flatnonzero(used)
    values = np.asarray(scores, float)[films]
    order = np.argsort(values)
    films, values = films[order], values[order]
    new = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
    edges = np.append(np.flatnonzero(new), len(values))
    positives_below = np.append(np.int32(0), np.cumsum(truth[films], dtype=np.int32))[edges]
    true_positives = positives_below[-1] - positives_below
    false_positives = (len(values) - edges).astype(np.int32) - true_positives
    places = np.full(len(truth), -1, np.int32)
    places[films] = np.cumsum(new, dtype=np.int32) - 1
    return Ranked(values[edges[:-1]], true_positives, false_positives, places)


def usable(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say which films have the finding, and which have both a label and a score; bool (films,) each.

    Raises
    ------
    EvaluateError
        If the lengths differ or a label is neither 1, 0, -1 nor NaN.
    """
    labels, scores = np.asarray(labels, float), np.asarray(scores, float)
    if labels.shape != scores.shape or labels.ndim != 1:
        raise EvaluateError(f"Expected one label a score; got {labels.shape} labels and {scores.shape} scores.")
    positive, negative = labels == 1, labels == 0
    strange = ~(positive | negative | (labels == -1) | np.isnan(labels))
    if strange.any():
        raise EvaluateError(f"Expected labels of 1, 0, -1 (uncertain) or none; one is {labels[strange][0]:g}.")
    return positive, (positive | negative) & ~np.isnan(scores)


def dot(first: np.ndarray, second: np.ndarray) -> float:
    """Sum products; BLAS would start threads for so many films, which on a busy machine wait longer than they work."""
    return float((first * second).sum())


def numbered(patients: np.ndarray) -> tuple[np.ndarray, int]:
    """Number patients from 0, in the order of their names, and say how many there are.

    Parameters
    ----------
    patients : array (films,)
        Names, or numbers; small numbers need no sort. A film whose patient is none stands for itself.
    """
    patients = each_alone(np.asarray(patients))
    if len(patients) and patients.dtype.kind in "iu" and patients.min() >= 0 and patients.max() < 10 * len(patients):
        there = np.bincount(patients) > 0
        return (np.cumsum(there) - 1)[patients], int(there.sum())
    names, owner = np.unique(patients, return_inverse=True)
    return owner, len(names)


def thin(progress: np.ndarray, points: int, keep: np.ndarray) -> np.ndarray:
    """Choose at most about ``points`` of a curve's vertices, evenly by ``progress``, and those to ``keep``.

    Parameters
    ----------
    progress : array (vertices,)
        How far along the curve each vertex lies, never falling.
    points : int
        How many to choose.
    keep : int array
        Vertices that must stay.

    Returns
    -------
    int array
        Ascending indices; the first and last vertex are among them.
    """
    last = len(progress) - 1
    if last + 1 <= points:
        return np.arange(last + 1)
    grid = np.linspace(progress[0], progress[-1], points)
    chosen = np.minimum(np.searchsorted(progress, grid), last)
    return np.unique(np.concatenate([[0, last], chosen, keep]))
