"""Jobs that a visitor started on a page: progress, cancel, and how they ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from dashboard.components.waiting import states, waiting
from dashboard.server.awaited import Want
from dashboard.server.services import Services
from dashboard.server.session import page_address, this_page
from xai.budget import Budget

LOADING = "loading TensorFlow and the model, a few seconds the first time"


def is_started(key: str) -> bool:
    """Say whether this visitor started a job and did not stop it."""
    return key in _started()


def start_job(services: Services, key: str) -> None:
    """Remember that this visitor wants a job, whatever came of it before."""
    _started()[key] = None
    services.long_jobs.drop(key)
    this_page().resume(key)


def wait_for(services: Services, key: str, words: str, work: Callable[[Budget], Any]) -> None:
    """Ask for a job and show how far it is; the page runs again once it has ended."""
    page, group = this_page(), f"started {key[:12]}"
    ask = partial(services.long_jobs.ask_once, page.id, key, work, slow=True)
    step = lambda: "" if services.has_models else LOADING  # noqa: E731
    standing = page.expect(group, [Want(key, "work", words, ask, goes_on=True, step=step)])
    if states(standing, group) & {"ready", "cancelled"}:
        _started().pop(key, None)
        st.rerun()
    waiting(page_address(page), group, standing)


def _started() -> dict[str, None]:
    found: dict[str, None] = st.session_state.setdefault("started", {})
    return found
