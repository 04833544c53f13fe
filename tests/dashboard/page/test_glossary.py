from __future__ import annotations

import pytest

from dashboard.page.glossary import explained, meaning, terms_in
from dashboard.page.terms import TERMS
from tests.dashboard.pages import Idle, opened, serve

ASKED = (
    "logit", "residual", "pieces", "cells", "native", "R²", "R2", "AUROC", "evaluations", "twin", "“ends”", "centre",
    "width", "threshold", "calibration", "baseline", "sensitivity", "PPV", "interval", "shared out",
)  # fmt: skip


@pytest.mark.parametrize("word", ASKED)
def test_a_word_that_a_student_does_not_know_has_a_meaning(word):
    (term,) = terms_in(f"Here {word.capitalize()}, there.")
    assert len(term.meaning.split()) >= 10
    assert term.meaning.endswith(".")


def test_each_form_belongs_to_one_word():
    forms = [form.casefold() for term in TERMS for form in term.forms]
    assert len(forms) == len(set(forms))


def test_words_are_found_whole_and_the_longest_first():
    assert [term.name for term in terms_in("A baseline picture, 95\u00a0% intervals and a weighted loss.")] == [
        "Baseline",
        "Interval",
        "Weighted loss",
    ]
    assert terms_in("Twinkle, cellular, dissent") == []


def test_a_text_is_explained_by_the_words_it_has_each_once():
    told = explained("The logit, and again the LOGIT.", "Its AUROC.")
    assert told == f"**Logit.** {meaning('Logit')}  \n**AUROC.** {meaning('AUROC')}"
    assert explained("Nothing to explain.") is None


@pytest.mark.parametrize(
    "page", ["", "views/films.py", "views/roc.py", "views/errors.py", "views/trust.py", "views/models.py"]
)
def test_the_list_is_one_tap_away_on_every_page(shelf, monkeypatch, page):
    from dashboard.server.library import Library

    serve(monkeypatch, shelf.root, lambda root: Idle(Library(root)))
    shown = "\n".join(one.value for one in opened(page).markdown)
    for term in TERMS:
        assert f"**{term.name}.** {term.meaning}" in shown
