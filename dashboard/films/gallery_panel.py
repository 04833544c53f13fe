"""The films found, one page of them: as pictures that come as they are made, or as a table."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from dashboard.components.gallery import Item, gallery, picture
from dashboard.films.catalogue import Catalogue
from dashboard.films.items import Page, Summary, summaries, table_of
from dashboard.films.notes import Notebook
from dashboard.films.services import FilmServices
from dashboard.films.state import SIZES, state_key
from dashboard.films.thumbnails import BROKEN, Maker, thumbnail_key
from dashboard.films.visit import visit
from dashboard.server.jobs import Job
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.session import visitor
from xai.films.film import Film, FilmError
from xai.findings import finding_label

POLL_SECONDS = 0.4
INSTEAD = {"absent": "No picture here", "broken": "Cannot be opened", "waiting": "", "ready": ""}


def chosen() -> dict[str, None]:
    """Films that this visitor has chosen, in the order of choosing, over all pages."""
    return st.session_state.setdefault("films_chosen", {})


def choose(films: list[str]) -> None:
    """Choose these films in place of those chosen before."""
    st.session_state.films_chosen = dict.fromkeys(films)
    st.session_state.films_turn = st.session_state.get("films_turn", 0) + 1


def show_gallery(services: Services, catalogue: Catalogue, page: Page, notebook: Notebook) -> Job | None:
    """Show a page of films; gives the job that makes those of its pictures that are not there yet."""
    shared = services.of(FilmServices)
    wanted = thumbnails_of(services, catalogue, page)
    missing = [one for one in wanted.values() if shared.thumbnails.get(one[0]) is None]
    job = None
    if missing:
        name = hashlib.sha256(repr([key for key, *_ in missing]).encode()).hexdigest()
        job = shared.jobs.ask(visitor(), name, lambda budget: shared.thumbnails.make(missing, budget), slow=False)
    fragment = st.fragment(_pictures, run_every=POLL_SECONDS if job is not None else None)
    fragment(shared, catalogue, page, notebook, wanted, job)
    return job


def thumbnails_of(services: Services, catalogue: Catalogue, page: Page) -> dict[str, tuple[str, Maker, bool]]:
    """Give the thumbnail's key, how to open the film, and whether the thumbnail may be kept on disk, by film."""
    shared = services.of(FilmServices)
    dataset, films = catalogue.films.dataset, catalogue.films
    names = [str(films.names[row]) for row in page.rows if films.openable[row]]
    if dataset == OWN:
        return {name: (f"own {name}", partial(_own_film, services, name), False) for name in names}
    library = shared.library
    keys = {name: thumbnail_key(library, dataset, name) for name in names}
    return {name: (keys[name], partial(library.open_film, dataset, name), True) for name in names}


def items(
    shared: FilmServices, catalogue: Catalogue, summed: list[Summary], wanted: dict[str, tuple[str, Maker, bool]]
) -> list[Item]:
    """Give what the gallery shows of each film."""
    made = []
    for one in summed:
        found = shared.thumbnails.get(wanted[one.film][0]) if one.film in wanted else BROKEN
        state = (
            "absent" if not one.can_open else "waiting" if found is None else "broken" if found == BROKEN else "ready"
        )
        made.append(
            Item(
                one.film,
                one.title,
                state,
                src=picture(found) if found is not None and state == "ready" else "",
                outcome=one.outcome,
                answer=one.answer,
                instead=INSTEAD[state],
                findings=one.findings,
                written=one.written,
                alt=f"{one.sentence} · {INSTEAD[state]}" if INSTEAD[state] else one.sentence,
            )
        )
    return made


def show_table(catalogue: Catalogue, page: Page, notebook: Notebook) -> None:
    """Show a page of films as a table; choosing rows chooses films."""
    asked = visit.state
    names = [str(catalogue.films.names[row]) for row in page.rows]
    remarks = notebook.remarks(catalogue.films.dataset, names)
    columns = {"Picture": st.column_config.CheckboxColumn("Picture", help="Whether there is a picture here.")}
    if asked.finding:
        columns["Probability"] = st.column_config.ProgressColumn(
            finding_label(asked.finding), min_value=0.0, max_value=1.0, format="percent"
        )
    turn = st.session_state.get("films_turn", 0)
    key = f"films_table_{turn}_{state_key(asked)}"
    here = [number for number, name in enumerate(names) if name in chosen()]
    picked = st.dataframe(
        table_of(catalogue, asked, page.rows, remarks),
        column_config=columns,
        hide_index=True,
        height=560,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": here}},
        alt="The films found, one row each.",
    )
    _choose_here(names, [names[number] for number in picked.selection.rows if number < len(names)])


def _pictures(
    shared: FilmServices,
    catalogue: Catalogue,
    page: Page,
    notebook: Notebook,
    wanted: dict[str, tuple[str, Maker, bool]],
    job: Job | None,
) -> None:
    if st.session_state.pop("films_moved", False):
        st.rerun()  # what was clicked here changes the page around
    asked = visit.state
    names = [str(catalogue.films.names[row]) for row in page.rows]
    remarks = notebook.remarks(catalogue.films.dataset, names)
    summed = summaries(catalogue, asked, page.rows, remarks)
    gallery(
        items(shared, catalogue, summed, wanted),
        side=SIZES[asked.size],
        key="films_gallery",
        chosen=[name for name in names if name in chosen()],
        turn=st.session_state.get("films_turn", 0),
        last=st.session_state.get("films_last"),
        on_opened_change=_opened,
        on_chosen_change=lambda: _chosen(names),
    )
    if job is not None and job.ended:
        st.rerun()


def _opened() -> None:
    visit.change(film=st.session_state.films_gallery.opened)
    st.session_state.films_moved = True


def _chosen(names: list[str]) -> None:
    _choose_here(names, st.session_state.films_gallery.chosen or [])
    st.session_state.films_moved = True


def _choose_here(names: list[str], picked: list[str]) -> None:
    """Take over what is chosen on this page; choices on other pages stay."""
    kept = {film: None for film in chosen() if film not in names or film in picked}
    st.session_state.films_chosen = kept | {film: None for film in picked if film in names}


def _own_film(services: Services, sha256: str) -> Film:
    film = services.films.get(sha256)
    if film is None:
        raise FilmError("This film was put away to save memory; upload it again.")
    return film
