"""The page that a visitor has open: what Streamlit's session and the app's own channel call each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.server.channel import PREFIX
from dashboard.server.files import File
from dashboard.server.page import Page
from dashboard.server.pages import Pages
from dashboard.server.services import Services
from dashboard.server.visitors import COOKIE, is_token, new_token


def open_page(services: Services) -> Page:
    """Give the page that this visitor has open, with what it waits for; one for each tab of the browser."""
    session, pages = st.session_state, services.channel.pages
    if "open_page" not in session:
        token = st.context.cookies.get(COOKIE)
        session.open_page = pages.begin(token if is_token(token) else new_token())
    page: Page = session.open_page
    page.is_connected = _is_connected()
    if get_script_run_ctx() is not None:  # else nobody runs a page: this is read by Python alone
        _hold(page.id, page, pages)
    pages.stay(page)
    return page


def this_page() -> Page:
    """Give the page that is running."""
    return open_page(st.session_state.services)


def page_address(page: Page) -> str:
    """Give where the browser reaches the page beside Streamlit, from the root of the server."""
    return f"{api_address()}/pages/{page.id}"


def part_address(name: str) -> str:
    """Give where the browser fetches a part, from the root of the server."""
    return f"{api_address()}/parts/{name}"


def offer(name: str, file: str, media: str, make: Callable[[], bytes | str]) -> str:
    """Offer a file on the running page, as `Files.offer` does; gives where the browser fetches it.

    Parameters
    ----------
    name : str
        The last part of the address; the same on every run.
    file, media : str
        What the file is called when it is kept, and its media type.
    make : callable
        Gives its content, a text in UTF-8, when somebody asks for it.
    """
    page = this_page()

    def made(asked: Mapping[str, str]) -> File:
        content = make()
        return file, media, content.encode() if isinstance(content, str) else content

    page.files.offer(name, made)
    return f"{page_address(page)}/downloads/{quote(name, safe='')}"


def visitor() -> str:
    """Give this page's name in the queues: random, and of no other meaning."""
    return this_page().id


def _is_connected() -> Callable[[], bool]:
    """Give what says whether the browser of the running page is connected."""
    context = get_script_run_ctx()
    session = context.session_id if context is not None else ""
    return lambda: runtime.exists() and runtime.get_instance().is_active_session(session)


def api_address() -> str:
    """Give where the app's own addresses begin, from the root of the server."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}{PREFIX}"


@dataclass
class _Held:
    """Holds a page while its browser is there; Streamlit lets go of it when the connection ends."""

    page: Page
    pages: Pages

    def release(self) -> None:
        """Note that the browser has gone."""
        self.pages.leave(self.page)


@st.cache_resource(scope="session", show_spinner=False, on_release=_Held.release)
def _hold(name: str, _page: Page, _pages: Pages) -> _Held:
    return _Held(_page, _pages)
