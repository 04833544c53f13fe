"""What the library is waiting for: progress, cancel, and how it ended."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.components.waiting import states, waiting
from dashboard.models.services import ModelServices, TrackedJob, is_look
from dashboard.models.state import DOORS
from dashboard.models.visit import visit
from dashboard.page.words import escape
from dashboard.server.awaited import Want
from dashboard.server.roles import Action, may, offered
from dashboard.server.session import page_address, this_page

SHARES = [6, 1.4]


def show_work(shared: ModelServices) -> None:
    """Show a line for each thing that goes on or has ended; the page runs again once one ends."""
    for tracked in shared.tracked_jobs():
        state = tracked.job.state
        if state == "done" and is_look(tracked.key):  # shown where they were asked for
            shared.stop(tracked.key)
        elif state in ("waiting", "running"):
            _going_on(shared, tracked)
        elif state == "done" or visit.state.section in (*DOORS, "layers"):  # a failure waits where it was asked for
            _ended(shared, tracked)


def _going_on(shared: ModelServices, tracked: TrackedJob) -> None:
    if not (is_look(tracked.key) or may(Action.STOP_WORK)):  # who waits on the channel may cancel there
        st.info(f"{escape(tracked.title)}: {escape(tracked.step or 'starting')}.", icon=":material/hourglass:")
        return
    if shared.known(tracked) is None:  # stopped while it was asked for again
        shared.stop(tracked.key)
        return
    page, group = this_page(), f"models {tracked.number}"
    want = Want(
        group,
        "work",
        tracked.title,
        partial(shared.known, tracked),
        goes_on=True,
        step=lambda: tracked.step or "starting",
        stop=partial(shared.stop, tracked.key),
    )
    standing = page.expect(group, [want])
    if not states(standing, group) <= {"waiting", "running"}:
        st.rerun()
    waiting(page_address(page), group, standing)


def _ended(shared: ModelServices, tracked: TrackedJob) -> None:
    told, button = st.columns(SHARES, vertical_alignment="center", gap="small")
    if tracked.job.state == "failed":
        told.error(f"{escape(tracked.title)} failed. {escape(tracked.job.error or '')}")
    elif tracked.key.startswith("import "):
        with told:
            _imported(tracked)
    else:
        told.success(
            f"{escape(str(tracked.job.result))} is in the library’s downloads/ folder.", icon=":material/check:"
        )
    options = {} if is_look(tracked.key) else offered(Action.STOP_WORK)
    if button.button("Understood", key=f"models_seen_{tracked.key}", width="stretch", **options):
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
