"""The films of the Films page as a walk: handed to the Compare page to be gone through one by one."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

import numpy as np

from dashboard.compare.walk import Place, Walk
from dashboard.films.catalogue import Catalogue
from dashboard.films.search import usable
from dashboard.films.services import FilmServices
from dashboard.films.source import catalogue_of, notebook_of
from dashboard.films.state import LINK, State
from dashboard.page.kinds import names
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.store import content_key

PICKED, HELD = "picked", "held"  # films by name, or by what the session alone knows them under
MOST_PICKED, LONGEST_PICKED = 50, 1_500  # names, and characters of all of them, in a link
_PICKED = names(MOST_PICKED)


class WalkLost(ValueError):
    """A walk of which a link holds too little."""


@dataclass(frozen=True)
class FilmsWalk(Walk):
    """A list of films, by what it came from.

    Attributes
    ----------
    dataset : str
    state : State
    films : tuple of str
        The selection; none means all that this state asks for.
    """

    dataset: str
    state: State
    films: tuple[str, ...] = ()

    page: ClassVar[str] = "views/films.py"

    def place(self, services: Services, film: str) -> Place | None:
        """Find a film among those that can be hung; None where it is not one of them, or its dataset is gone."""
        try:
            catalogue = catalogue_of(services, self.state)
            rows = self.rows(services, catalogue)
        except ValueError:  # the library has changed meanwhile: its own errors are of this kind
            return None
        return place(catalogue, rows, film, only_openable=True)

    def ahead(self, services: Services, film: str, most: int) -> list[str]:
        """Name a film and those after it that can be hung, at most so many; none where it is not one of them."""
        try:
            catalogue = catalogue_of(services, self.state)
            rows = self.rows(services, catalogue)
        except ValueError:
            return []
        row = catalogue.films.row(film)
        if row is None or not len(at := np.flatnonzero(rows == row)):
            return []
        ahead = rows[int(at[0]) :]
        return [str(catalogue.films.names[one]) for one in ahead[catalogue.films.openable[ahead]][:most]]

    def rows(self, services: Services, catalogue: Catalogue) -> np.ndarray:
        """Give the rows of its films in their catalogue, in order."""
        if self.films:
            known = [film for film in self.films if catalogue.films.row(film) is not None]
            return catalogue.films.rows(known)
        asked, _ = usable(self.state, catalogue)
        return services.of(FilmServices).find(asked, catalogue, notebook_of(services, self.dataset))

    def link(self) -> dict[str, str]:
        """Give the query parameters that show the page as it was left."""
        return LINK.write(self.state)

    def query(self, held: MutableMapping[str, tuple[str, ...]]) -> str:
        """Write it for a link: what it asks for, not what was found.

        Parameters
        ----------
        held : mapping
            Where films that were picked by hand are kept under a name, if they are too many for a link, or a visitor's
            own, of which nothing stands in a link.
        """
        asked = self.link()
        if not self.films:
            return urlencode(asked)
        listed = _PICKED.write(self.films)
        if len(self.films) <= MOST_PICKED and len(listed) <= LONGEST_PICKED and self.dataset != OWN:
            return urlencode({**asked, PICKED: listed})
        name = content_key(list(self.films))[:16]
        held[name] = self.films
        return urlencode({**asked, HELD: name})

    @classmethod
    def read(cls, query: str, held: MutableMapping[str, tuple[str, ...]]) -> FilmsWalk:
        """Read what `query` wrote; raises ValueError for anything else, WalkLost for films that are not held here."""
        asked = dict(parse_qsl(query))
        picked, name = asked.pop(PICKED, ""), asked.pop(HELD, "")
        state, problems = LINK.read(asked)
        if problems:
            raise ValueError(problems[0])
        if state.dataset is None:
            raise ValueError("it names no dataset")
        if name and name not in held:
            raise WalkLost("the films were picked by hand, and are too many for a link")
        films = held[name] if name else _PICKED.read(picked) if picked else ()
        return cls(state.dataset, state, films)


def place(catalogue: Catalogue, rows: np.ndarray, film: str, *, only_openable: bool) -> Place | None:
    """Find a film among these rows; None where it is not one of them.

    Parameters
    ----------
    catalogue : Catalogue
    rows : int array
    film : str
    only_openable : bool
        Pass over films without a picture.
    """
    row = catalogue.films.row(film)
    if row is None or not len(at := np.flatnonzero(rows == row)):
        return None
    here = int(at[0])
    before, after = rows[:here], rows[here + 1 :]
    if only_openable:
        before, after = (part[catalogue.films.openable[part]] for part in (before, after))
    names = catalogue.films.names
    return Place(
        here + 1,
        len(rows),
        str(names[before[-1]]) if len(before) else None,
        str(names[after[0]]) if len(after) else None,
    )
