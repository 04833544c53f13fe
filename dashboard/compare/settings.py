"""Which methods are shown, and their parameters."""

from __future__ import annotations

import streamlit as st

from dashboard.compare.hang import Hung
from dashboard.compare.state import SETTINGS, State
from xai.explainers import DEFAULT_METHODS, EXPLAINERS

LABEL, ICON, HELP = "Maps", ":material/tune:", None


def is_usable(hung: Hung | None) -> bool:
    """Say that maps can be chosen before a film hangs."""
    return True


def show(state: State, hung: Hung | None) -> State:
    """Show the controls and give the state with what they say."""
    methods = st.pills(
        "Maps",
        list(EXPLAINERS),
        default=list(state.methods),
        selection_mode="multi",
        format_func=lambda name: EXPLAINERS[name].title,
        key="methods",
        help="The two controls know nothing about the film. A map that looks no better than they do proves nothing.",
    )
    ordered = tuple(name for name in EXPLAINERS if name in methods)
    settings = {}
    for setting in SETTINGS:
        name = setting.key
        if setting.method not in ordered:
            continue
        chosen = state.settings.get(name, setting.default)
        if isinstance(setting.default, int):
            settings[name] = st.select_slider(setting.label, setting.choices, chosen, key=name, help=setting.help)
        else:
            at = setting.choices.index(chosen)
            settings[name] = st.selectbox(setting.label, setting.choices, at, key=name, help=setting.help)
    seed = st.number_input(
        "Seed",
        0,
        999_999_999,
        state.seed,
        key="seed",
        help="The same seed gives the same maps; another shows how steady they are.",
    )
    return state.with_(methods=ordered or DEFAULT_METHODS, settings={**state.settings, **settings}, seed=int(seed))
