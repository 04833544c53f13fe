"""From maps to a league: scores with intervals over patients, and how far ahead of the usual place they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.benchmark.maps import Measured
from training.benchmark.swapped import Made, swap_table
from training.evaluate.bootstrap import expanded_tail
from training.evaluate.intervals import area_interval, like_patients
from training.evaluate.ranked import numbered
from xai import measures

PRIOR, ALL = "prior", "all"
MEASURES: dict[str, Callable[..., float]] = {
    name: getattr(measures, name) for name in ("pointing", "energy", "iou", "iou_otsu", "auroc", "average_precision")
}
SWAPPED = ("pointing", "energy", "iou")  # of which it is asked how often chance does as well
DRAWS = 2000
COLUMNS = {
    "method": "What made the maps; random, centred and prior are controls that look at neither film nor model, reader "
    "is what other people drew.",
    "finding": "Whose truth the maps are held against, or all: the mean over every finding of every film.",
    "measure": "As docs/measures.md defines it.",
    "value": "Mean over films.",
    "low": "Lower end of its 95 % score interval, whose variance is that between patients.",
    "high": "Upper end.",
    "films": "Films behind it.",
}
BESIDE = {
    **{name: COLUMNS[name] for name in ("method", "finding", "measure")},
    "ahead": "Mean by which its maps score above the prior, film by film.",
    "low": "Lower end of its 95 % interval, from draws of patients with replacement; what holds 0 is no lead.",
    "high": "Upper end.",
    "p": "How often the method's maps score as well or better when they are handed out at random among the films of "
    "the finding, one film a patient: they would if they knew only its usual place. Empty with fewer than 6 films.",
    "films": "Films behind it.",
}
FEWEST_PATIENTS = 5  # of fewer, draws of patients give an interval that is too narrow, of one patient one without width
FEWEST = 6  # films to swap maps among: of 5, one way in 120 is the right one


@dataclass(frozen=True, eq=False)
class Case:
    """One finding of one film: its truth, and the map of each method."""

    film: str
    patient: str
    finding: str
    truth: np.ndarray
    maps: dict[str, Made]


def cases_of(
    films: Sequence[Measured], patients: Mapping[str, str], others: Mapping[str, Mapping[str, np.ndarray]]
) -> list[Case]:
    """Take films apart into cases, each with a map of the usual place: the mean truth of films of other patients.

    Parameters
    ----------
    films : sequence of Measured
    patients : mapping of str to str
        Of each film.
    others : mapping of str to mapping of str to bool array (H, W)
        Truth by film and finding of films that are not measured, and tell the usual place too.

    Returns
    -------
    list of Case
        Where no other patient has the finding, without a map of the usual place.
    """
    known = {**others, **{one.film: one.truths for one in films}}
    masks: dict[str, list[np.ndarray]] = {}
    owners: dict[str, list[str]] = {}
    for film, inside in known.items():
        for finding, mask in inside.items():
            masks.setdefault(finding, []).append(mask)
            owners.setdefault(finding, []).append(patients[film])
    cases = []
    for one in films:
        owner = patients[one.film]
        for finding, mask in one.truths.items():
            maps: dict[str, Made] = {
                method: (values, one.cells.get((method, name)))
                for (method, name), values in one.maps.items()
                if name == finding
            }
            if set(owners[finding]) != {owner}:
                maps[PRIOR] = (measures.prior(masks[finding], owners[finding], owner), None)
            cases.append(Case(one.film, owner, finding, mask, maps))
    return cases


def score(cases: Sequence[Case]) -> pd.DataFrame:
    """Measure every map: a row a case and method, with `MEASURES` as columns."""
    rows = []
    for case in cases:
        for method, made in case.maps.items():
            found = {name: _taken(name, made, case.truth) for name in MEASURES}
            rows.append({"film": case.film, "patient": case.patient, "finding": case.finding, "method": method} | found)
    return pd.DataFrame(rows)


def league(scores: pd.DataFrame) -> pd.DataFrame:
    """Give the mean of each method, finding and measure with its interval, with the `COLUMNS`."""
    rows = []
    for method, finding, part in _parts(scores):
        for name in MEASURES:
            known = part[part[name].notna()]
            value, low, high = mean_with_interval(known[name].to_numpy(), known["patient"].to_numpy())
            rows.append((method, finding, name, value, low, high, known["film"].nunique()))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def beside_the_prior(scores: pd.DataFrame, cases: Sequence[Case], rng: np.random.Generator) -> pd.DataFrame:
    """Hold each method against the usual place in two ways, with the columns `BESIDE`."""
    usual = scores[scores["method"] == PRIOR].set_index(["film", "finding"])
    swapped = {name: _swapped(cases, name) for name in SWAPPED}
    rows = []
    for method, finding, part in _parts(scores[scores["method"] != PRIOR]):
        part = part[pd.MultiIndex.from_frame(part[["film", "finding"]]).isin(usual.index)]
        if part.empty:
            continue
        there = usual.loc[pd.MultiIndex.from_frame(part[["film", "finding"]])]
        for name in SWAPPED:
            ahead = part[name].to_numpy() - there[name].to_numpy()
            low, high = drawn_interval(ahead, part["patient"].to_numpy(), rng)
            if part["patient"].nunique() < FEWEST_PATIENTS:
                low = high = math.nan
            tables = [table for (who, what), table in swapped[name].items() if who == method and finding in (what, ALL)]
            p = measures.by_swapping(tables, rng) if tables else math.nan
            rows.append((method, finding, name, ahead.mean(), low, high, p, part["film"].nunique()))
    return pd.DataFrame(rows, columns=list(BESIDE))


def mean_with_interval(values: np.ndarray, patients: np.ndarray) -> tuple[float, float, float]:
    """Give the mean of scores from 0 to 1 with its 95 % interval, which knows that those of a patient are alike.

    It is the score interval of `training.evaluate.intervals.area_interval`, which is for what lies between 0 and 1 and
    never shrinks to a point, with the variance that the mean has between patients.
    """
    if not len(values):
        return math.nan, math.nan, math.nan
    owner, count = numbered(patients)
    value = float(values.mean())
    pulls = np.bincount(owner, values - value, count) / len(values)
    variance = float(pulls @ pulls) * count / max(count - 1, 1)
    return value, *area_interval(value, variance, like_patients(np.bincount(owner)))


def drawn_interval(values: np.ndarray, patients: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Give the 95 % interval of a mean from draws of patients with replacement; NaN where there is one patient."""
    owner, count = numbered(patients)
    if count < 2:
        return math.nan, math.nan
    draws = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)[:, owner]
    weight = draws.sum(axis=1)
    tail = expanded_tail(count)
    low, high = np.quantile((draws @ values)[weight > 0] / weight[weight > 0], [tail, 1 - tail])
    return float(low), float(high)


def _taken(name: str, made: Made, truth: np.ndarray) -> float:
    values, cells = made
    return MEASURES[name](values, truth, cells) if name == "pointing" else MEASURES[name](values, truth)


def _parts(scores: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Give the rows of each method, first of all findings, then of each."""
    for method, part in scores.groupby("method", sort=False):
        yield str(method), ALL, part
        for finding, own in part.groupby("finding", sort=False):
            yield str(method), str(finding), own


def _swapped(cases: Sequence[Case], name: str) -> dict[tuple[str, str], np.ndarray]:
    """Hold each map of a method for a finding against the truth of each film with it, one film a patient."""
    groups: dict[tuple[str, str], dict[str, Case]] = {}
    for case in cases:
        for method in case.maps:
            if method != PRIOR:
                groups.setdefault((method, case.finding), {}).setdefault(case.patient, case)
    return {
        (method, finding): swap_table(name, [one.maps[method] for one in same], [one.truth for one in same])
        for (method, finding), group in groups.items()
        if len(same := list(group.values())) >= FEWEST
    }
