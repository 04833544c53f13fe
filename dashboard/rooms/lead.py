"""What leads a room: each of these does one thing for everybody in it, and has phones shown what comes of it.

A caller that holds a `Room` may lead it; `held_room` gives a page of the app the room of its visitor.
"""

from __future__ import annotations

import logging
import threading
import time

import streamlit as st

from dashboard.rooms.look import looked_at, with_failures
from dashboard.rooms.room import Room
from dashboard.rooms.rooms import Rooms, open_rooms
from dashboard.rooms.step import Question, Step
from dashboard.server.roles import Action, only
from dashboard.server.services import Services
from dashboard.server.visitors import COOKIE as VISITOR
from dashboard.server.visitors import is_token

COOKIE = "lightbox_room"  # holds the key of a room's holder
PATIENCE = 900.0  # seconds for the maps of a step
LOOK = 5.0  # seconds after which the queue hears that somebody still waits

log = logging.getLogger(__name__)


def rooms_of(services: Services) -> Rooms:
    """Give the rooms of this server."""
    return services.of(open_rooms)


def held_room(services: Services) -> Room | None:
    """Give the room that the visitor of the running page holds; None for anybody else.

    Cookies are those of the time when the page connected: whoever opened a room since is known by the visitor's token.
    """
    visitor = st.context.cookies.get(VISITOR)
    return rooms_of(services).held(st.context.cookies.get(COOKIE), visitor if is_token(visitor) else "")


@only(Action.OPEN_ROOMS)
def open_room(services: Services) -> tuple[Room, str]:
    """Open a room; gives it with the key of its holder. A route has asked already who may."""
    return rooms_of(services).open_one()


def move(services: Services, room: Room, step: Step, question: Question | None = None) -> None:
    """Have everybody look at a step, and ask about it where there is a question.

    Without one, what was asked about the same film stays asked.
    """
    before = room.number
    room.move(step)
    if question is not None:
        room.ask(question)
    rooms_of(services).keep()
    if room.number != before:
        show(services, room)


def ask(services: Services, room: Room, question: Question) -> None:
    """Ask everybody something about the step."""
    before = room.number
    room.ask(question)
    rooms_of(services).keep()
    if room.number != before:
        show(services, room)


def reveal(services: Services, room: Room) -> None:
    """Show the answers on the holder's screen."""
    room.reveal()
    rooms_of(services).keep()


def end_question(services: Services, room: Room) -> None:
    """Ask nothing any more."""
    room.end_question()
    rooms_of(services).keep()


@only(Action.OPEN_ROOMS)
def close_lost(services: Services, code: str) -> None:
    """End a room whose key its holder has lost. A route has asked already who may."""
    room = rooms_of(services).find(code)
    if room is not None:
        close(services, room)


def close(services: Services, room: Room) -> None:
    """End the room for everybody."""
    rooms_of(services).close(room)


def show(services: Services, room: Room) -> threading.Thread:
    """Have the pictures of a room's step made, in a thread of its own that ends with the step."""
    thread = threading.Thread(target=_show, args=(services, room), name=f"room {room.code}", daemon=True)
    thread.start()
    return thread


def _show(services: Services, room: Room) -> None:
    number, step, deal = room.number, room.step, room.deal
    waiter = f"room {room.code} {number}"
    changed = threading.Event()
    if number == 0:  # nothing has been shown yet
        return
    try:
        view, holder_view, look = looked_at(services, step, waiter, deal)
        is_shown = room.put_view(number, view, holder_view)
        jobs = [] if look is None or not is_shown else look.jobs()
        for job in jobs:
            job.watch(changed.set)
        end = time.monotonic() + PATIENCE
        ended = sum(job.ended for job in jobs)
        while jobs and is_shown and time.monotonic() < end:
            if (count := sum(job.ended for job in jobs)) != ended or count == len(jobs):
                ended = count
                view, holder_view, _ = looked_at(services, step, waiter, deal)
                if ended == len(jobs):
                    room.put_view(number, with_failures(view), with_failures(holder_view))
                    return
                is_shown = room.put_view(number, view, holder_view)
            changed.wait(LOOK)
            changed.clear()
            services.jobs.hear(waiter)
            is_shown = is_shown and room.number == number and room.is_open
    except Exception:  # a thread has nobody to tell
        log.exception("A step of a room could not be shown")
    finally:
        services.jobs.keep_only(waiter, ())
