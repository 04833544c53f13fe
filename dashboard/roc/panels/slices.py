"""Slices: any films that can be asked for, against the rest."""

from __future__ import annotations

import streamlit as st

from dashboard.films.services import FilmServices
from dashboard.films.slice_panel import choose_slice, show_slice
from dashboard.roc.scene import Scene
from dashboard.roc.visit import visit

OUTSIDE = "The films of these predictions lie outside this library, so no slice can be asked of them."


def show(scene: Scene) -> None:
    """Show the choice of slice, and its measures beside those of the rest."""
    if scene.home.dataset is None:
        st.info(OUTSIDE)
        return
    shared = st.session_state.services.of(FilmServices)
    asked = choose_slice(visit, shared, scene.home)
    if asked is not None:
        show_slice(shared, scene.home, scene.judged, scene.finding, scene.threshold.value, asked)
