"""The view of this visitor, and controls that read from it and write to it.

The view is the one truth: a control shows what it says on every run, and changes it before the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.models.state import View, read_link, write_link
from dashboard.page.bound import bind
from dashboard.page.visit import arrived


def start() -> None:
    """Read the view that the link asks for, if the visitor comes with one."""
    state = st.session_state
    state.setdefault("refused", [])
    link = st.query_params.to_dict()
    if (arrived("models") and link) or "models_view" not in state:
        state.models_view, problems = read_link(link)
        state.refused = [*state.refused, *problems]


def view() -> View:
    """Give this visitor's view."""
    return st.session_state.models_view


def change(**changes: Any) -> None:
    """Change this visitor's view."""
    st.session_state.models_view = view().with_(**changes)


def refuse(sentence: str) -> None:
    """Say once what could not be used."""
    st.session_state.refused = [*st.session_state.refused, sentence]


def write_permalink() -> None:
    """Keep the address such that it opens this view."""
    link = write_link(view())
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def bound(control: Callable[..., Any], *arguments: Any, key: str, **options: Any) -> Any:
    """Show a control that has a value of the view, see `bind`."""
    return bind(control, *arguments, key=f"models_{key}", change=change, **options)
