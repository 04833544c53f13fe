"""Answer a query from a catalogue: which films, in which order, and what cannot be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow.compute as pc
from scipy.special import logit

from dashboard.films.catalogue import ABSENT, MISSING, PRESENT, Catalogue
from dashboard.films.state import NEEDS_ANSWERS, State
from xai.findings import finding_label

SMALLEST = 1e-12  # a probability of 0 or 1 has no logit

Tagged = Callable[[str], list[str]]  # tag -> films that carry it


def usable(query: State, catalogue: Catalogue) -> tuple[State, list[str]]:
    """Leave out what this catalogue cannot answer.

    Returns
    -------
    query : State
    problems : list of str
        One sentence for each condition that was left out.
    """
    problems: list[str] = []
    changes: dict = {}
    dataset = catalogue.films.dataset
    for name, facet in catalogue.films.facets.items():
        wanted = getattr(query, name)
        known = tuple(value for value in wanted if value in facet.names)
        if known != wanted:
            gone = next(value for value in wanted if value not in facet.names)
            problems.append(f"{dataset} has no {name} “{gone}”; it has {', '.join(facet.names)}.")
            changes[name] = known
    for field in ("labels", "flags", "outcomes", "probability", "thresholds"):
        conditions = getattr(query, field)
        kept = tuple(one for one in conditions if not _obstacle(catalogue, field, one[0]))
        if kept != conditions:
            changes[field] = kept
            reasons = dict.fromkeys(_obstacle(catalogue, field, one[0]) for one in conditions if one not in kept)
            problems += list(reasons)
    if query.finding is not None and query.finding not in catalogue.findings:
        changes["finding"] = None
        problems.append(f"There is no finding “{query.finding}” in {dataset}; none is chosen.")
    finding = changes.get("finding", query.finding)
    if query.sort in NEEDS_ANSWERS and not (finding and catalogue.has_answers(finding)):
        changes["sort"] = "table"
        problems.append("To order films by probability or error, choose predictions and a finding that they answer.")
    return query.with_(**changes), problems


def find(query: State, catalogue: Catalogue, tagged: Tagged) -> np.ndarray:
    """Give the rows of the films that a query asks for, in its order.

    Parameters
    ----------
    query : State
        As `usable` gives it.
    catalogue : Catalogue
    tagged : callable
        Films of the dataset that carry a tag.

    Returns
    -------
    int64 array (found,)
    """
    rows = np.flatnonzero(matching(query, catalogue, tagged))
    if query.sample and query.sample < len(rows):
        drawn = np.random.default_rng(query.seed).choice(len(rows), query.sample, replace=False)
        rows = rows[np.sort(drawn)]
    return ordered(rows, query, catalogue)


def matching(query: State, catalogue: Catalogue, tagged: Tagged) -> np.ndarray:
    """Give a mask of the films that meet every condition, bool (films,)."""
    films = catalogue.films
    mask = np.ones(len(films), bool)
    for name, facet in films.facets.items():
        if wanted := getattr(query, name):
            mask &= facet.mask(wanted)
    if query.age is not None:
        mask &= (films.age >= query.age[0]) & (films.age <= query.age[1])  # an unknown age lies in no range
    if query.patient:
        known = films.patients.names
        exact = query.patient in known
        named = tuple(name for name in known if name == query.patient or (not exact and query.patient in name))
        mask &= films.patients.mask(named)
    if query.name:
        mask &= pc.match_substring(films.searchable, query.name, ignore_case=True).to_numpy(zero_copy_only=False)
    if query.image:
        mask &= films.openable if query.image == "here" else ~films.openable
    for tag in query.tags:
        carries = np.zeros(len(films), bool)
        carries[films.rows(tagged(tag))] = True
        mask &= carries
    return _findings_mask(query, catalogue, mask)


def ordered(rows: np.ndarray, query: State, catalogue: Catalogue) -> np.ndarray:
    """Put rows in a query's order; films that it says nothing about come last, ties as in the dataset."""
    if query.sort == "table":
        return rows
    if query.sort == "findings":
        rank = -catalogue.films.findings_count[rows].astype(np.float32)
    else:
        rank = _rank(query, catalogue, rows)
    return rows[np.argsort(rank, kind="stable")]


