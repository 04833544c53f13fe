"""Go from the Films page to the Compare page with films in hand, and back to the same place."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from dashboard.compare.state import View, write_link
from dashboard.components.viewer import DISPLAY
from dashboard.films.catalogue import Catalogue
from dashboard.films.own import OWN
from dashboard.films.services import FilmServices
from dashboard.films.source import catalogue_of, notebook_of
from dashboard.films.state import write_link as films_link
from dashboard.films.walk import Place, Walk, place, rows_of
from dashboard.server.services import Services
from dashboard.server.uploads import uploads

COMPARE, FILMS = "views/compare.py", "views/films.py"


def compare(catalogue: Catalogue, walk: Walk, film: str) -> NoReturn:
    """Hang a film on the Compare page, with the finding and the model in question, and the rest to walk through."""
    state = st.session_state
    state.walk = walk
    state.upload = next((one for one in uploads() if one.sha256 == film), None) if walk.dataset == OWN else None
    view: View = state.get("view", View())
    changes: dict = {"film": None if walk.dataset == OWN else f"{walk.dataset}/{film}", "without": ()}
    if walk.query.finding is not None:
        changes["finding"] = walk.query.finding
    if catalogue.answers is not None and catalogue.answers.model in state.services.library.models():
        changes["model"] = catalogue.answers.model
    st.switch_page(COMPARE, query_params=write_link(view.with_(**changes), DISPLAY))


def place_in_walk(services: Services, film: str) -> tuple[Walk, Place] | None:
    """Find the film that hangs on the Compare page in what the Films page handed over; None where it is not in it.

    Parameters
    ----------
    services : Services
    film : str
        ``dataset/film``, or an upload's content hash.
    """
    walk: Walk | None = st.session_state.get("walk")
    shared: FilmServices | None = st.session_state.get("film_services")
    if walk is None or shared is None:
        return None
    try:
        catalogue = catalogue_of(services, shared, walk.query)
        rows = rows_of(walk, shared, catalogue, notebook_of(shared, walk.dataset))
    except ValueError:  # the library has changed meanwhile: its own errors are of this kind
        return None
    name = film.removeprefix(f"{walk.dataset}/")
    stands = place(catalogue, rows, name, only_openable=True)
    return None if stands is None else (walk, stands)


def back_to_films(walk: Walk, stands: Place, film: str) -> None:
    """Show the way back to the Films page, as it was left, with this film marked."""
    words = f"{stands.number:,} of {stands.count:,}"
    if st.button(words, key="back_to_films", icon=":material/grid_view:", help="Back to these films."):
        st.session_state.films_last = film
        st.switch_page(FILMS, query_params=films_link(walk.query))
