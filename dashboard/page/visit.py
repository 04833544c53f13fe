"""Who is visiting, and whether they have just come to a page."""

from __future__ import annotations

import uuid

import streamlit as st


def visitor() -> str:
    """Give this visitor's name in the queues: random, and of no other meaning."""
    if "visitor" not in st.session_state:
        st.session_state.visitor = uuid.uuid4().hex
    return st.session_state.visitor


def arrived(page: str) -> bool:
    """Say whether this is the visitor's first run of a page since another one; its link counts only then.

    Within a page the link follows what the visitor does, and may lag behind two quick clicks.
    """
    came = st.session_state.get("page") != page
    st.session_state.page = page
    return came
