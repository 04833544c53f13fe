"""Find films in a catalogue: which are asked for, in which order, and what cannot be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow.compute as pc
from scipy.special import logit

from dashboard.films.catalogue import ABSENT, MISSING, PRESENT, Catalogue
from dashboard.films.state import NEEDS_ANSWERS, State
from dashboard.page.told import sentence_of
from training.evaluate.conditions import meets, read_condition
from training.evaluate.ranked import EvaluateError
from xai.findings import finding_label

SMALLEST = 1e-12  # a probability of 0 or 1 has no logit
NO_PREDICTIONS = "Whatever asks about predictions was left out: no predictions are chosen."

Tagged = Callable[[str], list[str]]  # tag -> films that carry it


def usable(asked: State, catalogue: Catalogue) -> tuple[State, list[str]]:
    """Leave out what this catalogue cannot answer.

    Returns
    -------
    asked : State
    problems : list of str
        One sentence for each condition that was left out.
    """
    problems: list[str] = []
    changes: dict = {}
    dataset = catalogue.films.dataset
    for name, facet in catalogue.films.facets.items():
        wanted = getattr(asked, name)
        known = tuple(value for value in wanted if value in facet.names)
        if known != wanted:
            gone = next(value for value in wanted if value not in facet.names)
            problems.append(f"{dataset} has no {name} “{gone}”; it has {', '.join(facet.names)}.")
            changes[name] = known
    for field in ("labels", "flags", "outcomes", "probability", "thresholds"):
        conditions = getattr(asked, field)
        kept = tuple(one for one in conditions if not _obstacle(catalogue, field, one[0]))
        if kept != conditions:
            changes[field] = kept
            reasons = dict.fromkeys(_obstacle(catalogue, field, one[0]) for one in conditions if one not in kept)
            problems += list(reasons)
    kept, said = _askable(asked.where, catalogue)
    if said:
        changes["where"] = kept
        problems += said
    if asked.met and catalogue.answers is None:
        changes["met"] = ""
        problems.append(NO_PREDICTIONS)
    if asked.finding is not None and asked.finding not in catalogue.findings:
        changes["finding"] = None
        problems.append(f"There is no finding “{asked.finding}” in {dataset}; none is chosen.")
    finding = changes.get("finding", asked.finding)
    if asked.sort in NEEDS_ANSWERS and not (finding and catalogue.has_answers(finding)):
        changes["sort"] = "table"
        problems.append("To order films by probability or error, choose predictions and a finding that they answer.")
    return asked.with_(**changes), problems


def find(asked: State, catalogue: Catalogue, tagged: Tagged) -> np.ndarray:
    """Give the rows of the films that are asked for, in order.

    Parameters
    ----------
    asked : State
        As `usable` gives it.
    catalogue : Catalogue
    tagged : callable
        Films of the dataset that carry a tag.

    Returns
    -------
    int64 array (found,)
    """
    rows = np.flatnonzero(matching(asked, catalogue, tagged))
    if asked.sample and asked.sample < len(rows):
        drawn = np.random.default_rng(asked.seed).choice(len(rows), asked.sample, replace=False)
        rows = rows[np.sort(drawn)]
    return ordered(rows, asked, catalogue)


def matching(asked: State, catalogue: Catalogue, tagged: Tagged) -> np.ndarray:
    """Give a mask of the films that meet every condition, bool (films,)."""
    films = catalogue.films
    mask = np.ones(len(films), bool)
    for name, facet in films.facets.items():
        if wanted := getattr(asked, name):
            mask &= facet.mask(wanted)
    if asked.age is not None:
        mask &= (films.age >= asked.age[0]) & (films.age <= asked.age[1])  # an unknown age lies in no range
    if asked.patient:
        known = films.patients.names
        exact = asked.patient in known
        named = tuple(name for name in known if name == asked.patient or (not exact and asked.patient in name))
        mask &= films.patients.mask(named)
    if asked.name:
        mask &= pc.match_substring(films.searchable, asked.name, ignore_case=True).to_numpy(zero_copy_only=False)
    if asked.image:
        mask &= films.openable if asked.image == "here" else ~films.openable
    if asked.met:
        mask &= catalogue.met(asked.met, asked.finding)
    if asked.where:
        mask &= meets(films.table, map(read_condition, asked.where))
    for tag in asked.tags:
        carries = np.zeros(len(films), bool)
        carries[films.rows(tagged(tag))] = True
        mask &= carries
    return _findings_mask(asked, catalogue, mask)


def ordered(rows: np.ndarray, asked: State, catalogue: Catalogue) -> np.ndarray:
    """Put rows in the order asked for; films that it says nothing about come last, ties as in the dataset."""
    if asked.sort == "table":
        return rows
    if asked.sort == "findings":
        rank = -catalogue.films.findings_count[rows].astype(np.float32)
    else:
        rank = _rank(asked, catalogue, rows)
    return rows[np.argsort(rank, kind="stable")]


def threshold_of(asked: State, catalogue: Catalogue, finding: str) -> float:
    """A finding's threshold: the page's own, else that of the predictions."""
    return dict(asked.thresholds).get(finding, catalogue.threshold(finding))


def outcomes(catalogue: Catalogue, finding: str, threshold: float, rows: np.ndarray) -> list[str]:
    """Give ``TP``, ``FP``, ``FN`` or ``TN`` for each row; empty where label or probability is missing."""
    label, p = catalogue.labels(finding)[rows], catalogue.probabilities(finding)[rows]
    letters = np.where(p >= threshold, np.where(label == PRESENT, "TP", "FP"), np.where(label == PRESENT, "FN", "TN"))
    return np.where((label == MISSING) | np.isnan(p), "", letters).tolist()


def _askable(conditions: tuple[str, ...], catalogue: Catalogue) -> tuple[tuple[str, ...], list[str]]:
    """Give the conditions on columns that can be asked, and a sentence for each of the others."""
    kept, problems = [], []
    for text in conditions:
        try:
            meets(catalogue.films.table, [read_condition(text)])
        except EvaluateError as error:
            problems.append(sentence_of(error))
        else:
            kept.append(text)
    return tuple(kept), problems


def _obstacle(catalogue: Catalogue, field: str, finding: str) -> str:
    """Say why a condition cannot be asked; nothing where it can."""
    if field == "labels":
        known = finding in catalogue.findings
        return "" if known else f"There is no finding “{finding}” in {catalogue.films.dataset}."
    if catalogue.answers is None:
        return NO_PREDICTIONS
    known = catalogue.has_answers(finding)
    return "" if known else f"The predictions {catalogue.answers.name} say nothing of “{finding}”."


def _findings_mask(asked: State, catalogue: Catalogue, mask: np.ndarray) -> np.ndarray:
    for finding in dict.fromkeys(name for name, _ in asked.labels):
        mask &= _any(_has_state(catalogue, finding, state) for state in asked.states("labels", finding))
    for finding in dict.fromkeys(name for name, _ in asked.flags):
        p, threshold = catalogue.probabilities(finding), threshold_of(asked, catalogue, finding)
        mask &= _any(p >= threshold if state == "yes" else p < threshold for state in asked.states("flags", finding))
    for finding in dict.fromkeys(name for name, _ in asked.outcomes):
        label, p = catalogue.labels(finding), catalogue.probabilities(finding)
        threshold = threshold_of(asked, catalogue, finding)
        mask &= _any(
            (p >= threshold if letters[1] == "P" else p < threshold)
            & (label == (PRESENT if letters in ("TP", "FN") else ABSENT))
            for letters in asked.states("outcomes", finding)
        )
    for finding, least, most in asked.probability:
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


def _rank(asked: State, catalogue: Catalogue, rows: np.ndarray) -> np.ndarray:
    """Give what to sort by, least first; NaN, which sorts last, where nothing is known."""
    finding = asked.finding
    assert finding is not None  # `usable` has left out an order that lacks one
    p = catalogue.probabilities(finding)[rows]
    if asked.sort in ("likely", "unlikely"):
        return -p if asked.sort == "likely" else p
    label = catalogue.labels(finding)[rows].astype(np.float64)
    label[label == MISSING] = np.nan
    if asked.sort == "error":
        return -np.abs(p - label)
    above = _logit(p) - _logit(np.array(threshold_of(asked, catalogue, finding)))
    return np.abs(above) if asked.sort == "uncertainty" else above * (2 * label - 1)


def _logit(p: np.ndarray) -> np.ndarray:
    return logit(np.clip(p, SMALLEST, 1 - SMALLEST))


def describe_threshold(asked: State, catalogue: Catalogue, finding: str) -> str:
    """Say what a finding's threshold is and who says so."""
    threshold = threshold_of(asked, catalogue, finding)
    if finding in dict(asked.thresholds):
        by = "as this link says"
    elif catalogue.answers and finding in catalogue.answers.thresholds:
        by = f"by the rule “{catalogue.answers.thresholds[finding].rule.rstrip('.')}”"
    else:
        by = "since the predictions name no threshold"
    return f"{finding_label(finding)} is flagged from {threshold:.3g} upwards, {by}."
