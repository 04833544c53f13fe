"""The films of the Films page as a walk: handed to the Compare page to be gone through one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dashboard.compare.walk import Place, Walk
from dashboard.films.catalogue import Catalogue
from dashboard.films.services import FilmServices
from dashboard.films.source import catalogue_of, notebook_of
from dashboard.films.state import LINK, State
from dashboard.server.services import Services


@dataclass(frozen=True)
class FilmsWalk(Walk):
    """A list of films, by what it came from.

    Attributes
    ----------
    dataset : str
    state : State
        As `search.usable` gave it.
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
            return catalogue.films.rows(list(self.films))
        return services.of(FilmServices).find(self.state, catalogue, notebook_of(services, self.dataset))

    def link(self) -> dict[str, str]:
        """Give the query parameters that show the page as it was left."""
        return LINK.write(self.state)


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
