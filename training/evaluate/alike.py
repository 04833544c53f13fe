"""Films that a model sees as like another one, and whether it is wrong on more of them than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.evaluate.apart import Apart, apart
from training.evaluate.ranked import EvaluateError

WRONG = ("FP", "FN")


@dataclass(frozen=True)
class Fails:
    """How often films like one are judged wrongly.

    Attributes
    ----------
    near : Apart
        Share judged wrongly among the films that are like it, against all others.
    answered : Apart
        The same among films that the model answers as it answers the one: flagged, or not flagged. Films that are alike
        for a model have similar answers, and of flagged films more are wrong anyway.
    """

    near: Apart
    answered: Apart


def nearest(features: np.ndarray, one: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the films whose features point most in the direction of one film's.

    Parameters
    ----------
    features : array (films, features)
    one : array (features,)
    count : int

    Returns
    -------
    rows : int array (at most count,)
        The most similar first; films without any feature are like none.
    similarity : float array (at most count,)
        Cosine of the angle between both, at most 1.

    Raises
    ------
    EvaluateError
        If the film has no features, or their number differs from that of the others.
    """
    features, one = np.asarray(features, np.float64), np.asarray(one, np.float64)
    if features.ndim != 2 or one.shape != features.shape[1:]:
        raise EvaluateError(f"Expected as many features of each film; got {one.shape} and {features.shape}.")
    size, sizes = np.sqrt((one**2).sum()), np.sqrt((features**2).sum(axis=1))
    if not np.isfinite(size) or not size:
        raise EvaluateError("The model finds no feature in this film, so no film is like it.")
    usable = np.flatnonzero(np.isfinite(sizes) & (sizes > 0))
    cosine = (features[usable] * one).sum(axis=1) / (sizes[usable] * size)
    order = np.argsort(-cosine, kind="stable")[:count]
    return usable[order], np.minimum(cosine[order], 1.0)


def fails(outcome: np.ndarray, near: np.ndarray, others: np.ndarray, flagged: bool, patients: np.ndarray) -> Fails:
    """Say whether films like one are judged wrongly more often than others.

    Parameters
    ----------
    outcome : array of str (films,)
        ``TP``, ``FP``, ``FN``, ``TN`` or empty, as `training.evaluate.judged.Judged.outcome` gives it.
    near, others : bool array (films,)
        Films that are like it, and those they are held against; neither holds the film itself.
    flagged : bool
        Whether the model flags the film.
    patients : int array (films,)
        Number of each film's patient, from 0.
    """
    wrong, known = np.isin(outcome, WRONG), outcome != ""
    same = np.isin(outcome, ("TP", "FP") if flagged else ("FN", "TN"))
    return Fails(apart(wrong, known, near, others, patients), apart(wrong, known, near & same, others & same, patients))
