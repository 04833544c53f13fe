"""What this visitor looks at on each page.

A page's state is the one truth: a control shows what it says on every run, and changes it before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.page.bound import bind
from dashboard.page.link import Link
from dashboard.page.state import AnyState


def refuse(*sentences: str) -> None:
    """Say once what could not be used; `show_refused` shows it."""
    st.session_state.refused = [*st.session_state.get("refused", []), *sentences]


def forget_refused() -> None:
    """Say no longer what could not be used before."""
    st.session_state.refused = []


def came_back() -> bool:
    """Whether this run of a page shows what the browser's own Back or Forward went to."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def in_every_link() -> dict[str, str]:
    """Give what the address says on every page while a lesson is given."""
    return dict(st.session_state.get("in_every_link", {}))


class Visit(Generic[AnyState]):
    """What a visitor looks at on one page: from the link at first, then as the controls change it.

    Parameters
    ----------
    page : str
        Its name in the session.
    link : Link
        What of the state stands in the address.
    """

    def __init__(self, page: str, link: Link[AnyState]) -> None:
        self.page = page
        self.link = link
        self._key = f"{page}_state"

    def start(self) -> bool:
        """Take the state that the link asks for where a visitor comes with one, and say whether that was so.

        A link counts on the first run of a page since another one, and where the visitor went to it through the
        browser's history: otherwise it follows within a page what the visitor does, and may lag behind two quick
        clicks.
        """
        session = st.session_state
        has_come = session.get("page") != self.page
        session.page = self.page
        asked = st.query_params.to_dict()
        takes_link = ((has_come or came_back()) and bool(asked)) or self._key not in session
        if takes_link:
            self.follow(asked)
        return takes_link

    def follow(self, asked: Mapping[str, str]) -> None:
        """Look at what the query parameters of a link ask for."""
        state, problems = self.link.read(asked)
        self.put(state)
        refuse(*problems)

    @property
    def state(self) -> AnyState:
        """What this visitor looks at."""
        return st.session_state.get(self._key, self.link.default)

    def put(self, state: AnyState) -> None:
        """Look at something else."""
        st.session_state[self._key] = state

    def change(self, **changes: Any) -> None:
        """Change some of it."""
        self.put(self.state.with_(**changes))

    def write_permalink(self, state: AnyState | None = None) -> None:
        """Keep the address such that it opens this state, or another one that stands for it."""
        link = {**self.link.write(self.state if state is None else state), **in_every_link()}
        if st.query_params.to_dict() != link:
            st.query_params.from_dict(link)

    def bound(self, control: Callable[..., Any], *arguments: Any, key: str, **options: Any) -> Any:
        """Show a control of a part of the state: it shows the field that is called as its key, and changes that.

        ``value``, ``take`` and ``change`` say otherwise, see `bind`.
        """
        usual = {"take": lambda value: {key: value}, "change": self.change}
        if "value" not in options:
            usual["value"] = getattr(self.state, key)
        return bind(control, *arguments, key=f"{self.page}_{key}", **{**usual, **options})
