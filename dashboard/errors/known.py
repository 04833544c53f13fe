"""What is known of a model's training: what its card says, and what the visitor is asked for where it does not."""

from __future__ import annotations

import streamlit as st

from dashboard.errors.sentences import NOTABLE
from dashboard.errors.visit import visit
from dashboard.page.state import filled
from training.evaluate.judged import Judged
from training.mending.audit import UNKNOWN, Audit
from training.mending.known import NOTHING, Known, known_of

TELLS = ("training", "refuted", "said")  # reasons for which what is known of the training decides


def visitors_word() -> Known:
    """What the visitor says of the training."""
    return Known(visit.state.said_weight, visit.state.said_trained)


def known_now(judged: Judged) -> Known:
    """What the model card knows of the training of the chosen finding, or else the visitor."""
    return known_of(judged.card, filled(visit.state.finding)).beside(visitors_word())


def show_known(judged: Judged, told: Audit) -> None:
    """Ask for what would tell the cause, where the card does not say, and the audit needs it or the visitor said it."""
    card, said = known_of(judged.card, filled(visit.state.finding)), visitors_word()
    needed = told.reason in TELLS or any(part.cause == UNKNOWN and part.high > NOTABLE for part in told.contributions)
    asked = [name for name in ("weight", "trained") if getattr(card, name) is None and (needed or getattr(said, name))]
    if not asked:
        return
    more = "The audit takes what you say." if said != NOTHING else "If you know it, the audit can name more."
    st.caption(f"The model card does not say how the finding was trained. {more}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if "weight" in asked:
            visit.bound(
                st.number_input,
                "The loss counted films with it … times",
                0.01,
                10_000.0,
                key="said_weight",
                placeholder="not known",
                width=260,
                help="1 where every film counted alike. Often the films without the finding over those with it.",
            )
        if "trained" in asked:
            share = visit.state.said_trained
            visit.bound(
                st.number_input,
                "Training films with it, in percent",
                0.01,
                99.99,
                key="said_trained",
                value=None if share is None else round(100 * share, 4),
                take=lambda percent: {"said_trained": None if percent is None else percent / 100},
                placeholder="not known",
                width=260,
            )
