"""What the whole atlas is about: the films, what came of them at the threshold, and who can open them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.gallery import gallery
from dashboard.errors.state import State
from dashboard.errors.visit import visit
from dashboard.films.actions import note_controls, tag_controls
from dashboard.films.catalogue import Catalogue
from dashboard.films.gallery_panel import choose, choose_here, chosen, items, picture_addresses
from dashboard.films.handover import compare
from dashboard.films.items import Page, summaries
from dashboard.films.notes import Notebook
from dashboard.films.services import FilmServices
from dashboard.films.state import LINK as FILMS_LINK
from dashboard.films.state import SIZES, films_of
from dashboard.films.state import State as FilmsState
from dashboard.films.walk import FilmsWalk
from dashboard.page.state import filled
from dashboard.server.judging import Source
from dashboard.server.services import Services
from training.evaluate.judged import Judged


@dataclass(frozen=True, eq=False)
class Atlas:
    """The films of one finding.

    Attributes
    ----------
    services : Services
    catalogue : Catalogue
        Of the whole dataset.
    judged : Judged
        Of the films in question.
    source : Source
    state : State
    threshold : float
        Of the finding.
    """

    services: Services
    catalogue: Catalogue
    judged: Judged
    source: Source
    state: State
    threshold: float

    @property
    def finding(self) -> str:
        """The finding in question."""
        return filled(self.state.finding)

    @property
    def shared(self) -> FilmServices:
        """What it shares with the Films page."""
        return self.services.of(FilmServices)

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.catalogue.films.dataset

    @property
    def notebook(self) -> Notebook:
        """Where tags and notes are written."""
        return self.shared.notebook

    @cached_property
    def outcome(self) -> np.ndarray:
        """Cell of each film, (films,)."""
        return self.judged.outcome(self.finding, self.threshold)

    @cached_property
    def rows(self) -> np.ndarray:
        """Row of each film in the catalogue, (films,)."""
        return self.catalogue.films.names.get_indexer(pd.Index(self.judged.films["film"]))

    @cached_property
    def can_open(self) -> np.ndarray:
        """Whether there is a picture of each film, bool (films,)."""
        return (self.rows >= 0) & self.catalogue.films.openable[self.rows]

    @property
    def any_films(self) -> FilmsState:
        """Ask the Films page for all films, judged as here."""
        return FilmsState(
            dataset=self.dataset,
            predictions=self.source.predictions,
            finding=self.finding,
            thresholds=((self.finding, self.threshold),),
        )

    def films_state(self, cell: str) -> FilmsState:
        """Ask the Films page for a cell, most confident mistakes first."""
        return FilmsState(
            dataset=self.dataset,
            predictions=self.source.predictions,
            finding=self.finding,
            outcomes=((self.finding, cell),),
            thresholds=((self.finding, self.threshold),),
            **films_of(self.source.split),
            image="here" if self.state.pictures else "",
            sort="mistakes" if cell in ("FP", "FN") else "likely",
        )

    def films_of(self, cell: str, only_pictures: bool = False) -> list[str]:
        """Films of a cell, the most confident first."""
        asked = self.films_state(cell)
        found = self.shared.find(asked.with_(image="here") if only_pictures else asked, self.catalogue, self.notebook)
        return [str(self.catalogue.films.names[row]) for row in found]


def open_in_films(asked: FilmsState, film: str | None = None) -> None:
    """Go to the Films page as asked, with one film large if it is named."""
    st.switch_page(FilmsWalk.page, query_params=FILMS_LINK.write(asked.with_(film=film)))


def show_films(atlas: Atlas, asked: FilmsState, films: list[str], key: str) -> None:
    """Show films as a gallery: a click opens one on the Films page, ticks choose them for tags, notes and Compare."""
    page, state = Page(atlas.catalogue.films.rows(films), 1, 1), st.session_state
    if (film := state.pop(f"{key}_go", None)) is not None:
        open_in_films(asked, film)
    names = [str(atlas.catalogue.films.names[row]) for row in page.rows]
    summed = summaries(atlas.catalogue, asked, page.rows, atlas.notebook.remarks(atlas.dataset, names))

    def opened() -> None:
        state[f"{key}_go"] = state[key].opened

    gallery(
        items(summed, picture_addresses(atlas.services, atlas.catalogue, page)),
        side=SIZES["medium"],
        key=key,
        chosen=[name for name in names if name in chosen()],
        turn=state.get("films_turn", 0),
        on_opened_change=opened,
        on_chosen_change=lambda: choose_here(names, state[key].chosen or []),
    )


def chosen_controls(atlas: Atlas) -> None:
    """Show what can be done with the films that are chosen, here or on the Films page."""
    picked = [film for film in chosen() if atlas.catalogue.films.row(film) is not None]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"{len(picked):,} chosen",
            key="errors_none",
            icon=":material/close:",
            on_click=choose,
            args=([],),
            disabled=not picked,
            help="Tick films in the galleries to choose them; this chooses none.",
        )
        opens = [film for film in picked if atlas.catalogue.films.openable[atlas.catalogue.films.row(film)]]
        if st.button(
            "Compare",
            key="errors_compare",
            icon=":material/compare:",
            disabled=not opens,
            help="Go through the chosen films on the Compare page, with the model's maps.",
        ):
            compare(
                atlas.catalogue,
                FilmsWalk(atlas.dataset, FilmsState(atlas.dataset, finding=atlas.finding), tuple(picked)),
                opens[0],
            )
        st.button(
            "Like this one",
            key="errors_like",
            icon=":material/hub:",
            disabled=len(opens) != 1,
            on_click=lambda: visit.change(section="alike", like=opens[0]),
            help="Tick one film: shows the films that the model sees as like it, and how many of them are wrong.",
        )
        with st.popover("Tag", icon=":material/label:", disabled=not picked, key="errors_tag"):
            tag_controls(atlas.dataset, picked, atlas.notebook)
        with st.popover("Note", icon=":material/edit_note:", disabled=not picked, key="errors_note"):
            note_controls(atlas.dataset, picked, atlas.notebook)
