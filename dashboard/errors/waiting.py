"""Jobs that a visitor of the Errors page started: progress, cancel, and how they ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.page.words import escape
from dashboard.server.jobs import Job
from dashboard.server.services import Services
from dashboard.server.session import visitor
from xai.budget import Budget

POLL_SECONDS = 0.5


def started() -> dict[str, None]:
    """Keys of the jobs that this visitor started and did not stop."""
    return st.session_state.setdefault("errors_started", {})


def start_job(key: str) -> None:
    """Remember that this visitor wants a job."""
    started()[key] = None


def wait_for(services: Services, key: str, words: str, work: Callable[[Budget], Any]) -> None:
    """Ask for a job and show how far it is; the page runs again once it has ended."""
    job = services.jobs.ask(visitor(), key, work, slow=True)
    st.fragment(_line, run_every=None if job.ended else POLL_SECONDS)(services, job, words)


def _line(services: Services, job: Job, words: str) -> None:
    if job.state == "done":
        started().pop(job.key, None)
        st.rerun()
    if services.jobs.find(job.key) is not job:  # a sleeping laptop fell silent, and the queue forgot it
        st.rerun()
    told, button = st.columns([5, 1], vertical_alignment="center", gap="small")
    if job.state == "failed":
        told.error(escape(job.error or "This failed."))
        if button.button("Try again", key=f"errors_again_{job.key[:12]}", width="stretch"):
            services.jobs.drop(job.key)
            st.rerun()
        return
    services.jobs.ask(visitor(), job.key, job.work, slow=True)  # says that this visitor still waits
    loading = "Loading TensorFlow and the model, a few seconds the first time" if not services.has_models else words
    told.progress(job.progress, f"{'Waiting for a turn' if job.state == 'waiting' else loading}…")
    if button.button("Cancel", key=f"errors_cancel_{job.key[:12]}", width="stretch"):
        started().pop(job.key, None)
        services.jobs.keep_only(visitor(), [])
        st.rerun()
