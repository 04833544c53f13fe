"""How often would a map this good come by chance? Two answers, for two things that chance may mean.

- *Anywhere on the film* (`by_shifts`): the same map, moved over the film in every way. It keeps its own shape and
  smoothness, so a smooth map is held against smooth maps. A small p says that the evidence is not just anywhere; a map
  that knows where the finding usually is passes.
- *Its usual place* (`by_others`, `by_swapping`): the maps that the same method gives for the same finding on films of
  other patients. A map that only knows the usual place is no better on its own film than on another, so a small p says
  that the method has seen this film. Where all films have the finding at one place, nothing can tell the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.ranks import midranks, strongest
from xai.measures.truth import cells_of, evidence, peak, with_truth

SHIFTED = ("pointing", "energy", "iou", "auroc")  # measures that add up what a map gives to each pixel of the truth
ROUNDING = 1e-9


def by_shifts(measure: str, values: ArrayLike, truth: ArrayLike, cells: ArrayLike | None = None) -> float:
    """Give the share of all ways to move a map over the film that are at least as good as where it lies.

    What is moved out on one side comes in on the other (Lotwick and Silverman, Journal of the Royal Statistical Society
    B 1982). The map in its own place is one of the ways, so p is never 0; were it placed at random, p would be at most
    ``a`` in a share ``a`` of cases.

    Parameters
    ----------
    measure : str
        One of `SHIFTED`, of `xai.measures.truth`.
    values, truth, cells
        As `xai.measures.pointing` takes them.

    Returns
    -------
    float
        NaN where the truth is empty or all of the film.

    Raises
    ------
    ValueError
        If there is no such measure, or as `xai.measures.pointing`.

    Examples
    --------
    >>> xai.measures.by_shifts("pointing", [[0, 9, 0, 0]], [[False, True, False, False]])
    0.25
    """
    given, inside = with_truth(values, truth)
    if measure not in SHIFTED:
        raise ValueError(f"expected one of {', '.join(SHIFTED)}, got {measure}")
    if inside.all() or not inside.any():
        return np.nan
    weights = {
        "pointing": lambda: peak(given, cells_of(values, cells)),
        "energy": lambda: evidence(given),
        "iou": lambda: strongest(given, int(inside.sum())),
        "auroc": lambda: midranks(given),
    }[measure]()
    spectrum = np.fft.rfft2(weights) * np.conj(np.fft.rfft2(inside))
    sums = np.fft.irfft2(spectrum, given.shape)
    return float(np.mean(sums >= sums[0, 0] - ROUNDING * weights.sum()))


def by_others(score: float, others: ArrayLike) -> float:
    """Give the share of maps, this one and those of other films, that are at least as good on this film's truth.

    Parameters
    ----------
    score : float
        Of the film's own map.
    others : array, shape (n,)
        Scores, on this film's truth, of the maps that the same method gave for the finding on films of other patients.

    Returns
    -------
    float
        At least 1 / (n + 1); equal scores count as at least as good, so that p errs on the careful side.

    Examples
    --------
    >>> xai.measures.by_others(0.5, [0.1, 0.2, 0.6])
    0.5
    """
    scores = np.asarray(others, float)
    return float((1 + np.count_nonzero(scores >= score)) / (1 + len(scores)))


def by_swapping(scores: np.ndarray | Sequence[np.ndarray], rng: np.random.Generator, times: int = 999) -> float:
    """Give the share of ways to hand out a method's maps among the films that are at least as good as the right one.

    Parameters
    ----------
    scores : array, shape (n, n), or a sequence of such arrays
        Row i, column j: the map of film j held against the truth of film i, of one finding, one film a patient. Of
        several findings, each is swapped for itself, and all films count alike.
    rng : numpy.random.Generator
    times : int, default 999
        Ways that are drawn.

    Returns
    -------
    float
        Of the mean over films; at least 1 / (times + 1).

    Raises
    ------
    ValueError
        If an array is not square.

    Examples
    --------
    >>> xai.measures.by_swapping(np.eye(20), np.random.default_rng(0), times=99)
    0.01
    """
    one = isinstance(scores, np.ndarray) and scores.ndim == 2
    tables = [np.asarray(table, float) for table in ([scores] if one else scores)]
    for table in tables:
        if table.ndim != 2 or table.shape[0] != table.shape[1]:
            raise ValueError(f"expected scores of n maps on n films (n, n), got {table.shape}")
    own = sum(np.trace(table) for table in tables)
    drawn = np.zeros(times)
    for table in tables:
        films = np.arange(len(table))
        drawn += [table[films, rng.permutation(films)].sum() for _ in range(times)]
    slack = ROUNDING * sum(np.abs(table).sum() for table in tables)
    return float((1 + np.count_nonzero(drawn >= own - slack)) / (1 + times))
