"""Where a league is brought through the browser, and kept."""

from __future__ import annotations

import streamlit as st

from dashboard.page.told import sentence_of
from dashboard.page.visit import forget_refused, refuse
from dashboard.server.library import Library
from dashboard.server.roles import Action, offered
from dashboard.trust.brought import checked, hold, keep, let_go, model_of
from dashboard.trust.visit import visit
from training.benchmark.results import Results
from training.benchmark.sources import MOST_BROUGHT, MOST_BYTES, NEEDED, ResultsError, brought
from xai.written import with_unit

ABOUT = (
    f"The folder that `python -m xai benchmark` wrote, as one .zip, or its files: {', '.join(NEEDED)}, and with them "
    f"{', '.join(name for name in MOST_BYTES if name not in NEEDED)} where they are there. At most "
    f"{with_unit(str(MOST_BROUGHT >> 20), 'MB')}. It stays in this server's memory, for you alone, until you leave."
)
KEEP = "It becomes a folder in the library's leagues, for everybody, and for the line of trust below each map."


def show_bringing(library: Library) -> None:
    """Show where a league is brought, and take one that has just come."""
    with st.expander("Bring a league of your own", icon=":material/upload_file:"):
        turn = st.session_state.setdefault("league_turn", 0)
        files = st.file_uploader(
            "A benchmark's files",
            accept_multiple_files=True,
            key=f"trust_league_{turn}",
            help="Nothing in them is run. A number or name that no benchmark writes is refused, in one sentence.",
        )
        st.caption(ABOUT)
        if files:
            forget_refused()
            st.session_state.league_turn = turn + 1  # a fresh uploader lets go of the files' bytes
            _take(library, [(file.name, file.getvalue()) for file in files])
            st.rerun()


def _take(library: Library, files: list[tuple[str, bytes]]) -> None:
    try:
        results = checked(brought(files), library)
    except ResultsError as error:
        refuse(sentence_of(error))
        return
    hold(results)
    visit.change(model=model_of(library, results), league=results.name)


def show_keeping(library: Library, results: Results) -> None:
    """Say whose a brought league is, and let the owner keep it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("You brought these results: nothing of them was measured here, and only you see them.")
        st.button(
            "Keep in the library",
            key="trust_league_keep",
            icon=":material/save:",
            on_click=_keep,
            args=(library, results),
            **offered(Action.KEEP_LEAGUES, help=KEEP),
        )


def _keep(library: Library, results: Results) -> None:
    try:
        name = keep(library, results)
    except (ResultsError, OSError) as error:
        refuse(sentence_of(error))
        return
    let_go(results)
    visit.change(league=name)
