"""What a page waits for, pushed to the browser: server-sent events, or one answer at a time where a proxy holds them.

Every event holds all that stands, so that nothing is lost when a connection breaks: the next one begins with it. Only
the newest state is kept for a listener, however slow it is.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dashboard.server.page import Page

HEARTBEAT = 10.0  # seconds between two signs of life, each way
GATHER, LONGEST_GATHER = 0.05, 1.0  # seconds for which changes are gathered into one event
MOST_A_SECOND = 100  # events, about: many pages are told less often, which leaves the processor to the maps
MOST_STREAMS = 12  # of one visitor: a browser opens six at most to one server
LONGEST_POLL = 20.0  # seconds that one answer at a time is held back, at most
HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


class Events:
    """Streams of this server, a bounded number of each visitor."""

    def __init__(self) -> None:
        self._streams: Counter[str] = Counter()
        self._listening = 0

    async def answer(self, page: Page, request: Request) -> Response:
        """Give the stream of a page, or with ``?since=VERSION`` one answer as soon as there is something newer."""
        since = request.query_params.get("since")
        if since is not None:
            return await self._one_answer(page, int(since) if since.isdecimal() and len(since) < 16 else -1)
        if self._streams[page.visitor] >= MOST_STREAMS:
            return JSONResponse({"error": "Too many pages of this browser wait at once."}, 429, HEADERS)
        return StreamingResponse(self._stream(page), media_type="text/event-stream", headers=HEADERS)

    def count(self, visitor: str) -> int:
        """Count the streams of a visitor."""
        return self._streams[visitor]

    @property
    def gather(self) -> float:
        """Seconds for which changes are gathered now."""
        return min(max(GATHER, self._listening / MOST_A_SECOND), LONGEST_GATHER)

    async def _stream(self, page: Page) -> AsyncIterator[str]:
        self._streams[page.visitor] += 1
        seen, rests = -1, False
        try:
            with page.listening() as bell, self._counted():
                await asyncio.to_thread(page.hear)
                yield "retry: 1000\n\n"
                while not rests and page.listens(bell):
                    stands = await asyncio.to_thread(page.snapshot)
                    rests = stands["rests"]
                    if stands["version"] != seen:
                        seen = stands["version"]
                        yield f"id: {seen}\ndata: {json.dumps(stands)}\n\n"
                    elif not rests:
                        yield ": still here\n\n"
                        await asyncio.to_thread(page.hear)
                    if not rests:
                        await self._ring(bell, HEARTBEAT)
        finally:
            self._streams[page.visitor] -= 1
            if not self._streams[page.visitor]:
                del self._streams[page.visitor]

    async def _one_answer(self, page: Page, since: int) -> Response:
        with page.listening() as bell, self._counted():
            await asyncio.to_thread(page.hear)
            stands = await asyncio.to_thread(page.snapshot)
            if stands["version"] == since and not stands["rests"]:
                await self._ring(bell, LONGEST_POLL)
                stands = await asyncio.to_thread(page.snapshot)
        return JSONResponse(stands, headers=HEADERS)

    async def _ring(self, bell: asyncio.Event, patience: float) -> None:
        """Wait for the bell, then a little longer for what comes at the same time."""
        try:
            await asyncio.wait_for(bell.wait(), patience)
            await asyncio.sleep(self.gather)
        except TimeoutError:
            return
        finally:
            bell.clear()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._listening += 1
        try:
            yield
        finally:
            self._listening -= 1
