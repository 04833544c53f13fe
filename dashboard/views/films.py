"""Films: look through a dataset, narrow it down, and open, mark or explain what is found."""

from __future__ import annotations

import streamlit as st

from dashboard.films.actions import choice_controls, view_controls
from dashboard.films.catalogue import Catalogue
from dashboard.films.counts import Counts
from dashboard.films.counts_panel import show_counts
from dashboard.films.drawer import drawer
from dashboard.films.filters import chip_line, film_filters, finding_filters, order_controls
from dashboard.films.gallery_panel import show_gallery, show_table
from dashboard.films.items import Page, page_of
from dashboard.films.met import found_met
from dashboard.films.notes import NotesError
from dashboard.films.predict import predict_controls, progress_lines, wait_for_dataset, wait_for_own
from dashboard.films.search import usable
from dashboard.films.services import FilmServices
from dashboard.films.source import about_labels, choose_source, notebook_of
from dashboard.films.state import SIZES, State, state_key
from dashboard.films.visit import visit
from dashboard.page.refused import show_refused
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.uploads import take_uploads

PAGES_SHOWN, PAGE_WIDTH = 5, 42  # numbers of pages to click on, and pixels of each

# Conditions are many and small; their line keeps its place while there is none.
STYLE = """<style>
.st-key-found { min-height: 2rem; row-gap: 0.3rem; }
.st-key-found button { min-height: 1.75rem; padding: 0 0.6rem; font-size: 0.85rem; }
.st-key-found p { font-size: inherit; }
.st-key-film_before button p, .st-key-film_after button p {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); /* heard, not seen */
}
</style>"""


def source_line(services: Services) -> Catalogue | None:
    """Show the first line: what is looked at, how it is narrowed down, and where own films come in."""
    shared = services.of(FilmServices)
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    source = line.container(horizontal=True, width="content", gap="small")
    conditions = [line.container(width="content") for _ in range(3)]
    line.space("stretch")
    predict, bring, views = (line.container(width="content") for _ in range(3))
    turn = st.session_state.get("upload_turn", 0)  # a batch that has come closes it
    with bring.popover("Bring films", icon=":material/add_photo_alternate:", key=f"films_bring_{turn}"):
        _bring(services)
    with source:
        catalogue = choose_source(services)
    with views.popover("Views", icon=":material/bookmark:", key="films_saved"):
        view_controls(shared.notebook, shared.slices)
    if catalogue is None:
        return None
    state, problems = usable(visit.state, catalogue)
    visit.put(state)
    refuse(*problems)
    busy = "busy" if "films_predicting" in st.session_state else "idle"  # starting closes it
    with predict.popover("Predict", icon=":material/model_training:", key=f"films_predict_{busy}"):
        predict_controls(services, catalogue)
    with conditions[0].popover("Finding", icon=":material/filter_alt:", key="films_by_finding"):
        finding_filters(catalogue)
    with conditions[1].popover("Films", icon=":material/tune:", key="films_by_film"):
        film_filters(catalogue, notebook_of(services, catalogue.films.dataset))
    with conditions[2].popover("Order", icon=":material/sort:", key="films_order"):
        order_controls(catalogue)
    return catalogue


def _bring(services: Services) -> None:
    turn = st.session_state.get("upload_turn", 0)
    take_uploads(services)
    st.caption("They become a dataset of yours, “your films”, and the model answers them here.")
    if st.session_state.get("upload_turn", 0) != turn:
        visit.narrow(dataset=OWN, predictions=None)
        st.rerun()


