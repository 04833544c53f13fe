"""Whether the model that looks at a film met it before."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.server.library import Library, Record
from training.datasets.facts import DatasetError
from training.evaluate.met import Met, films_met
from training.evaluate.met_words import film_words
from xai.cards.model_card import ModelCard, ModelCardError, card_path

KEPT = 16  # models and datasets


def met_line(library: Library, model: str, card: ModelCard, record: Record | None) -> str:
    """Say what the film that hangs served for; ``record`` is None for an upload, of which nobody knows."""
    if record is None:
        return film_words(None, 0, patient_known=False)
    try:
        films = library.table(record.dataset)
        read = card_path(library.model(model)).stat().st_mtime
        met = _met(f"{model} {read} {record.dataset} {library.dataset_stamp(record.dataset)}", library, record, card)
    except (DatasetError, ModelCardError, OSError):
        return film_words(None, 0, patient_known=False)
    row = films.index.get_indexer(pd.Index([record.film]))[0]
    return film_words(met, row, patient_known=bool(pd.notna(films["patient"].iloc[row])))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _met(stamp: str, _library: Library, _record: Record, _card: ModelCard) -> Met:
    return films_met({"provenance": _card.provenance}, {}, _library.dataset(_record.dataset))
