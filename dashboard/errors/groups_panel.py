"""Groups of similar maps on the page: what sets each apart, and its films; or that there are none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.compare.film_maps import FilmMaps
from dashboard.errors.atlas import Atlas, show_films
from dashboard.errors.atlas_panel import in_words
from dashboard.errors.maps_wanted import Wanted, are_there, choose_method, left_out, maps_of, no_maps, obstacle
from dashboard.errors.mean_map import MeanMap, laid, mean_map
from dashboard.errors.state import FEWEST_FILMS, GROUPED
from dashboard.errors.visit import visit
from dashboard.films.gallery_panel import choose
from dashboard.films.handover import compare
from dashboard.films.walk import FilmsWalk
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.store import content_key
from training.evaluate.map_groups import FEWEST, NONE, MapGroups, group_maps
from training.evaluate.ranked import EvaluateError

MOST = 400
IN_GALLERY = 6
OF = {"flagged": ("TP", "FP"), "FP": ("FP",), "FN": ("FN",), "all": ("TP", "FP", "FN", "TN")}
HELP = (
    "Maps are compared in a grid of 16 × 16 cells, each as shares of its own evidence: two are as unlike as the share "
    "that one has and the other has not. Spectral clustering of their nearest neighbours (SpRAy; Lapuschkin et al., "
    "Nature Communications 2019) proposes groups, as many as its eigenvalues suggest, of any films whatever. One is "
    "shown only where fewer films lie between it and the others than a single crowd would leave there (Hartigan's dip "
    "test at one in a hundred)."
)
NO_GROUPS = (
    "No clear groups: the maps of these {count} films differ, but without a gap that would part some of them from the "
    "rest. That is no proof that there is no shortcut: one on a quarter of the films or fewer, or one that "
    "moves about, may make no group."
)
WHAT_IT_IS_NOT = (
    "A group says that the model looks at the same place on these films, not why, and not that it is wrong to: a "
    "finding that lies in one place makes a group too. Films of one patient are alike. Hide the place, on Compare, to "
    "see whether the answer needs it. Where the evidence slides along a line from film to film, with no gap, its ends "
    "may be taken for groups: look at the films."
)


@dataclass(frozen=True, eq=False)
class Shown:
    """Groups of films, with the mean map of each."""

    films: tuple[str, ...]
    groups: MapGroups
    means: tuple[MeanMap, ...]


def show_groups(atlas: Atlas) -> None:
    """Show groups of films whose maps are alike."""
    st.subheader("Groups of similar maps", anchor=False, help=HELP)
    if why := obstacle(atlas):
        no_maps(why, "Groups of maps are")
        return
    _controls()
    if not visit.state.groups:
        st.caption(
            "Choose among which films to look: a shortcut that the model takes on some of them shows as a group."
        )
        return
    films = sampled(atlas)
    if len(films) < FEWEST:
        st.info(f"Groups need at least {FEWEST} films with a picture; there are {len(films)}. Choose others.")
        return
    maps = maps_of(atlas)
    if not are_there(atlas, maps, Wanted("group_maps", films, at_once=True)):
        return
    try:
        shown = _grouped(content_key(maps.key, films), maps, films)
    except EvaluateError as error:
        st.info(escape(sentence_of(error)))
        return
    _show(atlas, maps, shown)
    if told := left_out(maps, films):
        st.caption(told)


def sampled(atlas: Atlas) -> tuple[str, ...]:
    """Draw the films that groups are looked for among: those with a picture, at random, the same each time."""
    rows = np.flatnonzero(np.isin(atlas.outcome, OF[visit.state.groups]) & atlas.can_open)
    drawn = np.random.default_rng(0).permutation(rows)[: min(visit.state.group_films, MOST)]
    return tuple(atlas.judged.films["film"].to_numpy()[np.sort(drawn)].astype(str))


def _controls() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        visit.bound(
            st.segmented_control,
            "Among which films",
            list(GROUPED),
            key="groups",
            value=visit.state.groups or None,
            take=lambda groups: {"groups": groups or ""},
            format_func=lambda groups: GROUPED[groups].capitalize(),
        )
        choose_method("groups_method")
        visit.bound(
            st.slider,
            "Films, drawn at random",
            FEWEST,
            MOST,
            step=40,
            key="group_films",
            value=min(max(visit.state.group_films, FEWEST, FEWEST_FILMS), MOST),
            width=280,
        )


@st.cache_resource(max_entries=8, show_spinner="Comparing maps …")
def _grouped(key: str, _maps: FilmMaps, _films: tuple[str, ...]) -> Shown:
    known = _maps.known(_films)
    if len(known) < FEWEST:
        raise EvaluateError(f"Groups need at least {FEWEST} films with a map; there are {len(known)}.")
    found = group_maps(np.stack([one.shares for one in known.values()]))
    each = np.array(list(known.values()), object)
    means = tuple(mean_map(list(each[found.of == group])) for group in range(found.count))
    return Shown(tuple(known), found, means)


def _show(atlas: Atlas, maps: FilmMaps, shown: Shown) -> None:
    count = len(shown.films)
    if not shown.groups.count:
        st.info(NO_GROUPS.format(count=f"{count:,}"))
        return
    rest = int((shown.groups.of == NONE).sum())
    words = "one clear group" if shown.groups.count == 1 else f"{shown.groups.count} clear groups"
    st.markdown(f"**{words.capitalize()}** among {count:,} films; {rest:,} films are in none.")
    st.caption(WHAT_IT_IS_NOT)
    names = np.array(shown.films)
    for group, mean in enumerate(shown.means):
        _show_group(atlas, maps, group, mean, names[shown.groups.of == group].tolist(), names.tolist())


def _show_group(atlas: Atlas, maps: FilmMaps, group: int, mean: MeanMap, films: list[str], everyone: list[str]) -> None:
    among = atlas.judged.films["film"].isin(everyone).to_numpy()
    here = atlas.judged.films["film"].isin(films).to_numpy()
    outcomes = {cell: int((atlas.outcome[here] == cell).sum()) for cell in ("TP", "FP", "FN", "TN")}
    patients = len(np.unique(atlas.judged.patients[here]))
    picture, told, gallery = st.columns([1, 1.5, 2.2], gap="medium")
    signed = maps.explainer.signed
    drawn = laid(mean.film, mean.evidence, float(np.abs(mean.evidence).max()), signed)
    picture.image(drawn, output_format="PNG", width="stretch", alt=f"Mean {maps.explainer.title} of group {group + 1}")
    with told:
        parts = ", ".join(f"{number} {cell}" for cell, number in outcomes.items() if number)
        of_patients = f" of {patients:,} patients" if patients < len(films) else ""
        st.markdown(f"**Group {group + 1}: {len(films):,} films**{of_patients} · {parts}")
        st.markdown(_traits(atlas, here, among & ~here))
        with st.container(horizontal=True, gap="small"):
            _buttons(atlas, group, films)
    with gallery:
        show_films(atlas, atlas.any_films, films[:IN_GALLERY], f"errors_gallery_group_{group}")


def _traits(atlas: Atlas, here: np.ndarray, there: np.ndarray) -> str:
    from training.evaluate.atlas import contrast_films  # scipy.stats takes a second

    if not there.any():
        return ""
    return in_words(contrast_films(atlas.judged, atlas.finding, here, there), "films of the group", "other films")


def _buttons(atlas: Atlas, group: int, films: list[str]) -> None:
    st.button(
        "Choose all",
        key=f"errors_group_choose_{group}",
        icon=":material/check_box:",
        on_click=choose,
        args=(films,),
        help="To tag, note or compare them, with the buttons above the galleries, or to see their maps above.",
    )
    if st.button("Compare", key=f"errors_group_compare_{group}", icon=":material/compare:"):
        compare(atlas.catalogue, FilmsWalk(atlas.dataset, atlas.any_films, tuple(films)), films[0])
