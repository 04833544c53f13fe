"""Films handed from the Films page to the Compare page, to be gone through one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.films.catalogue import Catalogue
from dashboard.films.notes import Notebook
from dashboard.films.services import FilmServices
from dashboard.films.state import Query


@dataclass(frozen=True)
class Walk:
    """A list of films, by what it came from: nothing large is kept for a visitor.

    Attributes
    ----------
    dataset : str
    query : Query
        As `search.usable` gave it.
    films : tuple of str
        The selection; none means all that the query finds.
    """

    dataset: str
    query: Query
    films: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a film stands in a walk, counted from 1, and the films beside it."""

    number: int
    count: int
    before: str | None
    after: str | None


def rows_of(walk: Walk, shared: FilmServices, catalogue: Catalogue, notebook: Notebook) -> np.ndarray:
    """Give the rows of a walk's films, in order."""
    return catalogue.films.rows(list(walk.films)) if walk.films else shared.find(walk.query, catalogue, notebook)


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
