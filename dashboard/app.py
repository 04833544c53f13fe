"""The app: ``streamlit run dashboard/app.py -- --library DIR``. Its pages, its routes, and what all answers carry."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

HOME = Path(__file__).resolve().parent
sys.path[:] = dict.fromkeys([str(HOME.parent), *sys.path])  # streamlit puts only this file's folder on the path

from dashboard.compare.state import LINK as COMPARE
from dashboard.components.front import front_page
from dashboard.components.phone import phone_page
from dashboard.errors.state import LINK as ERRORS
from dashboard.films.state import LINK as FILMS
from dashboard.lessons.state import LINK as LESSONS
from dashboard.models.state import LINK as MODELS
from dashboard.page.link import Link
from dashboard.roc.state import LINK as ROC
from dashboard.rooms.lead import rooms_of
from dashboard.rooms.routes import room_routes
from dashboard.rooms.state import LINK as ROOM
from dashboard.server.front import front_routes
from dashboard.server.hosts import KnownHosts
from dashboard.server.middleware import PageHeaders, Unlisted
from dashboard.server.owner import OwnerKey, WhoAsks, is_this_machine, owner_routes
from dashboard.server.policy import content_policy
from dashboard.server.roles import door_address
from dashboard.server.routes import routes
from dashboard.server.shared import asked_for, library_root, shared_services, upload_room
from dashboard.server.upload_room import BoundedUploads, keep_uploads_in_memory
from dashboard.trust.state import LINK as TRUST
from xai.machine import share_memory_pools


def before_stopping(end: Callable[[], None]) -> None:
    """Call a function when the server is told to stop: it waits for open streams, which would not end by themselves."""
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, partial(_stop, end, handler))


def _stop(end: Callable[[], None], handler: Callable[..., Any], number: int, frame: FrameType | None) -> None:
    end()
    handler(number, frame)


@asynccontextmanager
async def serving(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Start queue and store before the first page, and end what is under way after the last."""
    services = shared_services(library_root()[0])
    before_stopping(services.channel.pages.close)
    before_stopping(rooms_of(services).send_away)
    if not is_this_machine(st.get_option("server.address") or "") and not KEY.is_given:
        print(OWNERS_KEY.format(door=door_address(), key=KEY.key), flush=True)
    try:
        yield {"services": services}
    finally:
        services.close()


LINKS: Mapping[str, Link[Any]] = {  # by the paths of their pages
    "": COMPARE,
    "films": FILMS,
    "roc": ROC,
    "errors": ERRORS,
    "trust": TRUST,
    "models": MODELS,
    "lessons": LESSONS,
    "room": ROOM,
}
BASE = st.get_option("server.baseUrlPath").strip("/")
HOMES = {f"/{BASE}", f"/{BASE}/"} if BASE else {"/"}  # where the first page is
PLACES = dict.fromkeys(HOMES, LINKS[""].steps) | {
    f"{min(HOMES).rstrip('/')}/{path}": link.steps for path, link in LINKS.items() if path
}

FRONT = front_page(PLACES, [path for path in LINKS if path])
LARGEST_UPLOAD = st.get_option("server.maxUploadSize") * 2**20
NAMES = [  # that the server may be asked by, beside the machine's own
    *asked_for().host,
    *st.get_option("server.allowedHosts"),
    *filter(None, map(st.get_option, ("server.address", "browser.serverAddress"))),
]
OWNERS_KEY = """
  Whoever opens this may look. To change its library from another machine, enter this key at {door}:
  {key}
"""
KEY = OwnerKey(asked_for().owner_key)
keep_uploads_in_memory(LARGEST_UPLOAD)
share_memory_pools()

app = st.App(
    HOME / "main.py",
    lifespan=serving,
    routes=[
        *routes(lambda: shared_services(library_root()[0]).channel, BASE),
        *room_routes(lambda: shared_services(library_root()[0]), phone_page(), BASE),
        *front_routes(PLACES, FRONT),
        *owner_routes(KEY, door_address(), min(HOMES)),
    ],
    middleware=[
        Middleware(PageHeaders, policy=content_policy(FRONT + phone_page())),
        Middleware(KnownHosts, names=NAMES),
        Middleware(Unlisted),
        Middleware(WhoAsks, key=KEY),
        Middleware(BoundedUploads, room=upload_room(), largest=LARGEST_UPLOAD),
    ],
)
