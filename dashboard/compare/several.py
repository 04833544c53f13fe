"""Several findings of a film at once, and a second model beside the first."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.compare import light_box
from dashboard.compare.hang import Hung
from dashboard.compare.model_choice import current_model, usable_card
from dashboard.compare.shown import LIKENESS, Shown
from dashboard.compare.state import MOST_ROWS, State
from dashboard.compare.visit import visit
from dashboard.components import payload
from dashboard.page.words import escape
from dashboard.server.awaited import Want
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

LABEL, ICON = "Grid", ":material/grid_on:"
HELP = "Several findings of this film at once, or the same finding for a second model."


def is_usable(hung: Hung | None) -> bool:
    """Say that a film hangs."""
    return hung is not None


def show(state: State, hung: Hung) -> State:
    """Show the choice of findings and of a second model; each changes the state by itself."""
    services = st.session_state.services
    model = current_model(services, state)
    card = usable_card(services, model)
    outputs = [] if card is None else list(card.outputs)
    visit.bound(
        st.multiselect,
        "Findings, a row each",
        outputs,
        key="grid",
        value=[name for name in state.grid if name in outputs],
        take=lambda chosen: {"grid": tuple(chosen)},
        max_selections=MOST_ROWS,
        format_func=finding_label,
        placeholder=f"up to {MOST_ROWS}",
        help="Small maps of each, by the methods chosen in “Maps”. A click on one goes to that finding.",
    )
    others = [name for name in services.library.models() if name != model]
    visit.bound(
        st.selectbox,
        "Second model",
        others,
        key="beside",
        value=state.beside if state.beside in others else None,
        placeholder="none",
        help="Its maps of the same findings stand below those of the first. They take as long as those did.",
    )
    return state


def second_model(shown: Shown, state: State, hung: Hung) -> Shown | None:
    """Give what the second model sees in the film; None where none is asked for, or it cannot be used."""
    name = state.beside
    if name is None or name == shown.model:
        return None
    card = usable_card(shown.services, name) if name in shown.services.library.models() else None
    if card is None:
        st.warning(escape(f"There is no second model “{name}” with a usable card in this library."))
        return None
    asked = state.with_(settings=state.without_choices_of_the_model(), without=())
    return Shown.of(shown.services, shown.waiter, asked, hung, name, card)


def wants_beside(second: Shown | None) -> list[Want]:
    """Give what there is to wait for of a second model, under names of its own."""
    if second is None:
        return []
    model = second.card.name
    return [
        replace(one, name=f"beside {one.name}", title=f"{one.title} ({model})")
        for one in second.wants()
        if one.name != LIKENESS  # is said of the first alone
    ]


def beside_part(second: Shown | None, hung: Hung) -> payload.Payload | None:
    """Describe a second model for the light box."""
    if second is None:
        return None
    findings = light_box.findings_part(second.card, second.truth, is_simulated=hung.is_simulated)
    return payload.beside_payload(second.card.name, findings, input_part=second.input())


def rows(state: State, card: ModelCard) -> list[str]:
    """Name the findings that have a row: those asked for that the model answers."""
    return [name for name in state.grid if name in card.outputs]
