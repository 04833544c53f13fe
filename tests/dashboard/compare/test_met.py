"""Compare says whether the model met the film that hangs, as far as anybody recorded it."""

import os

import pytest

from dashboard.compare.met import met_line
from dashboard.server.library import Library
from training.datasets.marks import record

NOT_KNOWN = "Whether the model met this film before is not known."


@pytest.fixture
def told(shelf):
    """Say it of a film, with a model that was fitted on some."""

    def ask(film: str | None, fitted: list[str] | None, **columns: list) -> str:
        shelf.add_dataset(**columns)
        library = Library(shelf.root)
        films = library.table("generated")
        used = {} if fitted is None else {"used": [record(films.loc[fitted], ["fit"])]}
        card = shelf.add_card("tiny", provenance=used)
        os.utime(card, (len(str(used)),) * 2)
        (shelf.root / "models" / "tiny.keras").write_bytes(b"not read")
        hung = None if film is None else library.record("generated", film)
        return met_line(library, "tiny", library.card("tiny"), hung)

    return ask


@pytest.mark.parametrize(
    ("film", "fitted", "patient", "words"),
    [
        ("a", ["a"], ["p", "q", "r"], "The model met this film, or another of its patient: it served to fit it."),
        ("b", ["a"], ["p", "p", "r"], "The model met this film, or another of its patient: it served to fit it."),
        ("c", ["a"], ["p", "p", "r"], "The model never met this patient."),
        ("c", ["a"], ["p", "p", None], "This film served for nothing that made the model; whether another of its"),
        ("a", None, ["p", "q", "r"], NOT_KNOWN),
        (None, ["a"], ["p", "q", "r"], NOT_KNOWN),
    ],
)
def test_a_film_is_met_where_it_or_another_of_its_patient_served(told, film, fitted, patient, words):
    assert told(film, fitted, patient=patient).startswith(words)


def test_a_card_that_is_written_anew_counts_at_once(told):
    assert told("a", []) != told("a", ["a"])


def test_a_dataset_that_is_gone_leaves_it_open(told, shelf):
    told("a", ["a"])
    library = Library(shelf.root)
    hung, card = library.record("generated", "a"), library.card("tiny")
    (shelf.root / "datasets" / "generated" / "dataset.json").unlink()
    assert met_line(library, "tiny", card, hung) == NOT_KNOWN
