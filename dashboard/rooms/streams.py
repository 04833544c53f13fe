"""What is pushed to who follows a room and to its holder: server-sent events, or one answer at a time.

As on the channel of a page (`dashboard.server.events`): every event holds all that stands.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dashboard.rooms.room import Room, Side
from dashboard.server.events import HEADERS, HEARTBEAT, LONGEST_POLL

MOST_STREAMS = 4  # of one visitor in one room
GATHER = 0.1  # seconds for which what the holder is told is gathered: thirty answers come at once
Tell = Callable[[], tuple[int, str]]  # the version, and all that stands as JSON


class Streams:
    """The streams of all rooms, a bounded number of each visitor."""

    def __init__(self) -> None:
        self._open: Counter[tuple[str, str]] = Counter()

    async def follow(self, room: Room, participant: str, request: Request) -> Response:
        """Give a follower what stands, and what comes."""
        return await self._answer(room, "followers", participant, lambda: room.text_for(participant), request)

    async def hold(self, room: Room, request: Request) -> Response:
        """Give the holder what stands, and what comes."""

        def tell() -> tuple[int, str]:
            told = room.for_holder()
            return told["version"], json.dumps(told)

        return await self._answer(room, "holder", "", tell, request)

    async def _answer(self, room: Room, side: Side, who: str, tell: Tell, request: Request) -> Response:
        since = request.query_params.get("since")
        if since is not None:
            return await _one_answer(room, side, who, tell, int(since) if since.isdecimal() and len(since) < 16 else -1)
        if self._open[room.code, who] >= MOST_STREAMS:
            return JSONResponse({"error": "Too many pages of this browser are in this room."}, 429, HEADERS)
        return StreamingResponse(self._stream(room, side, who, tell), media_type="text/event-stream", headers=HEADERS)

    async def _stream(self, room: Room, side: Side, who: str, tell: Tell) -> AsyncIterator[str]:
        self._open[room.code, who] += 1
        seen = -1
        try:
            with room.listening(side, who) as bell:
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
                    await _ring(bell, HEARTBEAT, GATHER if side == "holder" else 0.0)
        finally:
            self._open[room.code, who] -= 1
            if not self._open[room.code, who]:
                del self._open[room.code, who]


async def _one_answer(room: Room, side: Side, who: str, tell: Tell, since: int) -> Response:
    with room.listening(side, who) as bell:
        if tell()[0] == since and room.is_open:
            bell.clear()
            if tell()[0] == since:
                await _ring(bell, LONGEST_POLL, GATHER if side == "holder" else 0.0)
        _, text = tell()
    return Response(text, media_type="application/json", headers=HEADERS)


async def _ring(bell: asyncio.Event, patience: float, gather: float) -> None:
    """Wait for the bell, then a little longer for what comes at the same time."""
    try:
        await asyncio.wait_for(bell.wait(), patience)
        await asyncio.sleep(gather)
    except TimeoutError:
        return
    finally:
        bell.clear()
