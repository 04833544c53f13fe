"""Whether the model met the films of a league before, kept between runs of the page."""

from __future__ import annotations

import streamlit as st

from dashboard.trust.cell_films import scores_of
from dashboard.trust.subject import Subject
from training.benchmark.held_out import NOT_KNOWN, NOT_SAID, held_out
from training.benchmark.results import Results
from training.benchmark.sources import SCORES_FILE, ResultsError
from training.datasets.facts import DatasetError
from xai.cards.model_card import ModelCardError

KEPT = 32  # leagues


def films_held_out(subject: Subject, results: Results) -> str:
    """Say whether the model met the films behind a league, or others of their patients, by its card."""
    library = subject.library
    there = results.dataset in library.datasets()
    stamp = (results.source, results.stamp(SCORES_FILE), library.dataset_stamp(results.dataset) if there else 0)
    return _told(str((stamp, id(results.source), subject.card_id)), subject, results)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _told(stamp: str, _subject: Subject, _results: Results) -> str:
    library = _subject.library
    try:
        scores = scores_of(_results)
        films = library.dataset(_results.dataset) if _results.dataset in library.datasets() else None
        return held_out(library.card(_subject.model).provenance, scores, _results.dataset, films)
    except ResultsError:
        return NOT_SAID
    except (DatasetError, ModelCardError):
        return NOT_KNOWN
