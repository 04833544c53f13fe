"""Come to the Compare page by a link, by Back or by a reload: what hangs then, and what of it is lost."""

from __future__ import annotations

import streamlit as st

from dashboard.compare.state import OF_ONE_FILM
from dashboard.compare.visit import visit
from dashboard.server.uploads import uploads

LOST = (
    "A film that was uploaded hung here. Such a film is in no link and does not outlast a reload: "
    "hang it again to go on with it."
)


def hang_what_is_named() -> None:
    """Hang the film that the state names, just read from a link; note where it is one that nobody can hang again."""
    session, state = st.session_state, visit.state
    session.upload = None
    if state.film is None and state.upload:
        brought = uploads()[state.upload - 1 : state.upload]
        session.upload = brought[0] if brought else None
        session.upload_is_lost = not brought
        if not brought:
            visit.change(**OF_ONE_FILM)  # was of the lost film


def show_lost() -> None:
    """Say that a film of the visitor's own was lost, until one hangs or that is understood; offer to hang it again."""
    session = st.session_state
    if not session.get("upload_is_lost"):
        return
    if session.get("upload") is not None:
        session.upload_is_lost = False
        return
    words, again, understood = st.columns([6, 1.2, 1], vertical_alignment="center", gap="small")
    words.warning(LOST, icon=":material/warning:")
    again.button("Hang it again", key="hang_again", width="stretch", type="primary")  # the browser opens “Hang films”
    if understood.button("Understood", key="lost_understood", width="stretch"):
        session.upload_is_lost = False
        st.rerun()