def found_line(services: Services, dataset: str, here: Counts, everywhere: Counts, with_picture: int, met: str) -> None:
    """Show how many were found, by which conditions, what their labels rest on, and whether there is much to see."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="found"):
        st.markdown(" · ".join(filter(None, (found_words(here, everywhere), met))), width="content")
        chip_line()
        about_labels(services, dataset)
        if 0 < with_picture < here.films / 2:
            st.button(
                f"Only the {with_picture:,} with a picture here",
                key="films_with_picture",
                type="tertiary",
                icon=":material/image:",
                on_click=visit.narrow,
                kwargs={"image": "here"},
            )


def found_words(here: Counts, everywhere: Counts) -> str:
    """Say how many films and patients were found, and of how many, and whether patients are known."""
    whole = here.films == everywhere.films
    pairs = (("films", here.films, everywhere.films), ("patients", here.patients, everywhere.patients))
    told = [f"**{few:,}** {what}" if whole else f"**{few:,}** of {all_:,} {what}" for what, few, all_ in pairs if all_]
    if here.strangers:
        told.append("patients not known" if not here.patients else f"{here.strangers:,} films of unknown patients")
    return " · ".join(told)


def layout_line(page: Page, asked: State) -> None:
    """Show the choice of page, of size, and of pictures or a table, for what is asked, with its layout."""
    # Another list of films is another control: it starts at its own page.
    key = f"films_page_{state_key(asked.with_(page=1, film=None))}"
    st.pagination(
        page.count,
        default=page.number,
        max_visible_pages=PAGES_SHOWN,
        width=PAGE_WIDTH * (min(page.count, PAGES_SHOWN) + 2),
        key=key,
        on_change=_turn_page,
        kwargs={"control": key},
    )
    visit.bound(
        st.segmented_control,
        "Layout",
        ["gallery", "table"],
        key="layout",
        value=asked.layout,
        take=lambda layout: {"layout": layout or asked.layout, "page": 1},
        change=visit.change,
        format_func={"gallery": "Pictures", "table": "Table"}.get,
        label_visibility="collapsed",
        help="Pictures, or a table.",
    )
    visit.bound(
        st.select_slider,
        "Size",
        list(SIZES),
        key="size",
        take=lambda size: {"size": size, "page": 1},
        change=visit.change,
        format_func=lambda size: f"Size: {size}",
        label_visibility="collapsed",
        width=130,
        disabled=asked.layout == "table",
        help="Size of the pictures.",
    )


def _turn_page(control: str) -> None:
    st.session_state.films_last = None
    visit.change(page=int(st.session_state[control]))


def nothing_found(asked: State) -> None:
    """Say what to do where no film meets all conditions."""
    st.info("No film meets all of these conditions. Remove one of them above, or clear all.")
    if asked.outcomes:
        st.caption("An outcome needs a label and a probability; films that lack either have none.")


def films(services: Services) -> None:
    """Show the page."""
    shared = services.of(FilmServices)
    visit.start()
    st.html(STYLE)
    catalogue = source_line(services)
    show_refused()
    if catalogue is None:
        return
    notebook = notebook_of(services, catalogue.films.dataset)
    rows = shared.find(visit.state, catalogue, notebook)
    with_picture = int(catalogue.films.openable[rows].sum())
    asked = visit.state.laid_out(len(rows), with_picture)
    page = page_of(rows, asked)
    here, everywhere = shared.count(asked, catalogue, notebook), shared.count(State(), catalogue, notebook)
    met = found_met(catalogue, asked.finding, rows)
    found_line(services, catalogue.films.dataset, here, everywhere, with_picture, met)
    wait_for_own(services, catalogue)
    wait_for_dataset(services)
    failed = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        choice_controls(catalogue, page, rows, notebook, asked.layout == "table")
        progress = st.container(width="stretch")
        layout_line(page, asked)
    progress_lines(progress, failed)
    pictures, numbers = st.columns([3.4, 1], gap="medium")
    with pictures:
        if not len(rows):
            nothing_found(asked)
        elif asked.layout == "table":
            show_table(catalogue, page, notebook)
        else:
            show_gallery(services, catalogue, page, notebook)
    with numbers:
        show_counts(catalogue, here, everywhere)
    if asked.film is not None:
        drawer(services, catalogue, rows, notebook)
    else:
        visit.write_permalink()


try:
    films(st.session_state.services)
except NotesError as unreadable:
    st.error(escape(str(unreadable)))
