"""Go from the Films page to the Compare page with films in hand."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from dashboard.compare.state import OF_ONE_FILM
from dashboard.compare.visit import visit as compare_visit
from dashboard.films.catalogue import Catalogue
from dashboard.films.walk import FilmsWalk
from dashboard.server.library import OWN
from dashboard.server.uploads import uploads

COMPARE = "views/compare.py"


def compare(catalogue: Catalogue, walk: FilmsWalk, film: str) -> NoReturn:
    """Hang a film on the Compare page, with the finding and the model in question, and the rest to walk through."""
    session = st.session_state
    brought = [one.sha256 for one in uploads()] if walk.dataset == OWN else []
    changes: dict = {"film": None if walk.dataset == OWN else f"{walk.dataset}/{film}", "without": (), **OF_ONE_FILM}
    changes["upload"] = brought.index(film) + 1 if film in brought else 0
    changes["walk"] = walk.query(session.setdefault("held_walks", {}))
    if walk.state.finding is not None:
        changes["finding"] = walk.state.finding
    if catalogue.answers is not None and catalogue.answers.model in session.services.library.models():
        changes["model"] = catalogue.answers.model
    link = compare_visit.link.write(compare_visit.state.with_(**changes))
    st.switch_page(COMPARE, query_params=link)
