"""The app: ``streamlit run dashboard/app.py -- --library DIR``. The router, and what all visitors share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import streamlit as st

# streamlit puts only this file's folder on the path, and runs this file again and again
sys.path[:] = dict.fromkeys([str(Path(__file__).resolve().parents[1]), *sys.path])

from dashboard.server.library import DEFAULT_ROOT
from dashboard.server.services import Services, open_services
from xai.models.library import DEFAULT_MODEL
from xai.others import write_to_cache


@st.cache_resource(show_spinner=False)
def shared_services(root: Path) -> Services:
    """Make the services of this server."""
    return open_services(root)


def library_root() -> Path:
    """Give the folder named with ``--library``; a word of the command line that was mistyped is said on the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", type=Path, default=DEFAULT_ROOT)
    known, unknown = parser.parse_known_args()
    if unknown:
        st.error(f"The app knows nothing of `{' '.join(unknown)}`, with which it was started: `--library DIR` is all.")
    root: Path = known.library.expanduser()
    if root.exists() and not root.is_dir():
        st.error(f"`{root.name}`, given as the library, is no folder: start the app with `--library DIR`.")
        st.stop()
    return root


write_to_cache()
ICON = Path(__file__).with_name("icon.svg")  # a named icon would be fetched from somebody else's server
st.set_page_config(page_title="Lightbox", page_icon=str(ICON), layout="wide")
services = shared_services(library_root())
st.session_state.setdefault("services", services)
st.html("<style>.stMainBlockContainer { padding: 3.75rem 2.5rem 0.75rem; }</style>")  # the films need the room
page = st.navigation(
    [
        st.Page("views/compare.py", title="Compare", icon=":material/compare:", default=True),
        st.Page("views/films.py", title="Films", icon=":material/grid_view:"),
        st.Page("views/roc.py", title="ROC", icon=":material/show_chart:"),
        st.Page("views/errors.py", title="Errors", icon=":material/troubleshoot:"),
        st.Page("views/models.py", title="Models", icon=":material/network_intelligence:"),
    ],
    position="top",
)
page.run()
st.caption("Lightbox is for teaching and research. It is not a medical device: never use it for a diagnosis.")
if page.title == "Compare":  # the other pages need no model to show something
    services.warm_up(DEFAULT_MODEL)
