"""Where the model looked on average: mean maps of wrongly judged films beside those that it got right."""

from __future__ import annotations

import streamlit as st

from dashboard.compare.film_maps import FilmMaps
from dashboard.errors.atlas import Atlas
from dashboard.errors.atlas_panel import choose_against, choose_cell
from dashboard.errors.maps_wanted import Wanted, are_there, choose_method, left_out, maps_of, no_maps, obstacle
from dashboard.errors.mean_map import MeanMap, mean_map, pictures
from dashboard.errors.state import AGAINST, CELLS
from dashboard.errors.visit import visit
from dashboard.server.store import content_key

MOST = 128
READING = (
    "Each film's map is divided by the sum of its absolute values, so that every film weighs the same, and the mean is "
    "laid over the mean film, as the model sees them. {reading} Both have one scale. On the right: orange where the "
    "{first} hold more of what speaks for it, blue where the {second} do. A mean hides single films: open some before "
    "you believe it."
)
UNSIGNED = "Bright: more of the evidence."
SIGNED = (
    "Orange speaks for the finding, blue against it. Where films disagree the two cancel: {kept[0]:.0%} of the "
    "evidence is left in the first mean and {kept[1]:.0%} in the second, and where it is pale there may still be some."
)


def show_mean_maps(atlas: Atlas) -> None:
    """Show the mean map of wrongly judged films beside that of films that the model got right."""
    st.subheader("Where the model looked", anchor=False)
    if why := obstacle(atlas):
        no_maps(why, "Mean maps are")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose_cell("mean_map_cell")
        choose_against("mean_map_against")
        choose_method("mean_map_method")
        visit.bound(
            st.slider,
            "Films of either kind, the most confident",
            4,
            MOST,
            step=4,
            key="mean_films",
            value=min(visit.state.mean_films, MOST),
            width=300,
        )
    cells = (visit.state.cell, visit.state.against)
    films = {cell: atlas.films_of(cell, only_pictures=True)[: visit.state.mean_films] for cell in cells}
    if empty := [cell for cell in cells if not films[cell]]:
        names = {**CELLS, **AGAINST}
        st.info(f"None of the {names[empty[0]]} has a picture here, so there is nothing to compare.")
        return
    maps, both = maps_of(atlas), tuple(film for cell in cells for film in films[cell])
    if not are_there(atlas, maps, Wanted("mean_map", both)):
        return
    first, second = (_mean(content_key(maps.key, films[cell]), maps, films[cell]) for cell in cells)
    if first is None or second is None:
        st.info("None of the films of one kind could be opened, so there is nothing to compare.")
        return
    _show_pictures(maps, first, second)
    if told := left_out(maps, both):
        st.caption(told)


@st.cache_resource(max_entries=32, show_spinner="Averaging maps …")
def _mean(key: str, _maps: FilmMaps, _films: list[str]) -> MeanMap | None:
    known = _maps.known(_films)
    return mean_map(list(known.values())) if known else None


def _show_pictures(maps: FilmMaps, first: MeanMap, second: MeanMap) -> None:
    names = CELLS[visit.state.cell], AGAINST[visit.state.against]
    titles = [
        f"{names[0].capitalize()}, {first.films} films",
        f"{names[1].capitalize()}, {second.films} films",
        "The first less the second",
    ]
    drawn = pictures(first, second, maps.explainer.signed)
    for column, title, picture in zip(st.columns(3, gap="small"), titles, drawn, strict=True):
        column.image(picture, output_format="PNG", width="stretch", alt=f"Mean {maps.explainer.title}: {title}")
        column.caption(title)
    reading = SIGNED.format(kept=(first.kept, second.kept)) if maps.explainer.signed else UNSIGNED
    st.caption(READING.format(reading=reading, first=names[0], second=names[1]))
    if empty := first.empty + second.empty:
        st.caption(f"{empty} maps are empty, nothing speaks for the finding there, and count in the mean film only.")
