"""What runs for every visitor: the router, the theme, and what all pages share. `app` serves it."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

# streamlit puts only this file's folder on the path, and runs this file again and again
sys.path[:] = dict.fromkeys([str(Path(__file__).resolve().parents[1]), *sys.path])

from dashboard.lessons.adding import show_adding
from dashboard.lessons.strip import show_strip
from dashboard.page.glossary import show_glossary
from dashboard.server.session import open_page
from dashboard.server.shared import library_root, shared_services
from xai.models.library import DEFAULT_MODEL
from xai.others import write_to_cache


def library() -> Path:
    """Give the library's folder; a word of the command line that was mistyped is said on the page."""
    root, unknown = library_root()
    if unknown:
        words = " ".join(unknown)
        st.error(f"The app was started with `{words}`, which it does not know: `lightbox --help` lists what it takes.")
    if root.exists() and not root.is_dir():
        st.error(f"`{root.name}`, given as the library, is no folder: start the app with `--library DIR`.")
        st.stop()
    return root


# The films need the room, on a phone all of it; a page's name stands in the menu already, and is heard; words that are
# quiet can be read.
STYLE = """<style>
.stMainBlockContainer { padding: 3.75rem 2.5rem 0.75rem; }
@media (max-width: 640px) { .stMainBlockContainer { padding: 3.75rem 0.75rem 0.75rem; } }
.stElementContainer:has(#page-name) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.stMain { scroll-padding-top: 3.75rem; } /* what gets the focus comes out from below the header */
[data-testid=stSidebar][data-collapsed=true] { visibility: hidden; } /* nor does the focus go where nobody sees it */
[data-testid=stCaptionContainer] { color: inherit; opacity: 0.76; }
[data-testid=stBaseButton-primary] { color: light-dark(#fff, #0e0f12); } /* white is too faint on orange */
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; }
}
</style>"""

write_to_cache()
ICON = Path(__file__).with_name("icon.svg")  # a named icon would be fetched from somebody else's server
st.set_page_config(page_title="Lightbox", page_icon=str(ICON), layout="wide")
services = shared_services(library())
st.session_state.setdefault("services", services)
page = st.navigation(
    [
        st.Page("views/compare.py", title="Compare", icon=":material/compare:", default=True),
        st.Page("views/films.py", title="Films", icon=":material/grid_view:"),
        st.Page("views/roc.py", title="ROC", icon=":material/show_chart:"),
        st.Page("views/errors.py", title="Errors", icon=":material/troubleshoot:"),
        st.Page("views/trust.py", title="Trust", icon=":material/verified:"),
        st.Page("views/models.py", title="Models", icon=":material/network_intelligence:"),
        st.Page("views/lessons.py", title="Lessons", icon=":material/school:"),
        st.Page("views/room.py", title="Room", icon=":material/groups:"),
    ],
    position="top",
)
st.html(f'<h1 id="page-name">{page.title}</h1>{STYLE}')
waiting = open_page(services)
waiting.begin()
show_strip(services, page.title.lower())
page.run()
show_adding(services, page.title.lower())
waiting.end()
st.caption("Lightbox is for teaching and research. It is not a medical device: never use it for a diagnosis.")
show_glossary()
if page.title == "Compare":  # the other pages need no model to show something
    services.warm_up(DEFAULT_MODEL)
