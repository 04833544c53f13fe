"""What the Films page says of films that the model met before it was judged on them."""

from __future__ import annotations

import numpy as np

from dashboard.films.catalogue import UNKNOWN, Catalogue
from training.evaluate.met import SERVED
from training.evaluate.met_words import listed
from xai.findings import finding_label

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
    met = answers.met
    if met is None or met.unknown[row]:
        return "Whether the model met this film before is not known."
    uses = [words for use, words in SERVED.items() if use in met.served and met.served[use][row]]
    uses += [f"to mend {finding_label(name)}" for name, fitted in met.mended.items() if fitted[row]]
    films = catalogue.films
    if uses:
        return f"The model met this film, or another of its patient: it served {listed(uses)}."
    if met.strangers or films.patients.names[films.patients.codes[row]] == UNKNOWN:
        return "This film served for nothing that made the model; whether another of its patient did is not known."
    return "The model never met this patient."
