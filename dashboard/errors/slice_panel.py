"""Where the model is worst: kinds of film among all columns of the dataset, and one slice against the rest."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.errors.visit import visit
from dashboard.films.services import FilmServices
from dashboard.films.slice_panel import choose_slice, films_in_slice, show_slice
from dashboard.films.slices import SliceError
from dashboard.films.state import LINK as FILMS_LINK
from dashboard.films.state import State as FilmsState
from dashboard.films.walk import FilmsWalk
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape, percent, signed
from dashboard.server.judging import Source
from training.evaluate.judged import Judged
from xai.findings import finding_label
from xai.written import with_unit

MOST_SHOWN = 12
CELLS = {"missed": "FN", "false alarms": "FP"}  # by what `training.evaluate.slices.worst` calls an error
OUTSIDE = "The films of these predictions lie outside this library, so no slice can be asked of them."


def show_slices(shared: FilmServices, told: Source, judged: Judged, finding: str, threshold: float) -> None:
    """Show the kinds of film that are judged worst, and a slice beside the rest."""
    _show_worst(shared, told, judged, finding, threshold)
    st.divider()
    st.subheader("A slice against the rest", anchor=False)
    if told.dataset is None:
        st.info(OUTSIDE)
        return
    asked = choose_slice(visit, shared, told)
    if asked is not None:
        show_slice(shared, told, judged, finding, threshold, asked)


def worst_table(found: pd.DataFrame) -> pd.DataFrame:
    """Give a row a kind of film and error, in words."""
    return pd.DataFrame(
        {
            "films with": [one.words for one in found["condition"]],
            "error": found["error"],
            "in them": [
                f"{percent(share)} ({count:,} of {of:,})"
                for share, count, of in zip(found["share"], found["count"], found["of"], strict=True)
            ],
            "in all others": found["rest_share"].map(percent),
            "more by": [with_unit(signed(100 * value, 1), "pts") for value in found["difference"]],
            "95\u00a0% interval": [
                f"{signed(100 * low, 1)} to {with_unit(signed(100 * high, 1), 'pts')}"
                for low, high in found[["low", "high"]].to_numpy()
            ],
            "q": found["q"].map(lambda q: "< 0.001" if q < 0.001 else f"{q:.3f}"),
        }
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _worst(stamp: str, finding: str, threshold: float, _judged: Judged) -> pd.DataFrame:
    from training.evaluate.slices import worst  # scipy.stats takes a second

    return worst(_judged, finding, threshold)


def _show_worst(shared: FilmServices, told: Source, judged: Judged, finding: str, threshold: float) -> None:
    from training.evaluate.slices import CORRECTION

    st.subheader("Where it is worst", anchor=False, help=CORRECTION)
    with st.spinner("Trying each kind of film …", show_time=False):
        found = _worst(told.stamp, finding, threshold, judged)
    sure = int((found["q"] < 0.05).sum())
    if not len(found):
        st.info("No column of the dataset tells films apart of which some are judged wrongly: there is nothing to try.")
        return
    name = escape(finding_label(finding))
    if sure:
        kinds = "is one kind of film" if sure == 1 else f"are {sure:,} kinds of film"
        st.markdown(f"There {kinds} in which {name} is missed or falsely flagged more often, beyond chance.")
    else:
        st.markdown(f"There is no kind of film in which {name} is judged worse beyond chance (q below 0.05).")
    top = found.head(MOST_SHOWN)
    picked = st.dataframe(
        worst_table(top),
        hide_index=True,
        height="content",
        width="stretch",
        key=f"errors_worst_{finding}",
        on_select="rerun",
        selection_mode="single-row",
        alt="Kinds of film in which the finding is judged worst.",
    )
    st.caption("What a kind of film goes with is no cause of the errors. Choose a row to see its films or to keep it.")
    rows = [row for row in picked.selection.rows if row < len(top)]
    if rows and told.dataset is not None:
        _kind_controls(shared, told, finding, threshold, top.iloc[rows[0]])


def _kind_controls(shared: FilmServices, told: Source, finding: str, threshold: float, row: pd.Series) -> None:
    condition, asked = row["condition"], FilmsState(where=(str(row["condition"]),))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(f"Open the {row['count']:,} films", key="errors_open_kind", icon=":material/grid_view:"):
            state = films_in_slice(told, finding, threshold, asked, CELLS[row["error"]])
            st.switch_page(FilmsWalk.page, query_params=FILMS_LINK.write(state))
        if st.button("Keep it as a slice", key="errors_keep_kind", icon=":material/bookmark:"):
            name = condition.words.replace(":", " is", 1)
            try:
                name = name if name in shared.slices.names() else shared.slices.save(name, asked)
            except SliceError as error:
                refuse(sentence_of(error))
            else:
                visit.change(slice=name)
            st.rerun()
