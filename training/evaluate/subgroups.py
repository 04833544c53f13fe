"""Does the model work as well for everybody: measures by view, sex, age and dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from training.evaluate.by_patient import by_patient
from training.evaluate.judged import Judged
from training.evaluate.ranked import rank
from training.evaluate.rates import Rates
from training.evaluate.roc import Auroc, clustered_area

AGE_EDGES = (0, 18, 40, 60, 80)
BY = ("view", "sex", "age", "dataset")
UNKNOWN = "unknown"
# Below this many films of either kind a subgroup's figures say little.
SMALL = 20


@dataclass(frozen=True)
class Subgroup:
    """Some of the films and what was measured on it.

    Attributes
    ----------
    by, group : str
        Such as ``sex`` and ``F``; the first is ``all``.
    films : int
        Films of the group, labelled or not.
    auroc : Auroc
    rates : Rates
        At the threshold.
    caution : str
        Why its figures say little; empty where they say enough.
    """

    by: str
    group: str
    films: int
    auroc: Auroc
    rates: Rates
    caution: str


def subgroups(judged: Judged, finding: str, threshold: float, by: Sequence[str] = BY) -> list[Subgroup]:
    """Measure a finding on all films, and on each group of them.

    Parameters
    ----------
    judged : Judged
    finding : str
    threshold : float
        The same for every group.
    by : sequence of str
        Columns of the film table; a column that is absent, or has one value only, gives no groups.
    """
    everyone = np.ones(len(judged), bool)
    found = [_measure(judged, finding, threshold, everyone, "all", "all films")]
    for column in by:
        groups = members(judged.films, column)
        if len(groups) > 1:
            found += [_measure(judged, finding, threshold, here, column, name) for name, here in groups.items()]
    return found


def members(films: pd.DataFrame, column: str) -> dict[str, np.ndarray]:
    """Give the films of each group of a column that has any, bool (films,) each."""
    groups = group_of(films, column)
    codes = groups.cat.codes.to_numpy()
    found = np.bincount(codes[codes >= 0], minlength=len(groups.cat.categories))
    return {name: codes == k for k, name in enumerate(groups.cat.categories) if found[k]}


def group_of(films: pd.DataFrame, column: str) -> pd.Series:
    """Give each film's group by a column: its value, or its age band; ``unknown`` comes last.

    Returns
    -------
    categorical Series (films,)
        Without categories where the column is absent.
    """
    if column not in films:
        return pd.Series(pd.Categorical([None] * len(films), categories=[]), films.index)
    if column == "age":
        values = pd.cut(films["age"], [*AGE_EDGES, np.inf], right=False, labels=_age_names())
    else:
        values = films[column].astype("category")
        values = values.cat.rename_categories([str(name) for name in values.cat.categories])
    if UNKNOWN not in values.cat.categories:
        values = values.cat.add_categories([UNKNOWN])
    return values.fillna(UNKNOWN)


def _age_names() -> list[str]:
    closed = [f"{low} to {high - 1}" for low, high in pairwise(AGE_EDGES)]
    return [*closed, f"{AGE_EDGES[-1]} and over"]


def _measure(judged: Judged, finding: str, threshold: float, here: np.ndarray, by: str, group: str) -> Subgroup:
    labels, scores = judged.truth(finding)[here], judged.scores(finding)[here]
    ranked = rank(labels, scores)
    patients = judged.patients[here]
    area, found = clustered_area(ranked, labels, patients), by_patient(ranked, labels, patients).rates(threshold)
    caution = ranked.problem
    if not caution and min(ranked.positives, ranked.negatives) < SMALL:
        caution = f"Only {ranked.positives} films with the finding and {ranked.negatives} without: little can be said."
    return Subgroup(by, group, int(here.sum()), area, found, caution)
