"""Choose what hangs on the light box: uploads, or films of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from dashboard.compare.state import OF_ONE_FILM, State
from dashboard.compare.visit import visit
from dashboard.compare.walk import Place, Walk
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.library import OWN, Record
from dashboard.server.services import Services
from dashboard.server.uploads import Upload, take_uploads, uploads
from training.datasets.conventions import tells
from training.datasets.table import DatasetError
from xai.films.film import Film, FilmError
from xai.films.mend import Mend

HUNG = "times_hung"  # in the session
MOST_LISTED = 500  # films in a drop-down list; more are found by name


@dataclass(frozen=True)
class Hung:
    """A film on the light box.

    Attributes
    ----------
    film : Film
        As it is read: mended where the visitor asked for it.
    title : str
    record : Record or None
        What its dataset says of it; None for an upload.
    alias : str
        What stands for its name while the truth is hidden, where the name may tell it; else empty.
    mend : Mend
        What was done to it.
    came : str
        Content hash of the film as it came; by default nothing was done to it.
    """

    film: Film
    title: str
    record: Record | None = None
    alias: str = ""
    mend: Mend = field(default_factory=Mend)
    came: str = ""

    def __post_init__(self) -> None:
        if not self.came:
            object.__setattr__(self, "came", self.film.sha256)

    @classmethod
    def mended(
        cls, film: Film, title: str, record: Record | None = None, *, steps: tuple[str, ...] = (), alias: str = ""
    ) -> Hung:
        """Hang a film, turned and inverted as the visitor asked."""
        mend = Mend.of(steps)
        return cls(mend.film(film), title, record, alias, mend, film.sha256)

    @property
    def truth(self) -> dict[str, str]:
        """What its dataset says about each finding."""
        return dict(self.record.truth) if self.record else {}

    @property
    def is_simulated(self) -> bool:
        """Whether it was made from a recipe."""
        return self.record is not None and self.record.recipe is not None

    @property
    def plain_title(self) -> str:
        """The title while the truth is hidden."""
        return _title(self.alias, self.record) if self.alias and self.record else self.title

    def described(self, title: str) -> str:
        """Say to somebody who cannot see the film what hangs, under one of its titles."""
        return f"Chest film {title}" + ("" if self.film.facts.sides else ", which side is which is not known")

    @property
    def plain_name(self) -> str:
        """What files are called that are taken away while the truth is hidden."""
        return self.alias or (self.record.film if self.record else "film")


def current_film(services: Services, state: State) -> Hung | None:
    """Give the film that hangs, None if there is none; says why where one cannot be hung."""
    chosen = st.session_state.get("upload")
    if chosen is not None:
        film = services.films.get(chosen.sha256)
        if film is not None:
            return Hung.mended(film, chosen.title, steps=state.mend)
        st.warning(escape(f"{chosen.title} was put away to save memory. Upload it again to go on with it."))
        st.session_state.uploads = [one for one in uploads() if one != chosen]
        st.session_state.upload = None
        visit.change(**OF_ONE_FILM)
        state = visit.state
    name = state.film or first_film(services)
    if name is None:
        return None
    try:
        return hung_of(services, name, state.mend)
    except (DatasetError, FilmError, OSError) as error:
        st.error(escape(sentence_of(error)))
        return None


def hung_of(services: Services, name: str, steps: tuple[str, ...] = ()) -> Hung:
    """Hang a film of a dataset, named ``dataset/film``; DatasetError, FilmError or OSError where it cannot be."""
    dataset, _, film_name = name.partition("/")
    record = services.library.record(dataset, film_name)
    film = services.film(dataset, film_name)
    title, other = _title(film_name, record), alias(services, record)
    return Hung.mended(film, title, record, steps=steps, alias=other)


def _title(name: str, record: Record) -> str:
    return " · ".join([name, record.dataset, *record.facts])


def alias(services: Services, record: Record) -> str:
    """Call a film by its place in its dataset where its name may tell what is on it."""
    if not tells(record.film, record.convention, record.truth):
        return ""
    films = services.library.films(record.dataset).index
    return f"film {list(films).index(record.film) + 1:,} of {len(films):,}"


def first_film(services: Services) -> str | None:
    """Name the film that a fresh visitor sees: the first of the first dataset that has one."""
    for dataset in services.library.datasets():
        try:
            films = services.library.films(dataset)
        except DatasetError:
            continue
        if len(films):
            return f"{dataset}/{films.index[0]}"
    return None


def neighbours(services: Services, state: State, hung: Hung) -> tuple[str | Upload | None, str | Upload | None]:
    """Give the films before and after this one: among those handed over, among the uploads, or in its dataset."""
    walked = place_in_walk(services, hung)
    if walked is not None:
        walk, place = walked
        return _film_of(walk, place.before), _film_of(walk, place.after)
    line: list[str | Upload]
    if hung.record is None:
        line, here = list(uploads()), st.session_state.upload
    else:
        names = services.library.films(hung.record.dataset).index
        position = int(names.get_indexer(pd.Index([hung.record.film]))[0])
        near = names[max(position - 1, 0) : position + 2]
        line, here = [f"{hung.record.dataset}/{name}" for name in near], f"{hung.record.dataset}/{hung.record.film}"
    at = line.index(here)
    return (line[at - 1] if at else None), (line[at + 1] if at + 1 < len(line) else None)


def walk_line(services: Services, hung: Hung) -> None:
    """Say where this film stands among those that the Films page handed over, with the way back to them."""
    walked = place_in_walk(services, hung)
    if walked is None:
        return
    walk, stands = walked
    words = f"{stands.number:,} of {stands.count:,}"
    if st.button(words, key="back_to_films", icon=":material/grid_view:", help="Back to these films."):
        st.session_state.films_last = name_of(hung)
        st.switch_page(walk.page, query_params=walk.link())


def is_in_walk(services: Services, hung: Hung) -> bool:
    """Say whether this film is one of those that another page handed over."""
    return place_in_walk(services, hung) is not None


def hang(what: str | Upload) -> None:
    """Hang a film of a dataset (by name) or an upload."""
    if isinstance(what, Upload):
        st.session_state.upload = what
        visit.change(film=None, **OF_ONE_FILM)
    else:
        st.session_state.upload = None
        visit.change(film=what, **OF_ONE_FILM)


def times_hung() -> int:
    """Count the films that were hung from the controls below, or refused there, each of which closes them."""
    return st.session_state.get(HUNG, 0)


def _close() -> None:
    """Close the controls: they would lie over what was hung, or over the words why nothing was."""
    st.session_state[HUNG] = times_hung() + 1


def hang_controls(services: Services) -> None:
    """Show the uploader and the choice of dataset films."""
    _upload_controls(services)
    _dataset_controls(services)


def _upload_controls(services: Services) -> None:
    turn = st.session_state.get("upload_turn", 0)
    first = take_uploads(services)
    if st.session_state.get("upload_turn", 0) != turn:
        _close()
        if first is not None:
            hang(first)
        st.rerun()
    titles = {one.sha256: one.title for one in uploads()}
    if titles:
        chosen = st.session_state.get("upload")
        here = chosen.sha256 if chosen else None
        picked = st.pills(
            "Your films",
            list(titles),
            default=here if here in titles else None,
            format_func=lambda sha256: escape(titles[sha256]),
            key=f"uploads_{turn}_{here}",
        )
        if picked is not None and picked != here:
            hang(next(one for one in uploads() if one.sha256 == picked))
            st.rerun()


def _dataset_controls(services: Services) -> None:
    names = list(services.library.datasets())
    if not names:
        return
    dataset = st.selectbox("Or take a film of a dataset", names, key="pick_dataset")
    try:
        films = services.library.films(dataset)
    except DatasetError as error:
        st.error(escape(sentence_of(error)))
        return
    wanted = st.text_input("Find by name", key="pick_name", placeholder=f"part of a name; {len(films):,} films")
    found = [name for name in films.index if wanted.strip().lower() in name.lower()]
    if not found:
        st.caption("No film has that in its name.")
        return
    picked = st.selectbox(
        "Film", found[:MOST_LISTED], index=None, key=f"pick_film_{dataset}", placeholder="Choose a film"
    )
    if len(found) > MOST_LISTED:
        st.caption(f"The first {MOST_LISTED} of {len(found):,} are listed; type more of the name.")
    if st.button("Hang it", disabled=picked is None, key="pick_hang"):
        _close()
        hang(f"{dataset}/{picked}")
        st.rerun()


def name_of(hung: Hung) -> str:
    """Name the film as a walk does: an upload by its content hash."""
    return hung.record.film if hung.record else st.session_state.upload.sha256


def place_in_walk(services: Services, hung: Hung) -> tuple[Walk, Place] | None:
    """Find the film that hangs in what another page handed over; None where it is not in it."""
    walk: Walk | None = st.session_state.get("walk")
    if walk is None or walk.dataset != (hung.record.dataset if hung.record else OWN):
        return None
    stands = walk.place(services, name_of(hung))
    return None if stands is None else (walk, stands)


def _film_of(walk: Walk, name: str | None) -> str | Upload | None:
    if name is None or walk.dataset != OWN:
        return None if name is None else f"{walk.dataset}/{name}"
    return next((one for one in uploads() if one.sha256 == name), None)
