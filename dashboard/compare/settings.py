"""Which methods are shown, and their parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from dashboard.compare.glance import films_words, leagues_of, standing
from dashboard.compare.hang import Hung
from dashboard.compare.model_choice import current_model, usable_card
from dashboard.compare.state import SETTINGS, Setting, State
from dashboard.compare.visit import visit
from dashboard.page.words import escape
from dashboard.server.services import Request
from xai.explainers import DEFAULT_METHODS, EXPLAINERS

LABEL, ICON, HELP = "Maps", ":material/tune:", None

AS_FOUND = "the card's, or the last"
_CONTROLS: dict[bool, Callable[..., Any]] = {True: st.select_slider, False: st.selectbox}  # of numbers, of words


def is_usable(hung: Hung | None) -> bool:
    """Say that maps can be chosen before a film hangs."""
    return True


def show(state: State, hung: Hung | None) -> State:
    """Show the methods, their parameters and the seed; each changes the state by itself."""
    visit.bound(
        st.pills,
        "Maps",
        list(EXPLAINERS),
        key="methods",
        value=list(state.methods),
        take=lambda chosen: {"methods": tuple(name for name in EXPLAINERS if name in chosen) or DEFAULT_METHODS},
        selection_mode="multi",
        format_func=lambda name: EXPLAINERS[name].title,
        help="The two controls know nothing about the film. A map that looks no better than they do proves nothing.",
    )
    st.caption(at_a_glance(state))
    for setting in SETTINGS:
        if setting.method in state.methods:
            value = state.settings.get(setting.key, setting.default)
            visit.bound(
                _CONTROLS[isinstance(setting.default, int)],
                setting.label,
                setting.choices or list(dict.fromkeys((setting.default, *_offered(setting, state, hung), value))),
                key=setting.key,
                value=value,
                take=partial(_changed, setting.key),
                format_func=lambda choice: str(choice) or AS_FOUND,
                help=setting.help,
            )
    visit.bound(
        st.number_input,
        "Seed",
        0,
        999_999_999,
        key="seed",
        step=1,
        help="The same seed gives the same maps; another shows how steady they are.",
    )
    return state


def at_a_glance(state: State) -> str:
    """Say of each method what it needs, what it costs as it is set, and what was measured of it, a line each."""
    services = st.session_state.services
    model = current_model(services, state)
    results = max(leagues_of(services.library, model) if model else [], key=lambda one: one.films, default=None)
    lines = []
    for name, kind in EXPLAINERS.items():
        measured = standing(results, name) if results is not None else ""
        told = [kind(**dict(state.parameters(name))).at_a_glance, *([measured] if measured else ())]
        lines.append(f"**{kind.title}** {' · '.join(told)}")
    if results is not None:
        lines.append(f"Measured on {escape(films_words(services.library, results))}, all findings together.")
    return "  \n".join(lines)


def _offered(setting: Setting, state: State, hung: Hung | None) -> list[str]:
    """List what can be chosen of this model, as a map of it tells; nothing before there is one."""
    services = st.session_state.services
    model = current_model(services, state)
    if hung is None or not model:
        return []
    for seen in (state, state.with_(settings=state.without_choices_of_the_model())):
        parameters = seen.parameters(setting.method)
        request = Request(hung.film, model, setting.method, parameters, state.seed, hung.record is not None)
        if usable_card(services, model) is not None and (found := services.found(request)):
            return list(found[0].diagnostics.get(setting.offered, []))
    return []


def _changed(key: str, value: Any) -> dict[str, Any]:
    return {"settings": {**visit.state.settings, key: value}}
