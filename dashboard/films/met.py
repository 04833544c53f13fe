"""What the Films page says of films that the model met before it was judged on them."""

from __future__ import annotations

import numpy as np

from dashboard.films.catalogue import UNKNOWN, Catalogue
from training.evaluate.met_words import film_words, met_codes

NOT_KNOWN = "not known whether the model met any of them"


def found_met(catalogue: Catalogue, finding: str | None, rows: np.ndarray) -> str:
    """Say how many of the films found the model has never met; empty without predictions."""
    if catalogue.answers is None or not len(rows):
        return ""
    new, unknown = (int(catalogue.met(which, finding)[rows].sum()) for which in ("new", "unknown"))
    if unknown == len(rows):
        return NOT_KNOWN
    said = f"the model never met {new:,} of them"
    return f"{said}; of {unknown:,} it is not known" if unknown else said


def film_met(catalogue: Catalogue, row: int) -> str:
    """Say what a film, or another of its patient, served for; empty without predictions."""
    answers = catalogue.answers
    if answers is None:
        return ""
    return film_words(answers.met, row, bool(_patients_known(catalogue)[row]))


def films_met(catalogue: Catalogue, rows: np.ndarray, finding: str | None = None) -> np.ndarray:
    """Say in a few words what each film served for, (rows,); by default for any finding; only with predictions."""
    assert catalogue.answers is not None  # as is said above
    return met_codes(catalogue.answers.met, _patients_known(catalogue), finding)[rows]


def _patients_known(catalogue: Catalogue) -> np.ndarray:
    patients = catalogue.films.patients
    return np.asarray([name != UNKNOWN for name in patients.names], bool)[patients.codes]