def threshold_of(query: State, catalogue: Catalogue, finding: str) -> float:
    """A finding's threshold: the query's, else that of the predictions."""
    return dict(query.thresholds).get(finding, catalogue.threshold(finding))


def outcomes(catalogue: Catalogue, finding: str, threshold: float, rows: np.ndarray) -> list[str]:
    """Give ``TP``, ``FP``, ``FN`` or ``TN`` for each row; empty where label or probability is missing."""
    label, p = catalogue.labels(finding)[rows], catalogue.probabilities(finding)[rows]
    letters = np.where(p >= threshold, np.where(label == PRESENT, "TP", "FP"), np.where(label == PRESENT, "FN", "TN"))
    return np.where((label == MISSING) | np.isnan(p), "", letters).tolist()


def _obstacle(catalogue: Catalogue, field: str, finding: str) -> str:
    """Say why a condition cannot be asked; nothing where it can."""
    if field == "labels":
        known = finding in catalogue.findings
        return "" if known else f"There is no finding “{finding}” in {catalogue.films.dataset}."
    if catalogue.answers is None:
        return "Whatever asks about predictions was left out: no predictions are chosen."
    known = catalogue.has_answers(finding)
    return "" if known else f"The predictions {catalogue.answers.name} say nothing of “{finding}”."


def _findings_mask(query: State, catalogue: Catalogue, mask: np.ndarray) -> np.ndarray:
    for finding in dict.fromkeys(name for name, _ in query.labels):
        mask &= _any(_has_state(catalogue, finding, state) for state in query.states("labels", finding))
    for finding in dict.fromkeys(name for name, _ in query.flags):
        p, threshold = catalogue.probabilities(finding), threshold_of(query, catalogue, finding)
        mask &= _any(p >= threshold if state == "yes" else p < threshold for state in query.states("flags", finding))
    for finding in dict.fromkeys(name for name, _ in query.outcomes):
        label, p = catalogue.labels(finding), catalogue.probabilities(finding)
        threshold = threshold_of(query, catalogue, finding)
        mask &= _any(
            (p >= threshold if letters[1] == "P" else p < threshold)
            & (label == (PRESENT if letters in ("TP", "FN") else ABSENT))
            for letters in query.states("outcomes", finding)
        )
    for finding, least, most in query.probability:
        p = catalogue.probabilities(finding)
        mask &= (p >= least) & (p <= most)
    return mask


def _has_state(catalogue: Catalogue, finding: str, state: str) -> np.ndarray:
    label, uncertain = catalogue.labels(finding), catalogue.uncertain(finding)
    if state == "uncertain":
        return uncertain
    if state == "missing":
        return (label == MISSING) & ~uncertain
    return label == (PRESENT if state == "present" else ABSENT)


def _any(masks: Iterable[np.ndarray]) -> np.ndarray:
    return np.logical_or.reduce(list(masks))


def _rank(query: State, catalogue: Catalogue, rows: np.ndarray) -> np.ndarray:
    """Give what to sort by, least first; NaN, which sorts last, where nothing is known."""
    finding = query.finding
    assert finding is not None  # `usable` has left out an order that lacks one
    p = catalogue.probabilities(finding)[rows]
    if query.sort in ("likely", "unlikely"):
        return -p if query.sort == "likely" else p
    label = catalogue.labels(finding)[rows].astype(np.float64)
    label[label == MISSING] = np.nan
    if query.sort == "error":
        return -np.abs(p - label)
    above = _logit(p) - _logit(np.array(threshold_of(query, catalogue, finding)))
    return np.abs(above) if query.sort == "uncertainty" else above * (2 * label - 1)


def _logit(p: np.ndarray) -> np.ndarray:
    return logit(np.clip(p, SMALLEST, 1 - SMALLEST))


def describe_threshold(query: State, catalogue: Catalogue, finding: str) -> str:
    """Say what a finding's threshold is and who says so."""
    threshold = threshold_of(query, catalogue, finding)
    if finding in dict(query.thresholds):
        by = "as this link says"
    elif catalogue.answers and finding in catalogue.answers.thresholds:
        by = f"by the rule “{catalogue.answers.thresholds[finding].rule.rstrip('.')}”"
    else:
        by = "since the predictions name no threshold"
    return f"{finding_label(finding)} is flagged from {threshold:.3g} upwards, {by}."
