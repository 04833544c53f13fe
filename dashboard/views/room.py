"""Room: a class follows on its phones, and answers."""

from __future__ import annotations

import streamlit as st

from dashboard.components.room import teacher_room
from dashboard.page.refused import show_refused
from dashboard.page.visit import Visit
from dashboard.rooms.state import LINK
from dashboard.server.owner import is_this_machine
from dashboard.server.roles import Action, door_address, may
from dashboard.server.session import api_address

visit = Visit("room", LINK)


def room() -> None:
    """Show the page."""
    visit.start()
    show_refused()
    refusal = "" if may(Action.OPEN_ROOMS) else f"Only the owner may open a room. Enter the key at {door_address()}."
    teacher_room(api_address(), refusal=refusal, is_here=is_this_machine(st.get_option("server.address") or ""))
    visit.write_permalink()


room()
