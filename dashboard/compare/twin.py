"""The twin of a simulated film: the same film without one thing, to ask what the model really used."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.compare import light_box
from dashboard.compare.hang import Hung
from dashboard.compare.state import State
from dashboard.compare.visit import visit
from dashboard.components.payload import Payload
from dashboard.page.visit import visitor
from dashboard.page.words import percent, signed
from dashboard.server.jobs import Job
from dashboard.server.services import Services
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

LABEL, ICON = "Twin", ":material/compare:"
HELP = "The same film without one thing on it, rendered again; for simulated films."


def is_usable(hung: Hung | None) -> bool:
    """Say whether a film is simulated."""
    return hung is not None and hung.record is not None and hung.record.recipe is not None


def removable(hung: Hung) -> list[str]:
    """Findings and objects on a film that a twin can lack; none where the film is not simulated."""
    recipe = hung.record.recipe if hung.record else None
    return [] if recipe is None else [*recipe.severities, *recipe.objects]


def show(state: State, hung: Hung) -> State:
    """Show what can be taken off the film; gives the state without what an earlier film had and this one lacks."""
    names = removable(hung)
    without = tuple(name for name in state.without if name in names)
    visit.bound(
        st.pills,
        "Take away",
        names,
        key=f"without_{hung.film.sha256}",
        value=list(without),
        take=lambda chosen: {"without": tuple(chosen)},
        selection_mode="multi",
        format_func=finding_label,
        help="Shows the same film rendered again without it, noise and all, and what the model says then.",
    )
    if not names:
        st.caption("Nothing can be taken off this film: it shows no finding and no object.")
    return state.with_(without=without)


def twin_panel(
    services: Services, state: State, hung: Hung, model: str, card: ModelCard, answered: np.ndarray | None
) -> tuple[Payload | None, Job | None]:
    """Give the viewer's panel of the twin, and the job that it still waits for; nothing where no twin is asked for."""
    without = tuple(name for name in state.without if name in removable(hung))
    if hung.record is None or not without:
        return None, None
    twin = services.twin(hung.record, without)
    predicted = services.predict(visitor(), twin, model)
    words = ", ".join(finding_label(name).lower() for name in without)
    picture = services.part(["twin", twin.sha256], lambda: light_box.shades(twin))
    if isinstance(predicted, Job) or answered is None:
        captions = {}
    else:
        after = card.probabilities(predicted)
        captions = {name: _caption(float(answered[k]), float(after[k]), words) for k, name in enumerate(card.outputs)}
    panel = light_box.twin_part(f"Twin without {words}", picture, captions)
    return panel, predicted if isinstance(predicted, Job) else None


def _caption(before: float, after: float, words: str) -> str:
    change = np.log(after / (1 - after)) - np.log(before / (1 - before))
    said = "hardly moves the logit" if abs(change) < 0.005 else f"moves the logit by {signed(change)}"
    return f"Without {words}: {percent(after)}. With it: {percent(before)}. Taking it away {said}."
