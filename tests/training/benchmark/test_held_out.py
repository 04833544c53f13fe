"""Whether a model met the films of its league is read from its card, never guessed."""

from __future__ import annotations

import pandas as pd
import pytest

from training.benchmark.held_out import NOT_KNOWN, NOT_SAID, held_out
from training.datasets.marks import record

FILMS = pd.DataFrame({"film": ["a", "b", "c", "d"], "patient": ["p", "p", "q", "d"], "dataset": "made"})
SCORES = pd.concat([FILMS.assign(method=name) for name in ("cam", "lime")])  # of d the patient is not known


def met(films: pd.DataFrame, **also: object) -> dict:
    """What a card says that learned from some films."""
    return {"used": [record(films, ["fit"])], **also}


def test_films_of_patients_that_the_model_met_are_counted():
    other = pd.DataFrame({"film": ["z"], "patient": ["p"], "dataset": "elsewhere"})
    assert held_out(met(other), SCORES, "made").startswith(
        "By its card the model met 2 of these 4 films, or others of their patients"
    )
    alone = pd.DataFrame({"film": ["d"], "patient": [None], "dataset": "made"})
    assert "met 1 of these 4 films" in held_out(met(alone), SCORES, "made")


def test_what_no_card_says_is_not_known():
    assert held_out({}, SCORES, "made") == NOT_KNOWN
    assert held_out(met(FILMS, started_from={"data": {"name": "x"}}), SCORES[:0], "made") == NOT_KNOWN
    assert held_out(met(FILMS), None, "made") == NOT_SAID


@pytest.mark.parametrize(
    ("also", "more"),
    [({}, ""), ({"soft_labels": {}}, " It learned from other models' answers too; what those had met is not known.")],
)
def test_films_that_no_record_speaks_of_are_new(also, more):
    other = pd.DataFrame({"film": ["z"], "patient": ["r"], "dataset": "made"})
    none = "By its card the model met none of these 4 films, nor others of their patients."
    assert held_out(met(other, **also), SCORES, "made") == none + more
    nobody = pd.DataFrame({"film": ["z"], "patient": [None], "dataset": "made"})
    assert "of their patients it is not known" in held_out(met(nobody, **also), SCORES, "made")


def test_a_start_that_met_them_counts_too():
    start = met(FILMS[:2])
    assert "met 2 of these 4" in held_out(met(FILMS[2:2], started_from=start), SCORES, "made")
