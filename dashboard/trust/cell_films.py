"""The films behind a cell of the league, each a step away on the Compare page with its truth shown."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.compare.state import LINK as COMPARE
from dashboard.compare.state import State as Compare
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.trust.league_table import finding_title, measure_title, method_title
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from training.benchmark.league import ALL, PRIOR
from training.benchmark.results import Results, read_scores
from training.benchmark.sources import SCORES_FILE, ResultsError, Source
from xai.explainers import EXPLAINERS
from xai.written import counted

COMPARE_PAGE = "views/compare.py"
NO_SCORES = (
    "The scores of single films do not come with these results. The command below makes them, in `scores.csv`; put "
    "its folder into the library's `leagues/` to see here the films behind each cell."
)
HEIGHT = 280  # pixels of the list, which scrolls


def show_films(subject: Subject, results: Results, method: str, finding: str, measure: str) -> None:
    """List the films of a cell, the worst first, and open the one that is chosen."""
    try:
        scores = scores_of(results)
    except ResultsError as error:
        st.warning(escape(sentence_of(error)))
        return
    if scores is None or measure not in scores:
        st.caption(NO_SCORES)
        return
    listed = films_of_cell(scores, method, finding, measure)
    if listed.empty:
        st.caption("There is no film with a score behind this cell.")
        return
    columns = {
        "film": "Film",
        "finding": st.column_config.TextColumn("Finding") if finding == ALL else None,
        "score": st.column_config.NumberColumn(measure_title(measure), format="%.2f"),
        "usual": None if method == PRIOR else st.column_config.NumberColumn("Usual place", format="%.2f"),
    }
    picked = st.dataframe(
        listed.assign(finding=listed["finding"].map(finding_title)),
        column_config=columns,
        hide_index=True,
        height=min(HEIGHT, 37 + 35 * len(listed)),
        width="stretch",
        key=f"trust_films_{method}_{finding}_{measure}",
        on_select="rerun",
        selection_mode="single-row",
        alt=f"{counted(len(listed), 'map')} of {method_title(method)} with their scores, the worst first.",
    )
    rows = [row for row in picked.selection.rows if row < len(listed)]
    if rows:
        visit.change(film=str(listed.iloc[rows[0]]["film"]))
    _offer_film(subject, results, method, listed)


def _offer_film(subject: Subject, results: Results, method: str, listed: pd.DataFrame) -> None:
    if visit.state.film is not None and visit.state.film not in set(listed["film"]):
        refuse(f"“{visit.state.film}” is not among the films of this cell.")
        visit.change(film=None)
    if visit.state.film is None:
        st.caption("Choose a film to see its map beside the truth on Compare.")
        return
    home = subject.home(results)
    if home is None:
        st.caption(f"The dataset {escape(results.dataset)} is not in this library, so its films cannot be opened.")
        return
    row = listed[listed["film"] == visit.state.film].iloc[0]
    st.page_link(
        COMPARE_PAGE,
        label=f"Open {escape(str(row['film']))} on Compare, with its truth",
        icon=":material/compare:",
        query_params=film_link(home, subject.model, str(row["film"]), str(row["finding"]), method),
    )
    st.caption("Compare makes the map anew, with its own settings and seed: it may differ a little.")


def film_link(dataset: str, model: str, film: str, finding: str, method: str, **more: Any) -> dict[str, str]:
    """Give the link of the Compare page that shows a film with one map and the truth."""
    shown = Compare(film=f"{dataset}/{film}", model=model, finding=finding, display={"truth": True})
    methods = (method,) if method in EXPLAINERS else shown.methods
    return COMPARE.write(shown.with_(methods=methods, **more))


def films_of_cell(scores: pd.DataFrame, method: str, finding: str, measure: str) -> pd.DataFrame:
    """Give film, finding, its score and that of the usual place, the worst first."""
    rows = scores[scores["finding"] == finding] if finding != ALL else scores
    by_case = rows.set_index(["film", "finding"])
    own = by_case.loc[by_case["method"] == method, measure].rename("score")
    usual = by_case.loc[by_case["method"] == PRIOR, measure].rename("usual")
    table = own.to_frame().join(usual).dropna(subset="score").reset_index()
    return table.sort_values(["score", "film"], kind="stable", ignore_index=True)


def scores_of(results: Results) -> pd.DataFrame | None:
    """Give the scores of the maps of a benchmark, read once; raises ResultsError."""
    return _scores(results.source, results.stamp(SCORES_FILE)) if results.has(SCORES_FILE) else None


@functools.lru_cache(maxsize=4)
def _scores(source: Source, stamp: float) -> pd.DataFrame | None:
    return read_scores(source)
