"""Conditions on any column of the dataset: a value of it, a range, or percentiles."""

from __future__ import annotations

import streamlit as st

from dashboard.films.catalogue import Catalogue
from dashboard.films.visit import visit
from dashboard.page.words import escape
from training.evaluate.conditions import Condition, End, askable, is_number, read_condition, values

MOST_VALUES, MOST_CHOSEN = 200, 20  # of a column: in a list, and in a link
NOT_KNOWN = "not known"
SCALES = {"number": "Numbers", "percentile": "Percentiles"}


def column_filter(catalogue: Catalogue) -> None:
    """Show the choice of a column and of what it must hold; what is chosen is added to the conditions."""
    table = catalogue.films.table
    column = st.selectbox(
        "Any column",
        askable(table),
        index=None,
        key="films_column",
        placeholder="Choose one of the dataset's columns",
        format_func=lambda name: str(name).replace("_", " "),
        help="Whatever else the dataset tells of its films; numbers by a range or by percentiles among all films.",
    )
    if column is None:
        return
    wanted = _range(column) if is_number(table[column]) else _values(catalogue, column)
    if st.button("Add", key="films_column_add", disabled=not wanted):
        others = tuple(text for text in visit.state.where if read_condition(text).column != column)
        visit.narrow(where=(*others, *map(str, wanted)))
        st.rerun()


def _range(column: str) -> list[Condition]:
    scale = st.segmented_control(
        "Range of",
        list(SCALES),
        default="number",
        key=f"films_scale_{column}",
        format_func=lambda one: SCALES[one],
        label_visibility="collapsed",
    )
    is_percentile = scale == "percentile"
    low, high = (
        place.number_input(
            label,
            0.0 if is_percentile else None,
            100.0 if is_percentile else None,
            value=None,
            step=1.0,
            format="%.6g",
            key=f"films_{label}_{scale}_{column}",
            placeholder="open",
        )
        for place, label in zip(st.columns(2), ("from", "to"), strict=True)
    )
    if low is None and high is None:
        return []
    if low is not None and high is not None and low > high:
        st.caption("The ends of a range rise.")
        return []
    ends = [None if end is None else End(float(end), is_percentile) for end in (low, high)]
    return [Condition(column, low=ends[0], high=ends[1])]


def _values(catalogue: Catalogue, column: str) -> list[Condition]:
    found = values(catalogue.films.table, column)
    if len(found) > MOST_VALUES:
        st.caption(escape(f"{column} has {len(found):,} values, too many for a list."))
        return []
    chosen = st.multiselect(
        "is one of",
        found,
        key=f"films_values_{column}",
        format_func=lambda value: value or NOT_KNOWN,
        max_selections=MOST_CHOSEN,
    )
    return [Condition(column, value) for value in chosen]
