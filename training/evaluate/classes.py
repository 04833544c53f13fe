"""The truth about outputs that are classes: each against the rest.

A dataset made from folders of classes says one class of each film, in its column ``class``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.folders import meaning_of, plain
from training.datasets.labels import NOTHING
from training.datasets.table import CLASS, labels
from training.predictions.table import PredictionsFacts
from xai.findings import FINDINGS

BY_CLASS = "classes"  # what the notes of imported predictions say of such outputs


def class_of(films: pd.DataFrame) -> pd.Series:
    """Give the class of each film, None where it has none, as have all films of a dataset without classes."""
    if CLASS not in films:
        return pd.Series(None, films.index, dtype=object)
    told = films[CLASS].astype(object)
    return told.where(told.map(lambda one: isinstance(one, str) and one != ""), None)


def class_names(films: pd.DataFrame) -> tuple[str, ...]:
    """Name the classes that films are of, in the order in which a model is taught them."""
    return tuple(sorted(class_of(films).dropna().unique(), key=str.casefold)) if CLASS in films else ()


def class_truths(films: pd.DataFrame, outputs: Sequence[str], softmax: bool = False) -> dict[str, np.ndarray]:
    """Judge outputs that are classes of these films, each against the rest.

    Parameters
    ----------
    films : DataFrame
        A dataset's table.
    outputs : sequence of str
        Of a model. One that is a finding is judged by that finding's column and is left out here, but for a softmax:
        its outputs add up to one, so they are all judged by the class.
    softmax : bool

    Returns
    -------
    dict of str to float32 array (films,)
        For each output that is a class: 1 where the film is of it, 0 where it is of another, NaN where its class is
        missing.
    """
    told, names = class_of(films), class_names(films)
    meant = {name: _meant(name, names, outputs) for name in outputs if softmax or name not in FINDINGS}
    missing = told.isna().to_numpy()
    return {
        name: np.where(missing, np.nan, told.isin(classes)).astype(np.float32)
        for name, classes in meant.items()
        if classes
    }


def truths(films: pd.DataFrame, outputs: Sequence[str], softmax: bool = False) -> dict[str, np.ndarray]:
    """Give the truth about each output that the films are labelled for: classes, and findings by their columns.

    Parameters and arrays are those of `class_truths`. Of a softmax that speaks of the films' classes, an output that
    is none of them is left out, be it a finding: one truth for all of its outputs.
    """
    found = class_truths(films, outputs, softmax)
    if softmax and found:
        return found
    known = [name for name in outputs if name in found or name in FINDINGS]
    return {name: found[name] if name in found else labels(films, (name,))[:, 0] for name in known}


def is_softmax(card: Mapping[str, Any]) -> bool:
    """Whether a model card says that the outputs exclude each other."""
    head = card.get("head")
    return isinstance(head, Mapping) and head.get("link") == "softmax"


def are_classes(facts: PredictionsFacts) -> bool:
    """Whether predictions are of classes of which a film has one, so that each output is judged against the others."""
    return is_softmax(facts.card) or facts.notes.get("outputs") == BY_CLASS


def finding_of_class(name: str) -> str | None:
    """Give the finding that a class is about; None for normal films and for anything else."""
    meaning = meaning_of(name)
    return None if meaning in (None, NOTHING) else meaning[0]


def _meant(output: str, classes: tuple[str, ...], outputs: Sequence[str]) -> list[str]:
    """Give the classes that an output stands for: its own, or, named after a finding, those that are about it."""
    if output in classes:
        return [output]
    free = [name for name in classes if name not in outputs]
    alike = [name for name in free if plain(name) == plain(output)]
    return alike or [name for name in free if output in FINDINGS and finding_of_class(name) == output]
