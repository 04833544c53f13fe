"""What is known of each source's films but for their labels: which side is which, and whether names tell labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from training.datasets.facts import DatasetFacts
from xai.films.film import AS_HUNG, Film


@dataclass(frozen=True)
class Convention:
    """How a source shows and names its films.

    Attributes
    ----------
    sides_known : bool
        Whether the patient's right lies on the image's left on its films; a film's own file may say so where this
        does not.
    names_tell : bool
        Whether the names of its films may say what is on them.
    why : str
        What both rest on.
    """

    sides_known: bool
    names_tell: bool
    why: str


UNKNOWN = Convention(False, False, "Nothing is documented of where these films come from.")
CONVENTIONS = {
    "simulated": Convention(True, False, "The simulation places the patient's right on the image's left."),
    "nih": Convention(
        True,
        False,
        "One hospital's frontal films, published as they are read, with boxes on them; named by patient and number.",
    ),
    "chexpert": Convention(False, False, "No orientation is documented; named by patient, study and view."),
    "mimic": Convention(False, False, "Its tables give the view, not the orientation; named by random numbers."),
    "covid": Convention(False, True, "Collected from publications and web pages, whose names the files keep."),
    "folders": Convention(False, True, "Filed by label, so that the path of a film names it."),
    "films": UNKNOWN,
    "vindr": Convention(False, False, "Its DICOM files may say; no orientation is documented; named by hashes."),
    "padchest-gr": Convention(False, False, "No orientation is documented; named by numbers."),
    "rsna": Convention(True, False, "NIH's films, and shown as those are; named by random numbers."),
}


def convention_of(facts: DatasetFacts, row: pd.Series) -> Convention:
    """Give what is known of a film by its row in the table: simulated ones have a recipe, others a reader."""
    if isinstance(row.get("recipe"), str):
        return CONVENTIONS["simulated"]
    return CONVENTIONS.get(facts.policy.get("reader", facts.name), UNKNOWN)  # older datasets are named after the reader


def with_sides(film: Film, convention: Convention) -> Film:
    """Note on a film which side is which, where its file does not say and its source is known for it."""
    if film.facts.sides is not None or not convention.sides_known:
        return film
    return replace(film, facts=replace(film.facts, sides=AS_HUNG))


def tells(name: str, convention: Convention, labels: Iterable[str]) -> bool:
    """Say whether a film's name may give away what is on it.

    Parameters
    ----------
    name : str
        Of the film in its dataset.
    convention : Convention
        Of its source.
    labels : iterable of str
        What the dataset labels, findings or classes: a name that holds one of these words tells too.
    """
    letters = _letters(name)
    return convention.names_tell or any(word in letters for label in labels if (word := _letters(label)))


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text).casefold()
