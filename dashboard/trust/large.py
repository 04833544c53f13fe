"""A section as large as a projector needs: nothing else on the screen, words of 28 pixels at 1920 x 1080."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.trust.visit import visit

# Streamlit measures in rem, so the root's letters scale all of them; --around is what the question and the button take.
FILM_KEY = "trust_large_film"
STYLE = f"""<style>
html {{ font-size: max(16px, 1.46vw) !important; --around: 11rem; }}
[data-testid=stHeader], .st-key-glossary {{ display: none; }}
.stMainBlockContainer {{ padding: 0.6rem 1rem 0.3rem; }}
.stMain :is([data-testid=stCaptionContainer], [data-testid=stCaptionContainer] p, figcaption, button p, table) {{
  font-size: 1rem !important;
}}
.st-key-{FILM_KEY} {{ width: min(100%, 100vh - 5rem); }}
</style>"""


def show_table(rows: list[dict[str, object]]) -> None:
    """Show a small table: one that scrolls and sorts, or in the large view one whose letters grow."""
    if visit.state.large:
        st.table(pd.DataFrame(rows).set_index(next(iter(rows[0]))))
    else:
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="content", key="trust_beat_table")


def show_switch() -> None:
    """Offer the large view, or the way back; in the large one, put its style on the page."""
    if visit.state.large:
        st.html(STYLE)
    label, icon = ("Small view", "close_fullscreen") if visit.state.large else ("Large view", "open_in_full")
    st.button(
        label,
        icon=f":material/{icon}:",
        key="trust_large",
        on_click=visit.change,
        kwargs={"large": not visit.state.large},
        help="For a projector: words that a back row reads, and nothing else on the screen. The link keeps it.",
    )
