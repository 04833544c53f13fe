"""What is still being computed, how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Mapping, Set

import streamlit as st

from dashboard.server.jobs import Job
from dashboard.server.services import Services

POLL_SECONDS = 0.5
LINE_HEIGHT = 40  # pixels, of the button


def progress_line(
    services: Services,
    visitor: str,
    jobs: Mapping[str, Job],
    unfinished: Set[str],
    cancelled: set[str],
    is_stopped: bool,
    about: str,
) -> None:
    """Show one line whose place is always kept: progress and cancel, or how it ended.

    Parameters
    ----------
    services : Services
    visitor : str
    jobs : mapping of str to Job
        What this visitor waits for, by name.
    unfinished : set of str
        Names of those that had not ended when the page looked; once they have, it must look again.
    cancelled : set of str
        Keys of jobs that this visitor stopped; emptied when they are asked for again.
    is_stopped : bool
        Whether one of them is among what the page shows.
    about : str
        What to say of the model once there is nothing to wait for.
    """
    every = POLL_SECONDS if any(not job.ended for job in jobs.values()) else None
    with st.container(height=LINE_HEIGHT, border=False, vertical_alignment="center"):
        st.fragment(_line, run_every=every)(services, visitor, jobs, unfinished, cancelled, is_stopped, about)


def _line(
    services: Services,
    visitor: str,
    jobs: Mapping[str, Job],
    unfinished: Set[str],
    cancelled: set[str],
    is_stopped: bool,
    about: str,
) -> None:
    services.jobs.keep_only(visitor, [job.key for job in jobs.values()])
    pending = {name: job for name, job in jobs.items() if not job.ended}
    failed = [name for name, job in jobs.items() if job.state == "failed"]
    # A job that the queue has forgotten, because a sleeping laptop fell silent, is asked for again.
    is_forgotten = any(services.jobs.find(job.key) is not job for job in jobs.values())
    if is_forgotten or any(job.state == "done" or (job.ended and name in unfinished) for name, job in jobs.items()):
        st.rerun()
    if not (pending or is_stopped or failed):
        st.caption(f"All maps are there. {about}")
        return
    words, button = st.columns([6, 1], vertical_alignment="center", gap="small")
    if pending:
        words.progress(sum(job.progress for job in pending.values()) / len(pending), _words(services, pending))
        if button.button("Cancel", key="cancel", width="stretch", help="Stops what is still being computed."):
            cancelled.update(job.key for job in pending.values())
            services.jobs.keep_only(visitor, [])
            st.rerun()
    elif is_stopped:
        words.caption("Cancelled. What was ready stays.")
        if button.button("Compute", key="resume", width="stretch"):
            cancelled.clear()
            st.rerun()
    else:
        words.caption(f"Could not be made: {', '.join(failed)}. What is ready stays.")
        if button.button("Try again", key="retry", width="stretch"):
            for job in jobs.values():
                services.jobs.drop(job.key)
            st.rerun()


def _words(services: Services, pending: Mapping[str, Job]) -> str:
    running = [name for name, job in pending.items() if job.state == "running"]
    if not services.has_models:
        return "Loading TensorFlow and the model, a few seconds the first time…"
    if not running:
        return f"Waiting for a turn: {', '.join(pending)}"
    return f"Computing {', '.join(running)}…"
