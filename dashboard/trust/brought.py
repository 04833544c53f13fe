"""Leagues that somebody brings through the browser: theirs alone while they are here, or the library's to keep."""

from __future__ import annotations

import shutil
from pathlib import Path

import streamlit as st

from dashboard.server.library import Library
from dashboard.server.model_names import name_problem
from dashboard.server.roles import Action, only
from training.benchmark.maps import CLAIM_FILE
from training.benchmark.results import Results, read_peaks, read_results, read_scores, read_twins
from training.benchmark.sources import Brought, ResultsError
from xai.files import write_files

MOST_LEAGUES = 4  # that one visitor may have here at a time


def brought_leagues() -> list[Results]:
    """Give the leagues that this visitor brought."""
    found: list[Results] = st.session_state.setdefault("leagues", [])
    return found


def hold(results: Results) -> None:
    """Have a league here for this visitor, in the place of the oldest where there are many."""
    st.session_state.leagues = [*brought_leagues(), results][-MOST_LEAGUES:]


def let_go(results: Results) -> None:
    """Forget a league that this visitor brought."""
    st.session_state.leagues = [one for one in brought_leagues() if one is not results]


def checked(source: Brought, library: Library) -> Results:
    """Read all of a league, under a name that no other has here.

    Raises
    ------
    ResultsError
        If a table is not what a benchmark writes, or it is about a model that is not in this library.
    """
    taken = {one.name for one in brought_leagues()}
    wanted = source.name if source.name != "brought" else "my-league"
    free = next(name for name in (wanted, *(f"{wanted[:56]}-{k}" for k in range(2, 99))) if name not in taken)
    source = Brought(free, source.files)
    results = read_results(source)
    for read in (read_scores, read_peaks, read_twins):
        read(source)
    model_of(library, results)
    return results


def model_of(library: Library, results: Results) -> str:
    """Name the model of the library that a league is about; raises ResultsError where there is none."""
    found = next((name for name in library.models() if library.model_id(name) == results.model_id), None)
    if found is None:
        raise ResultsError(
            f"These results are of a model that is not in this library: its file's SHA-256 is {results.model_id[:64]}. "
            "Bring the model first; the Models page says how."
        )
    return found


@only(Action.KEEP_LEAGUES)
def keep(library: Library, results: Results) -> str:
    """Write a brought league into the library; gives its name.

    Raises
    ------
    NotAllowedError
        If a visitor asks.
    ResultsError
        If its name is taken, or is none for a folder.
    OSError
        If it cannot be written.
    """
    assert isinstance(results.source, Brought)
    if problem := name_problem(results.name, "my-league"):
        raise ResultsError(problem.replace("A model's name", "A league's name"))
    folder = library.root / "leagues" / results.name
    if folder.exists():
        raise ResultsError(f"There are results called {results.name} already; rename the .zip and bring it again.")
    write_files(folder, dict(results.source.files))
    return results.name


def is_own(library: Library, results: Results) -> bool:
    """Whether results lie in the library's own folder of leagues."""
    return isinstance(results.source, Path) and results.source.parent == library.root / "leagues"


@only(Action.KEEP_LEAGUES)
def remove(library: Library, results: Results) -> None:
    """Delete results from the library.

    Raises
    ------
    NotAllowedError
        If a visitor asks.
    ResultsError
        If they are not the library's own.
    OSError
        If they cannot be deleted.
    """
    if not is_own(library, results):
        raise ResultsError(f"{results.name} does not lie in this library's leagues, so it is not deleted.")
    assert isinstance(results.source, Path)
    (results.source / CLAIM_FILE).unlink()  # from now on these are no results, wherever this is stopped
    shutil.rmtree(results.source)
