"""Where a league is brought through the browser, and kept."""

from __future__ import annotations

import streamlit as st

from dashboard.page.told import sentence_of
from dashboard.page.visit import forget_refused, refuse
from dashboard.page.words import escape
from dashboard.server.library import Library
from dashboard.server.roles import Action, offered
from dashboard.server.uploads import let_go_of
from dashboard.trust.brought import checked, hold, keep, let_go, model_of, remove
from dashboard.trust.visit import visit
from training.benchmark.results import Results
from training.benchmark.sources import MOST_BROUGHT, MOST_BYTES, NEEDED, ResultsError, brought
from xai.written import with_unit

ABOUT = (
    f"The folder that `python -m xai benchmark` wrote, as one .zip, or its files: {', '.join(NEEDED)}, and with them "
    f"{', '.join(name for name in MOST_BYTES if name not in NEEDED)} where they are there. At most "
    f"{with_unit(str(MOST_BROUGHT >> 20), 'MB')}. It stays in this server's memory, for you alone, until you close the "
    "page or load it anew."
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
            max_upload_size=MOST_BROUGHT >> 20,
            help="Nothing in them is run. A table that is none of a benchmark is refused, in one sentence.",
        )
        st.caption(ABOUT)
        if files:
            forget_refused()
            st.session_state.league_turn = turn + 1
            _take(library, [(file.name, file.getvalue()) for file in files])
            let_go_of(files)
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
        st.button("Put away", key="trust_league_away", icon=":material/close:", on_click=_put_away, args=(results,))
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


def _put_away(results: Results) -> None:
    let_go(results)
    visit.change(league=None)


def show_removing(library: Library, results: Results) -> None:
    """Let the owner remove results that were kept in the library; those that come with the app stay."""
    with st.popover("Remove from the library", icon=":material/delete:"):
        st.caption(f"{escape(results.name)} is deleted for everybody, with its tables. There is no way back.")
        st.button(
            "Delete it",
            key="trust_league_delete",
            on_click=_remove,
            args=(library, results),
            **offered(Action.KEEP_LEAGUES),
        )


def _remove(library: Library, results: Results) -> None:
    try:
        remove(library, results)
    except (ResultsError, OSError) as error:
        refuse(sentence_of(error))
        return
    visit.change(league=None)
