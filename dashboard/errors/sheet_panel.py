"""The contact sheet on the page: which films, by which method, their overlays, and files to take away."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.compare.film_maps import FilmMap, FilmMaps
from dashboard.components.download import download
from dashboard.components.gallery import Item, gallery
from dashboard.errors.atlas import Atlas, open_in_films
from dashboard.errors.maps_wanted import Wanted, are_there, choose_method, left_out, maps_of, no_maps, obstacle
from dashboard.errors.sheet import (
    MOST_ON_PAGE,
    OnSheet,
    as_webp,
    overlay_of,
    sheet_archive,
    sheet_page,
    sheet_table,
    span_of,
)
from dashboard.errors.state import MORE_FILMS, MOST_NAMED, MOST_ON_SHEET, SHEETS
from dashboard.errors.visit import visit
from dashboard.films.gallery_panel import choose_here, chosen, items, picture_addresses
from dashboard.films.handover import compare
from dashboard.films.items import Page, summaries
from dashboard.films.met import films_met
from dashboard.films.state import OUTCOMES, SIZES
from dashboard.films.state import State as FilmsState
from dashboard.films.thumbnails import thumbnail_key
from dashboard.films.walk import FilmsWalk
from dashboard.page.palette import theme_ink
from dashboard.page.words import escape
from dashboard.server.session import offer, part_address
from dashboard.server.store import content_key
from xai.findings import finding_label

WEBP = "image/webp"
KEY = "errors_sheet_gallery"


def show_sheet(atlas: Atlas) -> None:
    """Show the maps of many films at once."""
    st.subheader("Many maps at once", anchor=False, help="A contact sheet: each map over its film.")
    if why := obstacle(atlas):
        no_maps(why, "A contact sheet is")
        return
    _controls(atlas)
    if not visit.state.sheet:
        st.caption("Choose whose maps to see. Grad-CAM comes at once; what takes longer says how long first.")
        return
    names = _films(atlas)
    shown = names[: visit.state.sheet_films]
    if not shown:
        st.info(_nobody())
        return
    maps = maps_of(atlas)
    are_there(atlas, maps, Wanted("sheet_maps", tuple(shown), at_once=True))
    _show_gallery(atlas, maps, shown)
    _below(atlas, maps, names, shown)


def _controls(atlas: Atlas) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        visit.bound(
            st.segmented_control,
            "Whose maps",
            list(SHEETS),
            key="sheet",
            value=visit.state.sheet or None,
            take=lambda sheet: {
                "sheet": sheet or "",
                "sheet_films": MORE_FILMS,
                "films": tuple(list(chosen())[:MOST_NAMED]) if sheet == "chosen" else (),
            },
            format_func=lambda sheet: SHEETS[sheet].capitalize(),
            help="*Films chosen* are those ticked in any gallery, here or on the Films page: at most "
            f"{MOST_NAMED}, as they stand in the link.",
        )
        choose_method("sheet_method")
        visit.bound(
            st.toggle,
            "One colour scale",
            key="one_scale",
            help="Colours span the largest value of all these maps, so that weak maps look weak. Else each map's own.",
        )
        visit.bound(
            st.toggle,
            "Hide the truth",
            key="blind",
            help="Outcomes, labels and names that may tell them are left out of the sheet and its page, for a class. "
            "A click then opens the film on Compare, where the truth is hidden too.",
        )


def _films(atlas: Atlas) -> list[str]:
    """Name the films asked for that have a picture, the most confident first."""
    if visit.state.sheet == "chosen":
        known = [(film, atlas.catalogue.films.row(film)) for film in visit.state.films]
        return [film for film, row in known if row is not None and atlas.catalogue.films.openable[row]]
    return atlas.films_of(visit.state.sheet, only_pictures=True)


def _nobody() -> str:
    if visit.state.sheet == "chosen":
        return "No film is chosen: tick some in a gallery, then press “Films chosen” again."
    return f"None of the {SHEETS[visit.state.sheet]} has a picture here."


def _asked(atlas: Atlas) -> FilmsState:
    if visit.state.sheet != "chosen":
        return atlas.films_state(visit.state.sheet)
    return atlas.any_films


def _on_sheet(atlas: Atlas, shown: list[str]) -> list[OnSheet]:
    rows = Page(atlas.catalogue.films.rows(shown), 1, 1).rows
    found = []
    for number, one in enumerate(summaries(atlas.catalogue, _asked(atlas), rows), 1):
        if visit.state.blind:
            found.append(OnSheet(one.film, f"Film {number}", one.probability, "", one.answer))
        else:
            said = f"{one.answer}, {OUTCOMES[one.outcome]}" if one.outcome else one.answer
            found.append(OnSheet(one.film, one.title, one.probability, one.outcome, said))
    return found


def _show_gallery(atlas: Atlas, maps: FilmMaps, shown: list[str]) -> None:
    """Show the overlays that are there, and in place of the others the films alone; a click opens the film."""
    asked, state = _asked(atlas), st.session_state
    if (film := state.pop(f"{KEY}_go", None)) is not None:
        if visit.state.blind:
            compare(atlas.catalogue, FilmsWalk(atlas.dataset, asked, tuple(shown[:MOST_NAMED])), film)
        open_in_films(asked, film)
    page = Page(atlas.catalogue.films.rows(shown), 1, 1)
    summed = summaries(atlas.catalogue, asked, page.rows, atlas.notebook.remarks(atlas.dataset, shown))
    addresses = picture_addresses(atlas.services, atlas.catalogue, page) | _overlays(atlas, maps, shown)
    cards = items(summed, addresses)
    if visit.state.blind:
        cards = [_without_truth(one, number) for number, one in enumerate(cards, 1)]

    def opened() -> None:
        state[f"{KEY}_go"] = state[KEY].opened

    gallery(
        cards,
        side=SIZES["medium"],
        key=KEY,
        chosen=[name for name in shown if name in chosen()],
        turn=state.get("films_turn", 0),
        on_opened_change=opened,
        on_chosen_change=lambda: choose_here(shown, state[KEY].chosen or []),
    )


def _without_truth(card: Item, number: int) -> Item:
    title = f"Film {number}"
    return replace(card, title=title, outcome="", findings="", written="", alt=f"{title} · {card.answer}")


def _overlays(atlas: Atlas, maps: FilmMaps, shown: list[str]) -> dict[str, str]:
    """Give where the browser fetches the overlay of each film whose map is there; none is made yet."""
    there = [film for film in shown if atlas.services.arrays.has(maps.name_of(film))]
    span = _span(content_key(maps.key, there), maps, there) if visit.state.one_scale else None
    parts = atlas.services.channel.parts
    return {
        film: part_address(
            parts.offer(
                ["overlay", maps.name_of(film), thumbnail_key(atlas.services.library, atlas.dataset, film), span],
                partial(_webp, atlas, maps, film, span),
                media=WEBP,
            )
        )
        for film in there
    }


def _webp(atlas: Atlas, maps: FilmMaps, film: str, span: float | None) -> bytes | None:
    picture = _picture(atlas, maps, span, film)
    return None if picture is None else as_webp(picture)


def _picture(atlas: Atlas, maps: FilmMaps, span: float | None, film: str) -> np.ndarray | None:
    library = atlas.services.library
    key = thumbnail_key(library, atlas.dataset, film)
    thumbnail = atlas.shared.thumbnails.picture(key, partial(library.open_film, atlas.dataset, film))
    found = maps.get(film)
    return None if thumbnail is None or found is None else overlay_of(found, thumbnail, maps, span)


@st.cache_resource(max_entries=32, show_spinner=False)
def _span(key: str, _maps: FilmMaps, _films: list[str]) -> float:
    return span_of(_maps.known(_films))


def _below(atlas: Atlas, maps: FilmMaps, names: list[str], shown: list[str]) -> None:
    span = "all maps of this sheet" if visit.state.one_scale else "each map's own values"
    whose = "films" if visit.state.blind else SHEETS[visit.state.sheet]
    words = [f"{len(shown):,} of {len(names):,} {whose}.", f"Colours span {span}."]
    st.caption(" ".join([*words, maps.explainer.reading, left_out(maps, shown)]))
    films = _on_sheet(atlas, shown)
    scale = _span(content_key(maps.key, shown), maps, shown) if visit.state.one_scale else None
    finding = finding_label(atlas.finding)
    title = f"{finding}: {whose}"
    notes = [f"{atlas.source.model} on {atlas.dataset}, threshold {atlas.threshold:.4g}. Colours span {span}."]
    theme = "dark" if theme_ink().is_dark else "light"
    picture = partial(_picture, atlas, maps, scale)

    def known() -> dict[str, FilmMap]:
        return maps.known(shown)

    def table() -> pd.DataFrame:
        met = films_met(atlas.catalogue, atlas.catalogue.films.rows(shown), atlas.finding)
        return sheet_table(films, known(), maps, atlas.threshold, met.tolist())

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(shown) < min(len(names), MOST_ON_SHEET):
            st.button(
                f"{min(MORE_FILMS, len(names) - len(shown))} more",
                key="errors_sheet_more",
                icon=":material/add:",
                on_click=visit.change,
                kwargs={"sheet_films": min(len(shown) + MORE_FILMS, MOST_ON_SHEET)},
            )
        download(
            "Page",
            offer(
                "sheet.png",
                "maps.png",
                "image/png",
                lambda: sheet_page(films, picture, title, maps.explainer, notes, theme),
            ),
            key="errors_sheet_png",
            help=f"The first {MOST_ON_PAGE} as one picture.",
        )
        download(
            "CSV",
            offer(
                "sheet.csv",
                "maps.csv",
                "text/csv",
                lambda: table().drop(columns="map").to_csv(index=False),
            ),
            key="errors_sheet_csv",
            help="A row a film: probability, outcome, what it served for before (met), and what its map holds.",
        )
        download(
            "Raw maps",
            offer(
                "sheet.zip",
                "maps.zip",
                "application/zip",
                lambda: sheet_archive(table(), known()),
            ),
            key="errors_sheet_zip",
            help="The table, and each raw map as a NumPy array in the model's input geometry.",
        )
    if visit.state.blind:
        st.caption(escape("The table and the raw maps name the films, so that they can be found again."))
