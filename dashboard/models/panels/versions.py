"""Earlier cards of a model, what changed since, and the way back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.models.inventory import ModelEntry, versions
from dashboard.models.versions import differences, remedies, switch, undo_switch
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.roles import Action, offered
from xai.cards.card_versions import CardVersionError, Saved, version_number
from xai.cards.model_card import ModelCardError, card_path, read_card

BUILT_IN = (
    "This model is built in, so its card stays as it is. A remedy on the Errors page copies the model into the library "
    "first; the copy's card then has versions."
)
NONE = (
    "No earlier version of this card is kept. One is kept whenever a remedy on the Errors page changes a threshold or "
    "a calibration."
)


def show_versions(model: ModelEntry) -> None:
    """Show the section."""
    if not model.is_own:
        st.info(BUILT_IN, icon=":material/info:")
        return
    path = card_path(model.path)
    _switched(path)
    kept = versions(path)
    if not kept:
        st.info(NONE, icon=":material/info:")
        return
    if model.card is not None:
        st.markdown(f"**In use: {escape(path.name)}.** " + (_mended(remedies(model.card)) or "Nothing mended in it."))
    for one in kept:
        with st.container(border=True):
            _version(model, one)


def _version(model: ModelEntry, version: Path) -> None:
    path, number = card_path(model.path), version_number(version)
    words, button = st.columns([5, 1.3], vertical_alignment="center")
    written = datetime.datetime.fromtimestamp(version.stat().st_mtime, datetime.UTC)
    words.markdown(f"**Version {number}**, {escape(version.name)}, kept {written:%d %B %Y, %H:%M} UTC")
    try:
        then = read_card(version)
    except (ModelCardError, OSError) as error:
        st.warning(f"It cannot be gone back to: {escape(sentence_of(error))}", icon=":material/warning:")
        return
    if button.button(
        "Go back to it",
        key=f"models_switch_{number}",
        icon=":material/history:",
        width="stretch",
        **offered(Action.CHANGE_CARDS),
    ):
        try:
            st.session_state.models_switched = switch(path, version)
        except (CardVersionError, ModelCardError, OSError) as error:
            st.error(escape(sentence_of(error)))
        else:
            st.rerun()
    st.caption(_mended(remedies(then)) or "Nothing was mended in it.")
    if model.card is None:
        return
    rows = differences(model.card, then)
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content")
    else:
        st.caption("Thresholds and calibration are those in use.")


def _mended(said: list[str]) -> str:
    return f"Mended: {escape(' '.join(said))}" if said else ""


def _switched(path: object) -> None:
    done: Saved | None = st.session_state.get("models_switched")
    if done is None or done.card != path:
        return
    words, button = st.columns([5, 1.3], vertical_alignment="center")
    words.success(
        f"The earlier card is in use. The one before is kept as {escape(done.kept.name)}; weights were not touched.",
        icon=":material/check:",
    )
    if button.button(
        "Undo", key="models_switch_undo", icon=":material/undo:", width="stretch", **offered(Action.CHANGE_CARDS)
    ):
        del st.session_state.models_switched
        try:
            undo_switch(done)
        except (CardVersionError, OSError) as error:
            st.error(escape(sentence_of(error)))
            return
        st.rerun()
