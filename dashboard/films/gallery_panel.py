"""The films found, one page of them: as pictures that the browser fetches, or as a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard.components.gallery import Item, gallery
from dashboard.films.catalogue import Catalogue
from dashboard.films.items import Page, Summary, summaries, table_of
from dashboard.films.notes import Notebook
from dashboard.films.services import FilmServices
from dashboard.films.state import SIZES, state_key
from dashboard.films.thumbnails import picture_of, thumbnail_key
from dashboard.films.visit import visit
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.session import part_address
from xai.films.film import Film, FilmError
from xai.findings import finding_label

WEBP = "image/webp"


def chosen() -> dict[str, None]:
    """Films that this visitor has chosen, in the order of choosing, over all pages."""
    return st.session_state.setdefault("films_chosen", {})


def choose(films: list[str]) -> None:
    """Choose these films in place of those chosen before."""
    st.session_state.films_chosen = dict.fromkeys(films)
    st.session_state.films_turn = st.session_state.get("films_turn", 0) + 1


def show_gallery(services: Services, catalogue: Catalogue, page: Page, notebook: Notebook) -> None:
    """Show a page of films as pictures."""
    names = [str(catalogue.films.names[row]) for row in page.rows]
    remarks = notebook.remarks(catalogue.films.dataset, names)
    gallery(
        items(summaries(catalogue, visit.state, page.rows, remarks), picture_addresses(services, catalogue, page)),
        side=SIZES[visit.state.size],
        key="films_gallery",
        chosen=[name for name in names if name in chosen()],
        turn=st.session_state.get("films_turn", 0),
        last=st.session_state.get("films_last"),
        on_opened_change=_opened,
        on_chosen_change=lambda: choose_here(names, st.session_state.films_gallery.chosen or []),
    )


def picture_addresses(services: Services, catalogue: Catalogue, page: Page) -> dict[str, str]:
    """Give where the browser fetches the picture of each film that has one, by film; none is made yet."""
    films = catalogue.films
    offer = _offer_own if films.dataset == OWN else partial(_offer, dataset=films.dataset)
    names = [str(films.names[row]) for row in page.rows if films.openable[row]]
    return {name: part_address(offer(services, name)) for name in names}


def items(summed: list[Summary], addresses: Mapping[str, str]) -> list[Item]:
    """Give what the gallery shows of each film."""
    return [
        Item(
            one.film,
            one.title,
            src=addresses.get(one.film, ""),
            outcome=one.outcome,
            answer=one.answer,
            findings=one.findings,
            written=one.written,
            alt=one.sentence,
        )
        for one in summed
    ]


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
    choose_here(names, [names[number] for number in picked.selection.rows if number < len(names)])


def choose_here(names: list[str], picked: list[str]) -> None:
    """Take over what is chosen of these films; choices of others stay."""
    kept = {film: None for film in chosen() if film not in names or film in picked}
    st.session_state.films_chosen = kept | {film: None for film in picked if film in names}


def _opened() -> None:
    visit.change(film=st.session_state.films_gallery.opened)


def _offer(services: Services, film: str, dataset: str) -> str:
    thumbnails, library = services.of(FilmServices).thumbnails, services.library
    key = thumbnail_key(library, dataset, film)
    make = partial(thumbnails.picture, key, partial(library.open_film, dataset, film))
    return services.channel.parts.offer(["thumbnail", key], make, media=WEBP)


def _offer_own(services: Services, film: str) -> str:
    make = partial(picture_of, partial(_own_film, services, film))
    return services.channel.parts.offer(["thumbnail", film], make, media=WEBP, film=film)


def _own_film(services: Services, sha256: str) -> Film:
    film = services.films.get(sha256)
    if film is None:
        raise FilmError("This film was put away to save memory; upload it again.")
    return film
