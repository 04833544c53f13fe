"""What the library is waiting for: progress, cancel, and how it ended."""

from __future__ import annotations

import streamlit as st

from dashboard.models.services import ModelServices, TrackedJob
from dashboard.models.state import DOORS
from dashboard.models.visit import visit
from dashboard.page.words import escape

POLL_SECONDS = 1.0
SHARES = [6, 1.4]


def show_work(shared: ModelServices) -> None:
    """Show a line for each thing that goes on or has ended; the page runs again once one ends."""
    for tracked in shared.tracked_jobs():
        if tracked.key.startswith("layers ") and tracked.job.state == "done":  # shown where they were asked for
            shared.stop(tracked.key)
    tracked_jobs = shared.tracked_jobs()
    if not tracked_jobs:
        return
    goes_on = any(not tracked.job.ended for tracked in tracked_jobs)
    st.fragment(_lines, run_every=POLL_SECONDS if goes_on else None)(
        shared, {tracked.key: tracked.job.state for tracked in tracked_jobs if tracked.job.ended}
    )


def _lines(shared: ModelServices, ended: dict[str, str]) -> None:
    tracked_jobs = shared.tracked_jobs()
    for tracked in tracked_jobs:
        if (
            not tracked.job.ended and shared.jobs.find(tracked.key) is not tracked.job
        ):  # stopped while it was asked for again
            shared.stop(tracked.key)
            st.rerun()
    if {tracked.key: tracked.job.state for tracked in tracked_jobs if tracked.job.ended} != ended:
        st.rerun()
    for tracked in tracked_jobs:
        if tracked.job.state != "failed" or visit.state.section in (
            *DOORS,
            "layers",
        ):  # a failure waits where it was asked for
            _line(shared, tracked)


def _line(shared: ModelServices, tracked: TrackedJob) -> None:
    told, button = st.columns(SHARES, vertical_alignment="center", gap="small")
    if not tracked.job.ended:
        waits = tracked.job.state == "waiting"
        words = "waiting for its turn" if waits else tracked.step or "starting"
        told.progress(tracked.job.progress, f"{escape(tracked.title)}: {escape(words)}…")
        if button.button("Cancel", key=f"models_cancel_{tracked.key}", width="stretch"):
            shared.stop(tracked.key)
            st.rerun()
        return
    if tracked.job.state == "failed":
        told.error(f"{escape(tracked.title)} failed. {escape(tracked.job.error or '')}")
    elif tracked.key.startswith("import "):
        with told:
            _imported(tracked)
    elif tracked.key.startswith("fetch "):
        told.success(
            f"{escape(str(tracked.job.result))} is in the library’s downloads/ folder.", icon=":material/check:"
        )
    else:
        return
    if button.button("Understood", key=f"models_seen_{tracked.key}", width="stretch"):
        _next(tracked)
        shared.stop(tracked.key)
        st.rerun()


def _imported(tracked: TrackedJob) -> None:
    name, notes = tracked.job.result
    said = "\n".join(f"- {escape(note)}" for note in notes)
    st.success(f"**{escape(name)}** is in the library.\n\n{said}", icon=":material/check:")


def _next(tracked: TrackedJob) -> None:
    """Open a new model; a download stays where it is."""
    if tracked.job.state == "done" and tracked.key.startswith("import "):
        visit.change(model=tracked.job.result[0], section="card", other=None, evaluation=None)
