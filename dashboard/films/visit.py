"""The query of this visitor, and controls that read from it and write to it.

The query is the one truth: a control shows what it says on every run, and changes it before the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.films.state import Query, read_link, write_link
from dashboard.page.bound import bind
from dashboard.page.visit import arrived


def start() -> None:
    """Read the query that the link asks for, if the visitor comes with one."""
    state = st.session_state
    state.setdefault("refused", [])
    link = st.query_params.to_dict()
    if (arrived("films") and link) or "query" not in state:
        state.query, problems = read_link(link)
        state.refused = [*state.refused, *problems]


def query() -> Query:
    """Give this visitor's query."""
    return st.session_state.query


def narrow(**changes: Any) -> None:
    """Change conditions, and go back to the first page."""
    st.session_state.query = query().narrowed(**changes)


def turn_to(**changes: Any) -> None:
    """Change how the found films are shown, and nothing about which they are."""
    st.session_state.query = query().with_(**changes)


def write_permalink() -> None:
    """Keep the address such that it opens this view."""
    link = write_link(query())
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def bound(
    control: Callable[..., Any], *arguments: Any, key: str, change: Callable[..., None] = narrow, **options: Any
) -> Any:
    """Show a control that has a value of the query, see `bind`; ``change`` is `narrow` or `turn_to`."""
    return bind(control, *arguments, key=f"films_{key}", change=change, **options)
