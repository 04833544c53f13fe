"""Label quality: which findings occur together with one, among the films of a cell of its confusion matrix."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from training.evaluate.by_patient import share_of
from training.evaluate.chance import design_effect, weakened
from training.evaluate.judged import Judged

CELLS = {"positives": ("TP", "FN"), "flagged": ("TP", "FP")}


def co_occurrence(judged: Judged, finding: str, threshold: float, cell: str = "FP") -> pd.DataFrame:
    """Say what else the films of a cell carry: what a label occurs together with hints at what it means.

    In NIH's labels 29.7 % of the films with emphysema also have pneumothorax, six times as many as of all films:
    subcutaneous emphysema after a drain, read from the report as emphysema of the lung (Oakden-Rayner, Academic
    Radiology 2020).

    Parameters
    ----------
    judged : Judged
    finding : str
    threshold : float
    cell : {"TP", "FP", "FN", "TN", "positives", "flagged"}

    Returns
    -------
    DataFrame
        One row another finding, highest lift first: ``finding, count, of, share, low, high, base, lift, p, q``.
        ``base`` is the share among all labelled films, ``lift`` how many times as often it is in the cell; NaN where
        it is nowhere. The interval knows the films' patients. ``p`` is of no difference from the labelled films outside
        the cell, NaN where there is nothing to test; for ``q`` see `training.evaluate.atlas.CORRECTION`.
    """
    from scipy.stats import false_discovery_control  # takes a second to import, and few look this far down

    outcome = judged.outcome(finding, threshold)
    here = np.isin(outcome, CELLS.get(cell, (cell,)))
    others = [name for name in judged.findings if name != finding]
    carried = judged.labels[:, [judged.index(name) for name in others]]
    known = (carried == 0) | (carried == 1)
    count, of = ((carried == 1) & here[:, None]).sum(axis=0), (known & here[:, None]).sum(axis=0)
    everywhere = known & (outcome != "")[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        base = ((carried == 1) & everywhere).sum(axis=0) / everywhere.sum(axis=0)
        share = count / of
        lift = np.where(base > 0, share / base, math.nan)
    found = [
        share_of(has, among, judged.patients)
        for has, among in zip((carried == 1).T, (known & here[:, None]).T, strict=True)
    ]
    low, high = [one.low for one in found], [one.high for one in found]
    outside = (outcome != "") & ~here
    p = np.array(
        [_p(one == 1, there, here, outside, judged.patients) for one, there in zip(carried.T, known.T, strict=True)]
    )
    tested, q = ~np.isnan(p), np.full(len(p), math.nan)
    q[tested] = false_discovery_control(p[tested]) if tested.any() else []
    table = pd.DataFrame(
        {"finding": others, "count": count, "of": of, "share": share, "low": low, "high": high, "base": base}
    ).assign(p=p, q=q)
    return table.assign(lift=lift).sort_values("lift", ascending=False, ignore_index=True, na_position="last")


def _p(has: np.ndarray, known: np.ndarray, here: np.ndarray, outside: np.ndarray, patients: np.ndarray) -> float:
    """Test whether a finding is as common in a cell as outside of it: Fisher's p, weakened by patients."""
    from scipy.stats import fisher_exact

    size = int(patients.max(initial=-1)) + 1
    counts = [
        np.bincount(patients[films & which], minlength=size)
        for which in (here, outside)
        for films in (has & known, known)
    ]
    count, of, count_there, of_there = (int(one.sum()) for one in counts)
    if not of or not of_there or not count + count_there:
        return math.nan
    p = fisher_exact([[count, of - count], [count_there, of_there - count_there]]).pvalue
    return min(weakened(float(p), design_effect(*counts)), 1.0)
