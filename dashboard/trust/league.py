"""The league: how well each method's maps find each finding, beside controls that know nothing."""

from __future__ import annotations

import streamlit as st

from dashboard.page.words import escape
from dashboard.trust.subject import Subject

COMMAND = "python -m xai benchmark {dataset} --model {model} --out LIBRARY/leagues/{model}-on-{dataset}"


def show_league(subject: Subject) -> None:
    """Show the league of a model, or how to make one."""
    if not subject.leagues:
        st.info(
            f"Nothing was measured of the maps of **{escape(subject.model)}** yet. This command does it on a dataset "
            "whose truth is known, and shows it here:"
        )
        st.code(COMMAND.format(dataset="simulated", model=subject.model), language="bash")
        return
    table = subject.leagues[0].league
    st.dataframe(table, hide_index=True)
