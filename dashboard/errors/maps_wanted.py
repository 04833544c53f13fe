"""Maps that a part of the page needs: what they cost, the button that has them made, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.compare.film_maps import FilmMaps
from dashboard.errors.atlas import Atlas
from dashboard.errors.saving import home_of
from dashboard.errors.visit import visit
from dashboard.page.words import escape
from dashboard.server.started import is_started, start_job, wait_for
from dashboard.server.store import content_key
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.films.film import Film
from xai.written import with_unit

MINUTE = 60  # seconds


@dataclass(frozen=True)
class Wanted:
    """What a part of the page asks for.

    Attributes
    ----------
    part : str
        Names it among Streamlit's keys.
    films : tuple of str
    at_once : bool
        Whether quick maps are made without being asked for again: what asks for them says so already.
    """

    part: str
    films: tuple[str, ...]
    at_once: bool = False


def obstacle(atlas: Atlas) -> str:
    """Say why nothing that needs the model can be offered; empty where it can."""
    facts = atlas.shared.library.read_predictions(atlas.source.predictions).facts
    if not atlas.can_open.any():
        return f"This needs pictures, and none of the {len(atlas.judged):,} films has its picture on this machine."
    return home_of(atlas.shared.library, facts).why


def maps_of(atlas: Atlas) -> FilmMaps:
    """Give the maps that this visitor looks at: of the finding, by the chosen method."""
    return FilmMaps(atlas.services, atlas.source.model, atlas.dataset, atlas.finding, visit.state.method)


def choose_method(key: str) -> None:
    """Show the choice of the method, which holds for all maps of the page."""
    visit.bound(
        st.selectbox,
        "Method",
        list(EXPLAINERS),
        key=key,
        value=visit.state.method,
        take=lambda method: {"method": method},
        format_func=lambda method: EXPLAINERS[method].title,
        width=190,
        help="For all maps of this page. What it costs is said before anything is made.",
    )


def are_there(atlas: Atlas, maps: FilmMaps, wanted: Wanted) -> bool:
    """Say whether all maps that can be made are there; if not, show what they cost, or how far they are."""
    missing = maps.missing(wanted.films)
    if not missing:
        return True
    key = content_key(wanted.part, maps.key, wanted.films)  # not of those missing, which other parts make too
    begun = st.session_state.setdefault("errors_begun", {})
    if wanted.at_once and maps.explainer().quick and key not in begun:
        begun[key] = None
        start_job(atlas.services, key)
    if is_started(key):
        opens = {name: opener(atlas, name) for name in wanted.films}

        def work(budget: Budget) -> None:
            maps.make(opens, budget)

        wait_for(atlas.services, key, f"{maps.title} of {len(missing)} films", work)
        return False
    st.caption(cost_words(maps, len(missing)))
    st.button(
        maps.asked(len(missing)),
        key=f"errors_{wanted.part}",
        icon=":material/play_arrow:",
        on_click=start_job,
        args=(atlas.services, key),
        help="In the background, with the model. What was made is kept: stopped and started again, it goes on.",
    )
    return False


def cost_words(maps: FilmMaps, films: int) -> str:
    """Say what maps cost: films, evaluations a film, and the time where it was measured."""
    evaluations = maps.cost
    each = (
        f"{films:,} films × up to {evaluations:,} evaluations" if evaluations > 1 else f"{films:,} films, one pass each"
    )
    if maps.seconds is None:
        return f"{each}. How long one film takes on this machine is not measured yet; the first one tells."
    return f"{each}: about {_time(films * maps.seconds)}, at {_time(maps.seconds)} a film, the mean of those made here."


def left_out(maps: FilmMaps, films: Sequence[str]) -> str:
    """Say how many films have no map because they could not be opened; empty where all have one."""
    count = len(maps.broken(films))
    films_are = "film could not be opened and is" if count == 1 else "films could not be opened and are"
    return f"{count} {films_are} left out." if count else ""


def opener(atlas: Atlas, name: str) -> Callable[[], Film]:
    """Give what opens a film."""
    return lambda: atlas.services.film(atlas.dataset, name)


def no_maps(why: str, what: str) -> None:
    """Say why maps are not offered."""
    st.info(f"{what} not offered here. {escape(why)}")


def _time(seconds: float) -> str:
    if seconds >= 2 * MINUTE:
        return with_unit(f"{seconds / MINUTE:.0f}", "minutes")
    return with_unit(f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}", "s")
