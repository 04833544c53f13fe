"""Whose films served for something, in few characters that name nobody: what a model card keeps of them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from training.datasets.patients import count_patients

BYTES = 5  # of a mark: of 65,000 patients and as many others, one is taken for another once in 250 times
MOST = 80_000  # marks in a record: more would not fit into a card


def record(films: pd.DataFrame, served: Sequence[str], most: int = MOST, **also: Any) -> dict[str, Any]:
    """Write down which films served for something: every patient as a mark, a film of an unknown one by its own.

    A mark is the start of a hash, so that a card that is passed on names no patient.

    Parameters
    ----------
    films : DataFrame
        With ``film``, ``patient`` and ``dataset``.
    served : sequence of str
        What for.
    most : int
        With more marks than this none is kept: a reader then knows that it cannot tell.
    also
        More entries.

    Returns
    -------
    dict
        Plain JSON values: ``for``, ``datasets``, ``films``, ``patients`` and ``marks``, which `marked` reads.
    """
    marks = np.unique(marks_of(films))
    kept = marks if len(marks) <= most else marks[:0]
    return {
        "for": list(served),
        **also,
        "datasets": sorted(map(str, films["dataset"].dropna().unique())),
        "films": len(films),
        **count_patients(films["patient"]).numbers,
        "marks": base64.b64encode(b"".join(int(one).to_bytes(BYTES, "big") for one in kept)).decode(),
    }


def marked(
    films: pd.DataFrame, records: Iterable[Mapping[str, Any]], ours: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the films that records speak of: those themselves, and others of the same patients.

    Parameters
    ----------
    films : DataFrame
        As `record` takes it.
    records : iterable of mapping
    ours : array (films,), optional
        Their `marks_of`, where they are known already.

    Returns
    -------
    found, doubtful : bool array (films,)
        Films that are in a record, and films of which a record that holds no marks cannot tell.
    """
    ours = marks_of(films) if ours is None else ours
    found, doubtful = np.zeros((2, len(films)), bool)
    for one in records:
        marks = _read(one.get("marks"))
        if len(marks):
            found |= np.isin(ours, marks)
        elif one.get("films") != 0:
            sets = one.get("datasets")
            doubtful |= films["dataset"].isin(sets).to_numpy() if isinstance(sets, list) and sets else True
    return found, doubtful & ~found


def marks_of(films: pd.DataFrame) -> np.ndarray:
    """Give the mark of each film: that of its patient, or its own where nobody knows the patient; int64 (films,)."""
    keys = films["patient"].astype(object).to_numpy(copy=True)
    alone = films["patient"].isna().to_numpy()
    keys[alone] = films["dataset"][alone].astype("str") + "/" + films["film"][alone].astype("str")
    codes, names = pd.factorize(keys)
    return np.array([_mark(str(name)) for name in names], np.int64)[codes]


def _mark(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:BYTES], "big")


def _read(text: Any) -> np.ndarray:
    """Read marks; none from anything that is not what `record` writes."""
    try:
        packed = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return np.zeros(0, np.int64)
    whole = len(packed) // BYTES * BYTES
    return np.array([int.from_bytes(packed[k : k + BYTES], "big") for k in range(0, whole, BYTES)], np.int64)
