"""Split films by patient in two: those to fit on, and those to show what came of it."""

from __future__ import annotations

import numpy as np

from training.evaluate.ranked import numbered


def films_to_fit(
    patients: np.ndarray, positive: np.ndarray, probabilities: np.ndarray, share: float, seed: int
) -> np.ndarray:
    """Choose films to fit on; no patient has films on both sides of the split.

    Patients stand in the order of how many films with the finding they have, and among equals of how many are expected;
    of each few that stand together a share is drawn at random (a stratified split). So both sides are alike in what is
    there and in what is predicted, and a difference between them says more of the remedy than of the split.

    Parameters
    ----------
    patients : array (films,)
        Patient of each film.
    positive : bool array (films,)
        Films with the finding.
    probabilities : array (films,)
        Predicted; NaN counts as 0.
    share : float
        Share of the patients to fit on.
    seed : int
        Of the split.

    Returns
    -------
    bool array (films,)
        True for films to fit on.
    """
    owner, count = numbered(patients)
    rng = np.random.default_rng(seed)
    there = np.bincount(owner, positive, count)
    expected = np.bincount(owner, np.nan_to_num(probabilities), count)
    order = np.lexsort((-expected, -there))
    group = np.arange(count) // max(2, round(1 / min(share, 1 - share)))
    order = order[np.argsort(group + rng.random(count))]
    turn = np.floor(np.arange(1, count + 1) * share) > np.floor(np.arange(count) * share)
    chosen = np.zeros(count, bool)
    chosen[order] = turn
    return chosen[owner]
