"""What could not be used, in words, until the visitor has seen it."""

from __future__ import annotations

import streamlit as st

from dashboard.page.visit import forget_refused
from dashboard.page.words import escape

MOST_REFUSED, MOST_REFUSED_HEIGHT = 4, 150  # sentences shown at once, and the pixels that more of them scroll in


def show_refused() -> None:
    """List what could not be hung or read from the link, until the visitor has seen it."""
    if refused := list(dict.fromkeys(st.session_state.get("refused", []))):
        words, button = st.columns([6, 1], vertical_alignment="center", gap="small")
        with words.container(height=MOST_REFUSED_HEIGHT if len(refused) > MOST_REFUSED else "content", border=False):
            st.warning("\n".join(f"- {escape(sentence)}" for sentence in refused), icon=":material/warning:")
        if button.button("Understood", key="understood", width="stretch"):
            forget_refused()
            st.rerun()
