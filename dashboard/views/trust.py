"""Trust: what was measured of a model's maps where the truth is known, and how to find out about one's own."""

from __future__ import annotations

import streamlit as st

from dashboard.page.glossary import explained
from dashboard.page.refused import show_refused
from dashboard.page.state import filled
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.library import Library
from dashboard.server.services import Services
from dashboard.trust.sections import SECTIONS
from dashboard.trust.state import State
from dashboard.trust.subject import open_subject, unreadable
from dashboard.trust.visit import visit
from xai.models.library import DEFAULT_MODEL

NO_MODELS = "There is no model yet. The Models page says how to bring one."


def trust(services: Services) -> None:
    """Show the page."""
    visit.start()
    models = list(services.library.models())
    if not models:
        show_refused()
        st.info(NO_MODELS)
        return
    section = SECTIONS[visit.state.section]
    is_large = section.can_be_large and visit.state.large
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        subject = open_subject(services, choose_model(models, is_shown=section.of_model and not is_large))
        if not is_large:
            choose_section()
    refused = st.container()
    if not is_large:
        st.caption(section.sentence, help=explained(section.sentence))
    show_unreadable(services.library)
    section.show(subject)
    with refused:
        show_refused()
    visit.write_permalink(visit.state if section.of_model else visit.state.with_(model=None))


def choose_model(models: list[str], *, is_shown: bool = True) -> str:
    """Show the choice of the model, where the section is about one; fill it in where the state leaves it open."""
    if visit.state.model not in models:
        first = DEFAULT_MODEL if DEFAULT_MODEL in models else models[0]
        if visit.state.model is not None:
            refuse(f"There is no model “{visit.state.model}” in this library; showing {first}.")
        visit.change(model=first)
    if not is_shown:
        return filled(visit.state.model)
    return visit.bound(
        st.selectbox,
        "Model",
        models,
        key="model",
        take=lambda name: dict(vars(State(model=name, section=visit.state.section, measure=visit.state.measure))),
        width=200,
        help="Whose maps are in question.",
    )


def choose_section() -> None:
    """Show the parts of the page."""
    visit.bound(
        st.segmented_control,
        "Part",
        list(SECTIONS),
        key="section",
        take=lambda name: {"section": name or State.section, "film": State.film},
        format_func=lambda name: SECTIONS[name].title,
        label_visibility="collapsed",
    )


def show_unreadable(library: Library) -> None:
    """Name the benchmarks of the library that cannot be read."""
    for sentence in unreadable(library):
        st.warning(escape(sentence), icon=":material/warning:")


trust(st.session_state.services)
