"""Models go into the trash and come back."""

from __future__ import annotations

import streamlit as st

from dashboard.models.inventory import ModelEntry
from dashboard.models.trash import Deleted, TrashError, delete, list_deleted, restore, trash_folder
from dashboard.models.visit import visit
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.library import Library
from dashboard.server.roles import Action, offered

MOVES = "Moves the model and its card into the library’s trash; it can be brought back."
NONE = "Nothing is deleted. What is deleted lies in the library’s trash/models folder until you empty that yourself."


def delete_button(library: Library, model: ModelEntry) -> None:
    """Show the button that deletes a model, once that is meant: everybody who uses this library loses it."""
    help = MOVES if model.is_own else "Built in: it cannot be deleted."
    options = offered(Action.DELETE_MODELS, disabled=not model.is_own, help=help)
    with st.popover("Delete", icon=":material/delete:", key="models_delete_asks", **options):
        st.markdown(f"Delete **{escape(model.name)}** for everybody who uses this library?")
        st.caption(MOVES)
        if st.button("Delete it", key="models_delete", type="primary", icon=":material/delete:", **options):
            _delete(library, model)


def _delete(library: Library, model: ModelEntry) -> None:
    try:
        st.session_state.models_deleted = delete(library, model)
    except TrashError as error:
        st.error(escape(sentence_of(error)))
    else:
        visit.change(model=None, other=None, section="card", evaluation=None)
        st.rerun()


def show_deleted(library: Library) -> None:
    """Offer to bring back what this visitor deleted last."""
    last: Deleted | None = st.session_state.get("models_deleted")
    if last is None:
        return
    words, button = st.columns([6, 1.4], vertical_alignment="center", gap="small")
    words.success(
        f"**{escape(last.name)}** and its card are in the trash. Predictions that it made stay.",
        icon=":material/delete:",
    )
    if button.button(
        "Undo", key="models_delete_undo", icon=":material/undo:", width="stretch", **offered(Action.DELETE_MODELS)
    ):
        _bring_back(library, last)


def show_trash(library: Library) -> None:
    """Show every deleted model, with a way back."""
    deleted = list_deleted(library)
    st.markdown("##### Deleted models")
    if not deleted:
        st.info(NONE, icon=":material/info:")
        return
    st.caption(
        f"They lie in {escape(str(trash_folder(library)))}, each in a folder of its own. To be rid of one for good, "
        "delete its folder there."
    )
    for one in deleted:
        words, button = st.columns([6, 1.4], vertical_alignment="center", gap="small")
        words.markdown(f"**{escape(one.name)}**, deleted {one.when:%d %B %Y, %H:%M} UTC · {escape(one.folder.name)}")
        if button.button(
            "Bring back",
            key=f"models_restore_{one.folder.name}",
            icon=":material/undo:",
            width="stretch",
            **offered(Action.DELETE_MODELS),
        ):
            _bring_back(library, one)


def _bring_back(library: Library, one: Deleted) -> None:
    last: Deleted | None = st.session_state.get("models_deleted")
    if last is not None and last.folder == one.folder:
        del st.session_state.models_deleted
    try:
        restore(library, one)
    except TrashError as error:
        st.error(escape(sentence_of(error)))
        return
    visit.change(model=one.name, section="card", evaluation=None)
    st.rerun()
