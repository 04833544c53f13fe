"""What can be done with films: compare, tag, note, export; and keep the filter as a named view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from dashboard.components.download import download
from dashboard.films.catalogue import Catalogue
from dashboard.films.gallery_panel import choose, chosen
from dashboard.films.handover import compare
from dashboard.films.items import Page, export_table
from dashboard.films.notes import LONGEST_NOTE, LONGEST_TAG, LONGEST_VIEW, MOST_AT_ONCE, Notebook, NotesError
from dashboard.films.slices import SliceError, Slices
from dashboard.films.state import LINK, State
from dashboard.films.visit import visit
from dashboard.films.walk import FilmsWalk
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.library import OWN
from dashboard.server.roles import Action, offered
from dashboard.server.session import offer
from xai.machine import file_name


def choice_controls(catalogue: Catalogue, page: Page, rows: np.ndarray, notebook: Notebook, is_table: bool) -> None:
    """Show what can be done with the films that are chosen; where none is, export takes all that were found."""
    names = [str(catalogue.films.names[row]) for row in page.rows]
    picked = list(chosen())
    st.button(
        f"{len(picked):,} chosen" if picked else "Choose page",
        key="films_choose",
        icon=":material/close:" if picked else ":material/check_box:",
        on_click=choose,
        args=([] if picked else names,),
        disabled=not (names or picked),
        help="Choose none of them." if picked else "Choose all films of this page; or tick them one by one.",
    )
    opens = [
        film for film in picked if (row := catalogue.films.row(film)) is not None and catalogue.films.openable[row]
    ]
    if st.button(
        "Compare",
        key="films_compare",
        icon=":material/compare:",
        disabled=not opens,
        help="Go through the chosen films on the Compare page, one after the other.",
    ):
        compare(catalogue, FilmsWalk(catalogue.films.dataset, visit.state, tuple(picked)), opens[0])
    if is_table:
        st.button(
            "Open",
            key="films_open",
            icon=":material/open_in_full:",
            disabled=len(picked) != 1,
            on_click=visit.change,
            kwargs={"film": picked[0] if picked else None},
            help="Show the chosen film large.",
        )
    with st.popover("Tag", icon=":material/label:", disabled=not picked, key="films_tag"):
        tag_controls(catalogue.films.dataset, picked, notebook)
    with st.popover("Note", icon=":material/edit_note:", disabled=not picked, key="films_note"):
        note_controls(catalogue.films.dataset, picked, notebook)
    asked, taken = visit.state, catalogue.films.rows(picked) if picked else rows
    name = file_name(f"{catalogue.films.dataset}.films.csv")
    download(
        "CSV",
        offer("films", name, "text/csv", lambda: export(catalogue, asked, taken, notebook)),
        key="films_csv",
        disabled=not len(taken),
        help=f"{len(taken):,} films: labels, probabilities, outcomes, what each served for before (met: "
        "new, served to fit the model and so on, or not known), tags and notes.",
    )


def export(catalogue: Catalogue, asked: State, rows: np.ndarray, notebook: Notebook) -> bytes:
    """Give films as CSV, in UTF-8 with a mark by which spreadsheets know it."""
    remarks = notebook.remarks(catalogue.films.dataset, map(str, catalogue.films.names[rows]))
    return export_table(catalogue, asked, rows, remarks).to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def view_controls(notebook: Notebook, slices: Slices) -> None:
    """Show named views, and keep this one under a name."""
    views = notebook.views()
    opened = st.selectbox("Open a view", list(views), index=None, key="films_views", placeholder="Choose one")
    first, second = st.columns(2)
    if first.button("Open", key="films_view_open", disabled=opened is None, width="stretch") and opened:
        state, problems = LINK.read(views[opened])
        visit.put(state)
        refuse(*problems)
        choose([])
        st.rerun()
    if second.button(
        "Remove", key="films_view_remove", width="stretch", **offered(Action.KEEP_VIEWS, disabled=opened is None)
    ):
        _write(notebook.remove_view, opened)
    name = st.text_input("Save this view as", key="films_view_name", max_chars=LONGEST_VIEW, placeholder="a name")
    own = visit.state.dataset == OWN
    if st.button(
        "Save", key="films_view_save", width="stretch", **offered(Action.KEEP_VIEWS, disabled=not name or own)
    ):
        _write(notebook.save_view, name, LINK.write(visit.state.with_(film=None, page=1)))
    if st.button(
        "Save as slice",
        key="films_slice_save",
        width="stretch",
        **offered(
            Action.KEEP_VIEWS,
            disabled=not name or own,
            help="The conditions alone, to judge models on the films that meet them: on ROC and Errors.",
        ),
    ):
        _save_slice(slices, name)
    _remove_slice(slices)
    if own:
        st.caption("A view of your own films cannot be kept: they are forgotten when you leave.")
    else:
        st.caption("The filter, the order and the finding are kept, for everyone who uses this library.")


def _save_slice(slices: Slices, name: str) -> None:
    try:
        saved = slices.save(name, visit.state)
    except SliceError as error:
        st.error(escape(sentence_of(error)))
    else:
        st.success(escape(f"Saved as “{saved}”: choose it on ROC or Errors, in Slices."))


def _remove_slice(slices: Slices) -> None:
    names = slices.names()
    if not names:
        return
    name = st.selectbox("Slices", names, index=None, key="films_slices", placeholder="Choose one")
    if (
        st.button(
            "Remove slice",
            key="films_slice_remove",
            width="stretch",
            **offered(Action.KEEP_VIEWS, disabled=name is None),
        )
        and name
    ):
        slices.remove(name)
        st.rerun()


def tag_controls(dataset: str, picked: list[str], notebook: Notebook) -> None:
    """Tag films, or take a tag off them."""
    known = notebook.tags(dataset)
    tag = st.selectbox(
        "Tag",
        list(known),
        index=None,
        key="films_tag_name",
        accept_new_options=True,
        placeholder="Choose a tag or write a new one",
        help=f"At most {LONGEST_TAG} characters; at most {MOST_AT_ONCE:,} films at once.",
    )
    first, second = st.columns(2)
    if first.button(
        f"Tag {len(picked):,}",
        key="films_tag_add",
        type="primary",
        width="stretch",
        **_writing(notebook, disabled=not tag),
    ):
        _write(notebook.add_tag, dataset, picked, tag)
    if second.button("Take off", key="films_tag_remove", width="stretch", **_writing(notebook, disabled=not tag)):
        _write(notebook.remove_tag, dataset, picked, tag)


def note_controls(dataset: str, picked: list[str], notebook: Notebook) -> None:
    """Write a note about films."""
    note = st.text_area("Note", key="films_note_text", max_chars=LONGEST_NOTE)
    written = sum(bool(one.note) for one in notebook.remarks(dataset, picked).values())
    if written:
        st.caption(f"{written:,} of these films {'has a note' if written == 1 else 'have notes'}, which this replaces.")
    if st.button("Write it", key="films_note_write", type="primary", **_writing(notebook, disabled=not note.strip())):
        _write(notebook.set_note, dataset, picked, note)


def _writing(notebook: Notebook, *, disabled: bool) -> dict[str, Any]:
    """Give the options of a button that writes into a notebook: into one's own anybody may."""
    return offered(Action.WRITE_NOTES, disabled=disabled) if notebook.is_kept else {"disabled": disabled}


def _write(write: Callable[..., None], *what: object) -> None:
    try:
        write(*what)
    except NotesError as error:
        st.error(escape(sentence_of(error)))
        return
    st.rerun()
