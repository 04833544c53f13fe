"""What a network is to say: findings, each on its own, or one class of several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from training.datasets.folders import meaning_of
from training.datasets.labels import NOTHING
from training.datasets.table import CLASS, DatasetError, labels
from xai.findings import FINDINGS


@dataclass(frozen=True, eq=False)
class Problem:
    """Outputs and the truth about them.

    Attributes
    ----------
    outputs : tuple of str
        Findings or classes.
    head : {"sigmoid", "softmax"}
        How logits become probabilities.
    truth, also : float32 array (films, outputs)
        1, 0 or NaN, for the films and those mixed in.
    """

    outputs: tuple[str, ...]
    head: str
    truth: np.ndarray
    also: np.ndarray

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Turn logits (films, outputs) into probabilities."""
        return softmax(logits, axis=-1) if self.head == "softmax" else expit(logits)


def choose_problem(table: pd.DataFrame, also: pd.DataFrame, learned: np.ndarray, head: str) -> Problem:
    """Decide what the model says.

    Parameters
    ----------
    table, also : DataFrame
        The films, and those mixed in.
    learned : int array
        Rows of ``table`` that are trained on.
    head : {"auto", "sigmoid", "softmax", "findings"}
        ``auto``: of a dataset with classes (such as the reader ``folders`` gives) two make one sigmoid output, that of
        the class which is not normal, and more make a softmax; other datasets, one sigmoid output a finding that has
        films with and without it. ``sigmoid`` of more than two classes gives an output each.

    Raises
    ------
    DatasetError
        If there is one class only, or the films that are mixed in have other labels.
    """
    classes = CLASS in table and table[CLASS].notna().any()
    if head == "softmax" and not classes:
        raise DatasetError("--head softmax needs a dataset with classes, such as `python -m training dataset folders`.")
    return _classes(table, also, learned, head) if classes and head != "findings" else _findings(table, also, learned)


def _findings(table: pd.DataFrame, also: pd.DataFrame, learned: np.ndarray) -> Problem:
    known = labels(table)[learned]
    both = (known == 1).any(axis=0) & (known == 0).any(axis=0)
    findings = tuple(name for name, two in zip(FINDINGS, both, strict=True) if two)
    if not findings:
        raise DatasetError("The dataset has one class only: no finding has films both with and without it.")
    others = labels(also, findings)
    for name, rows in also.groupby("dataset").indices.items() if len(also) else ():
        if np.isnan(others[rows]).all():
            raise DatasetError(f"{name}, to be mixed in, has no label for {', '.join(findings)}.")
    return Problem(findings, "sigmoid", labels(table, findings), others)


def _classes(table: pd.DataFrame, also: pd.DataFrame, learned: np.ndarray, head: str) -> Problem:
    nameless = int(table[CLASS].isna().sum())
    if nameless:
        raise DatasetError(f"{nameless} of {len(table)} films have no class; each needs one, or --head findings.")
    names = sorted(table[CLASS].unique(), key=str.casefold)
    if len(names) < 2:
        raise DatasetError(f"The dataset has one class only: every film is “{names[0]}”; two are needed.")
    untaught = [name for name in names if name not in set(table[CLASS].iloc[learned])]
    if untaught:
        raise DatasetError(f"No training film is of the class “{untaught[0]}”.")
    strange = set(also[CLASS].fillna("no class") if CLASS in also else ["no class"][: len(also)]) - set(names)
    if strange:
        raise DatasetError(
            f"The films to be mixed in are of “{min(strange)}”; the classes here are {', '.join(names)}."
        )
    head = ("sigmoid" if len(names) == 2 else "softmax") if head == "auto" else head
    told = [name for name in names if not _is_normal(name)]
    chosen = (told[-1:] or names[-1:]) if head == "sigmoid" and len(names) == 2 else names
    truth, others = (_one_hot(films, chosen) for films in (table, also))
    return Problem(tuple(_output(name, table) for name in chosen), head, truth, others)


def _one_hot(films: pd.DataFrame, classes: list[str]) -> np.ndarray:
    if not len(films):
        return np.empty((0, len(classes)), np.float32)
    return np.column_stack([(films[CLASS] == name).to_numpy(np.float32) for name in classes])


def _is_normal(name: str) -> bool:
    return meaning_of(name) == NOTHING


def _output(name: str, table: pd.DataFrame) -> str:
    """Name a class after a finding where exactly its films have it, so that pages can judge it by that label."""
    here = (table[CLASS] == name).to_numpy(np.float32)
    meaning = meaning_of(name)
    if meaning in (None, NOTHING) or not np.array_equal(labels(table, (meaning[0],))[:, 0], here):
        return name
    return meaning[0]
