"""One slice of the films against the rest: the choice of it, and what is measured; for ROC and Errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.films.chips import chips
from dashboard.films.notes import NotesError
from dashboard.films.search import usable
from dashboard.films.services import FilmServices
from dashboard.films.slices import SliceError, circular
from dashboard.films.state import LINK, OUTCOMES, State, films_of
from dashboard.page.side_by_side import INTERVAL, p_value
from dashboard.page.told import sentence_of
from dashboard.page.visit import Visit, refuse
from dashboard.page.words import escape, signed, to_tenth
from dashboard.server.judging import Source
from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError
from training.evaluate.rates import Share
from training.evaluate.roc import Auroc
from xai.findings import finding_label
from xai.written import with_unit

FILMS_PAGE = "views/films.py"
NONE = "–"
NAMES = {
    "auroc": "AUROC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "predicted_prevalence": "Flagged",
    "prevalence": "Have the finding",
}
HELP = "A slice is what the Films page finds by its conditions, saved there under a name (Views, “Save as slice”)."


def choose_slice(visit: Visit[Any], shared: FilmServices, told: Source) -> State | None:
    """Show the choice of slice, and the way to make one; None where none is chosen or it cannot be read.

    Parameters
    ----------
    visit : Visit
        Its state has a field ``slice``.
    shared : FilmServices
    told : Source
        Whose films they are slices of.
    """
    names = shared.slices.names()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if visit.state.slice is not None and visit.state.slice not in names:
            listed = ", ".join(f"“{name}”" for name in names) or "none"
            refuse(f"There is no slice “{visit.state.slice}” here; there are {listed}.")
            visit.change(slice=None)
            st.rerun()
        visit.bound(
            st.selectbox,
            "Slice",
            names,
            key="slice",
            placeholder="Choose a slice" if names else "No slice is saved yet",
            disabled=not names,
            width=320,
            help=HELP,
        )
        if st.button(
            "Make one on Films",
            key=f"{visit.page}_make_slice",
            icon=":material/filter_alt:",
            help="Narrow the films down there, by any of their columns, and save the conditions as a slice.",
        ):
            asked = State(dataset=told.dataset, predictions=told.predictions, finding=visit.state.finding)
            st.switch_page(FILMS_PAGE, query_params=LINK.write(asked))
    if visit.state.slice is None:
        return None
    try:
        return shared.slices.read(visit.state.slice)
    except SliceError as error:
        st.error(escape(sentence_of(error)))
        return None


def show_slice(
    shared: FilmServices, told: Source, judged: Judged, finding: str, threshold: float, asked: State
) -> None:
    """Show a finding in a slice and in the rest, and the ways to its films.

    Parameters
    ----------
    shared : FilmServices
    told : Source
    judged : Judged
    finding : str
    threshold : float
    asked : State
        The slice's conditions.
    """
    from training.evaluate.slices import METHOD, compare_slice  # scipy.stats takes a second

    st.caption(escape(f"{'; '.join(chip.words for chip in chips(asked))}."))
    try:
        here = in_slice(shared, told, judged, finding, asked)
        found = compare_slice(judged, finding, threshold, here)
    except (SliceError, EvaluateError, NotesError) as error:
        st.info(escape(sentence_of(error)))
        return
    for warning in filter(None, (circular(asked, finding), found.caution)):
        st.warning(escape(warning), icon=":material/warning:")
    st.dataframe(
        slice_table(found),
        hide_index=True,
        height="content",
        width="stretch",
        key="slice_table",
        alt=f"{finding_label(finding)} in the slice and in the rest.",
    )
    outcome = judged.outcome(finding, threshold)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for cell in ("FP", "FN"):
            count = int((here & (outcome == cell)).sum())
            asked_for = films_in_slice(told, finding, threshold, asked, cell)
            if st.button(f"{count:,} {OUTCOMES[cell]}s in it", key=f"slice_{cell}", disabled=not count):
                st.switch_page(FILMS_PAGE, query_params=LINK.write(asked_for))
    st.caption(f"Change is the slice less the rest, at the same threshold, {threshold:.4g}. {METHOD}")


def films_in_slice(told: Source, finding: str, threshold: float, asked: State, cell: str) -> State:
    """Ask the Films page for the films of a slice that are in a cell, most confident mistakes first."""
    kept = {name: value for name, value in films_of(told.split).items() if value}
    elsewhere = tuple(one for one in asked.outcomes if one[0] != finding)
    return asked.with_(
        dataset=told.dataset,
        predictions=told.predictions,
        finding=finding,
        outcomes=(*elsewhere, (finding, cell)),
        thresholds=(*(one for one in asked.thresholds if one[0] != finding), (finding, threshold)),
        sort="mistakes",
        **kept,
    )


def slice_table(found: Any) -> pd.DataFrame:
    """Give a row a measure, in words; ``found`` is a `training.evaluate.slices.Sliced`."""
    rows = [{"": "Films", "slice": f"{found.films:,}", "rest": f"{found.rest_films:,}"}]
    for one in found.compared:
        write = _area if one.measure == "auroc" else _share
        change, low, high = (_change(value, one.measure) for value in (one.difference, one.low, one.high))
        rows.append(
            {
                "": NAMES[one.measure],
                "slice": write(one.slice),
                "rest": write(one.rest),
                "Change": change,
                INTERVAL: NONE if math.isnan(one.low) else f"{low} to {high}",
                "p": p_value(one.p),
            }
        )
    return pd.DataFrame(rows).fillna("")


def _area(one: Auroc) -> str:
    ends = "" if math.isnan(one.low) else f" ({one.low:.3f} to {one.high:.3f})"
    return NONE if math.isnan(one.value) else f"{one.value:.3f}{ends}"


def _share(one: Share) -> str:
    if math.isnan(one.value):
        return NONE
    return f"{to_tenth(one.value)} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _change(value: float, measure: str) -> str:
    if math.isnan(value):
        return NONE
    return signed(value, 3) if measure == "auroc" else with_unit(signed(100 * value, 1), "pts")


def in_slice(shared: FilmServices, told: Source, judged: Judged, finding: str, asked: State) -> np.ndarray:
    """Say which of the judged films are in a slice, bool (films,).

    Parameters
    ----------
    shared : FilmServices
    told : Source
        Whose predictions are judged; its dataset is in the library.
    judged : Judged
    finding : str
        Of which it is asked whether the model met a film.
    asked : State
        The slice's conditions.

    Raises
    ------
    SliceError
        If the dataset or the predictions cannot answer a condition.
    """
    assert told.dataset is not None  # whoever shows slices has asked
    asked = asked.with_(dataset=told.dataset, predictions=told.predictions, finding=finding)
    catalogue = shared.open(told.dataset, told.predictions)
    asked, problems = usable(asked, catalogue)
    if problems:
        raise SliceError(f"The slice asks what cannot be answered here. {problems[0]}")
    rows = shared.find(asked, catalogue, shared.notebook)
    chosen = np.zeros(len(catalogue.films), bool)
    chosen[rows] = True
    at = catalogue.films.names.get_indexer(pd.Index(judged.films["film"]))
    return chosen[at] & (at >= 0)
