"""The twin of a simulated film: the same film without one thing, to ask what the model really used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.compare.hang import Hung
from dashboard.compare.state import State
from dashboard.compare.truth import both_ways
from dashboard.compare.visit import visit
from dashboard.components import payload
from dashboard.page.words import percent, signed
from dashboard.server.library import Record
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

LABEL, ICON = "Twin", ":material/compare:"
HELP = "The same film without one thing on it, rendered again; for simulated films."


def is_usable(hung: Hung | None) -> bool:
    """Say whether a film is simulated."""
    return hung is not None and hung.is_simulated


def removable(hung: Hung) -> list[str]:
    """Findings and objects on a film that a twin can lack; none where the film is not simulated."""
    return removable_of(hung.record)


def removable_of(record: Record | None) -> list[str]:
    """What a twin of this film can lack; see `removable`."""
    recipe = record.recipe if record else None
    return [] if recipe is None else [*recipe.severities, *recipe.objects]


def show(state: State, hung: Hung) -> State:
    """Show what can be taken off the film; gives the state without what an earlier film had and this one lacks."""
    names = removable(hung)
    without = tuple(name for name in state.without if name in names)
    told, plain = both_ways(st, "twin")
    plain.caption(HIDDEN)
    with told:
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


HIDDEN = "What can be taken off a film is what it shows: the truth, which is hidden. The button *Truth* shows it."
PLAIN_TITLE = "Twin without something"  # what a film lacks in its twin is on the film: the truth
PLAIN_WORDS = "what the twin lacks"


def title(without: Sequence[str]) -> str:
    """Name the panel of a twin."""
    return f"Twin without {_listed(without)}"


def captions_part(card: ModelCard, before: np.ndarray, after: np.ndarray, without: Sequence[str]) -> payload.Payload:
    """Say of each output how the model's answer changes, from (outputs,) logits of the film and of its twin."""
    shares = zip(card.outputs, card.probabilities(before), card.probabilities(after), strict=True)
    listed, them = _listed(without), "it" if len(without) == 1 else "them"
    moves = {name: (float(one), float(other)) for name, one, other in shares}
    return payload.captions_payload(
        {name: (_caption(*two, listed, them), _caption(*two, PLAIN_WORDS, "it")) for name, two in moves.items()}
    )


def _listed(without: Sequence[str]) -> str:
    return ", ".join(finding_label(name).lower() for name in without)


def _caption(before: float, after: float, words: str, them: str) -> str:
    change = np.log(after / (1 - after)) - np.log(before / (1 - before))
    said = "hardly moves the logit" if abs(change) < 0.005 else f"moves the logit by {signed(change)}"
    return f"Without {words}: {percent(after)}. With {them}: {percent(before)}. Taking {them} away {said}."
