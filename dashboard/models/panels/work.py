"""What the library is waiting for: progress, cancel, and how it ended."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.models.services import ModelServices, Task
from dashboard.models.state import DOORS
from dashboard.models.visit import change, view
from dashboard.page.words import escape

POLL_SECONDS = 1.0
SHARES = [6, 1.4]


def show_work(shared: ModelServices) -> None:
    """Show a line for each thing that goes on or has ended; the page runs again once one ends."""
    for task in shared.tasks():
        if task.key.startswith("layers ") and task.job.state == "done":  # shown where they were asked for
            shared.stop(task.key)
    tasks = shared.tasks()
    if not tasks:
        return
    goes_on = any(not task.job.ended for task in tasks)
    st.fragment(_lines, run_every=POLL_SECONDS if goes_on else None)(
        shared, {task.key: task.job.state for task in tasks if task.job.ended}
    )


def _lines(shared: ModelServices, ended: dict[str, str]) -> None:
    tasks = shared.tasks()
    for task in tasks:
        if not task.job.ended and shared.jobs.find(task.key) is not task.job:  # stopped while it was asked for again
            shared.stop(task.key)
            st.rerun()
    if {task.key: task.job.state for task in tasks if task.job.ended} != ended:
        st.rerun()
    for task in tasks:
        if task.job.state != "failed" or view().section in (*DOORS, "layers"):  # a failure waits where it was asked for
            _line(shared, task)


def _line(shared: ModelServices, task: Task) -> None:
    told, button = st.columns(SHARES, vertical_alignment="center", gap="small")
    if not task.job.ended:
        waits = task.job.state == "waiting"
        words = "waiting for its turn" if waits else task.step or "starting"
        told.progress(task.job.progress, f"{escape(task.title)}: {escape(words)}…")
        if button.button("Cancel", key=f"models_cancel_{task.key}", width="stretch"):
            shared.stop(task.key)
            st.rerun()
        return
    if task.job.state == "failed":
        told.error(f"{escape(task.title)} failed. {escape(task.job.error or '')}")
    elif task.key.startswith("import "):
        _imported(told, task)
    elif task.key.startswith("fetch "):
        told.success(f"{escape(str(task.job.result))} is in the library’s downloads/ folder.", icon=":material/check:")
    else:
        return
    if button.button("Understood", key=f"models_seen_{task.key}", width="stretch"):
        _next(task)
        shared.stop(task.key)
        st.rerun()


def _imported(place: DeltaGenerator, task: Task) -> None:
    name, notes = task.job.result
    said = "\n".join(f"- {escape(note)}" for note in notes)
    place.success(f"**{escape(name)}** is in the library.\n\n{said}", icon=":material/check:")


def _next(task: Task) -> None:
    """Open a new model; a download stays where it is."""
    if task.job.state == "done" and task.key.startswith("import "):
        change(model=task.job.result[0], section="card", other=None, part=None)
