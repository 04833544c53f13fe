"""Which model looks at the film, and what to do about one that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.compare.card_form import card_form
from dashboard.compare.hang import Hung
from dashboard.compare.state import State
from dashboard.compare.visit import visit
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.services import Services
from xai.cards.model_card import ModelCard, ModelCardError, card_path
from xai.models.library import DEFAULT_MODEL


def current_model(services: Services, state: State) -> str:
    """Name the model that looks at the film; an empty name where there is none."""
    names = list(services.library.models())
    return next((name for name in (state.model, DEFAULT_MODEL, *names) if name in names), "")


def choose_model(services: Services, state: State) -> str:
    """Show the choice of model and give the chosen one; an empty name where there is none to choose."""
    names = list(services.library.models())
    if not names:
        return ""
    wanted = current_model(services, state)
    if state.model not in (None, wanted):
        refuse(f"There is no model “{state.model}” in this library; showing {wanted}.")
        visit.change(model=None)
    visit.bound(
        st.selectbox,
        "Model",
        names,
        key="model",
        value=wanted,
        take=lambda name: {
            "model": None if name == DEFAULT_MODEL else name,
            "settings": visit.state.without_choices_of_the_model(),
        },
        label_visibility="collapsed",
    )
    return wanted


def usable_card(services: Services, model: str) -> ModelCard | None:
    """Give the card of a model; None where it has no usable one, see `show_no_card`."""
    try:
        return services.library.card(model) if model else None
    except ModelCardError:
        return None


def show_no_card(
    services: Services, model: str, hung: Hung | None, show_film: Callable[[], object] = lambda: None
) -> None:
    """Say why a model cannot be used and what to do about it, beside the film, which hangs all the same."""
    if not model:
        st.error("There is no model: put a .keras file and its card into the library's folder models.")
    else:
        try:
            services.library.card(model)
        except ModelCardError as error:
            st.error(escape(sentence_of(error)))
    path = services.library.models().get(model)
    film, words = st.columns([1, 1.6], gap="medium")
    with film:
        show_film()
    with words:
        if path is not None:
            _what_to_do(services, path, hung)


def _what_to_do(services: Services, path: Path, hung: Hung | None) -> None:
    if card_path(path).exists():
        st.markdown(f"Mend {escape(card_path(path).name)} in the folder of the models, or choose another model above.")
        return
    card_form(services, path, None if hung is None else (hung.plain_title, hung.film))
