"""What is pushed to who follows a room and to its holder: server-sent events, or one answer at a time.

As on the channel of a page (`dashboard.server.events`): every event holds all that stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dashboard.rooms.bells import Side
from dashboard.rooms.room import Room
from dashboard.server.events import HEADERS, HEARTBEAT, LONGEST_POLL

GATHER = 0.1  # seconds for which what the holder is told is gathered: thirty answers come at once
STREAM = "text/event-stream"
Tell = Callable[[], tuple[int, str]]  # the version, and all that stands as JSON


async def follow(room: Room, participant: str, request: Request) -> Response:
    """Give a follower what stands, and what comes; RoomError where too many listen."""
    return await _answer(room, "followers", participant, lambda: room.text_for(participant), request)


async def hold(room: Room, request: Request, hear: Callable[[], None]) -> Response:
    """Give the holder what stands, and what comes; ``hear`` is called as long as the page is open."""

    def tell() -> tuple[int, str]:
        hear()
        told = room.for_holder()
        return told["version"], json.dumps(told)

    return await _answer(room, "holder", "", tell, request)


async def _answer(room: Room, side: Side, who: str, tell: Tell, request: Request) -> Response:
    """Hang up a bell before anything is answered, so that who cannot listen is told why."""
    if request.method == "HEAD":
        return Response(media_type=STREAM, headers=HEADERS)
    since = request.query_params.get("since")
    with contextlib.ExitStack() as stack:
        bell = stack.enter_context(room.listening(side, who))
        gather = GATHER if side == "holder" else 0.0
        if since is None:
            return _Stream(_events(room, bell, tell, gather), stack.pop_all())
        seen = int(since) if since.isdecimal() and len(since) < 16 else -1
        if tell()[0] == seen and room.is_open:
            bell.clear()
            if tell()[0] == seen:
                await _ring_or_leave(bell, gather, request)
        return Response(tell()[1], media_type="application/json", headers=HEADERS)


class _Stream(StreamingResponse):
    """A stream that takes its bell down when it ends, even where it never began."""

    def __init__(self, events: AsyncIterator[str], ends: contextlib.ExitStack) -> None:
        super().__init__(events, media_type=STREAM, headers=HEADERS)
        self._ends = ends

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._ends:
            await super().__call__(scope, receive, send)


async def _events(room: Room, bell: asyncio.Event, tell: Tell, gather: float) -> AsyncIterator[str]:
    seen = -1
    yield "retry: 1000\n\n"
    while room.listens(bell):
        version, text = tell()
        if version != seen:
            seen = version
            yield f"id: {seen}\ndata: {text}\n\n"
        else:
            yield ": still here\n\n"
        if not room.is_open:
            return
        await _ring(bell, HEARTBEAT, gather)


async def _ring_or_leave(bell: asyncio.Event, gather: float, request: Request) -> None:
    """Wait for the bell as long as the page waits: one that was left counts no longer."""

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    waiting = {asyncio.ensure_future(_ring(bell, LONGEST_POLL, gather)), asyncio.ensure_future(left())}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def _ring(bell: asyncio.Event, patience: float, gather: float) -> None:
    """Wait for the bell, then a little longer for what comes at the same time."""
    try:
        await asyncio.wait_for(bell.wait(), patience)
        await asyncio.sleep(gather)
    except TimeoutError:
        return
    finally:
        bell.clear()
