"""Films on their way here: never on a disk, and never more of them than there is memory for."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

import anyio
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.server.visitors import COOKIE

PATH = re.compile(r".*/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)")
MEBI = 2**20
MOST_BYTES = 512 * MEBI  # of all visitors: on their way, or here and not read yet
MOST_OF_ONE = 256 * MEBI  # of one visitor
FRAMING = MEBI  # what a request may have beside its file, as Streamlit counts
PATIENCE = 10.0  # seconds that an upload waits for room
SILENCE = 30.0  # seconds without a byte after which an upload is given up
SLOWEST = 16_000  # bytes a second that an upload must reach in the end
UNREAD = 300.0  # seconds after which a film is let go of that no page has read
TOO_MUCH = "Your films take more memory at a time than this server has for one visitor: bring fewer of them at once."
GIVEN_UP = "Too little of this file came in too long a time, so it was given up: bring it again."
CLOSED = {"Cache-Control": "no-store", "Connection": "close"}
TOO_MANY = "Others are bringing films just now, and this server has no memory left: bring yours again in a minute."


class _File(Protocol):
    @property
    def data(self) -> bytes: ...


class Store(Protocol):
    """Where Streamlit keeps the files that have come, until a page has read them."""

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> Sequence[_File]:
        """Give those files of a session that are there."""

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Let go of a file, if it is there."""


class UploadRoom:
    """Counts the bytes that uploads take, on their way and until a page has read them.

    Parameters
    ----------
    store : callable
        Gives where files are kept that have come.
    most, most_of_one : int
        Bytes of all visitors and of one, in however many tabs.
    clock : callable
        Gives seconds.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        most: int = MOST_BYTES,
        most_of_one: int = MOST_OF_ONE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.most_of_one = most, most_of_one
        self._store, self._clock = store, clock
        self._coming: Counter[str] = Counter()
        self._came: defaultdict[str, dict[str, float]] = defaultdict(dict)  # when, by session and file
        self._whose: dict[str, str] = {}  # the visitor of each session that brings something
        self._refused: dict[str, str] = {}
        self._lock = threading.Lock()

    def taken(self) -> dict[str, int]:
        """Give the bytes that the uploads of each session take."""
        with self._lock:
            return self._taken()

    @contextmanager
    def place(self, session: str, file: str, size: int, visitor: str | None = None) -> Iterator[str | None]:
        """Hold room for a file while it comes; gives None where there is room, else the sentence that says why not."""
        with self._lock:
            taken = self._taken()
            self._whose = {one: self._whose[one] for one in taken if one in self._whose} | {session: visitor or session}
            own = sum(count for one, count in taken.items() if self._whose.get(one, one) == self._whose[session])
            problem = None
            if own + size > self.most_of_one:
                problem = TOO_MUCH
            elif sum(taken.values()) + size > self.most:
                problem = TOO_MANY
            if problem is None:
                self._coming[session] += size
        try:
            yield problem
        finally:
            if problem is None:
                with self._lock:
                    self._coming[session] -= size
                    self._coming += Counter()  # lets go of what is zero
                    self._came[session][file] = self._clock()

    def let_go(self, session: str, files: Sequence[str]) -> None:
        """Let go of the bytes of files that a page has read: Streamlit would keep them as long as the page is open."""
        with self._lock:
            for file in files:
                self._store().remove_file(session, file)

    def refuse(self, session: str, problem: str) -> None:
        """Note why a file of a session was not taken, for its page to say."""
        with self._lock:
            self._refused[session] = problem
            while len(self._refused) > 1000:  # of sessions that never ask
                del self._refused[next(iter(self._refused))]

    def refused(self, session: str) -> str | None:
        """Give once why a file of a session was not taken; None where all were."""
        with self._lock:
            return self._refused.pop(session, None)

    def _taken(self) -> dict[str, int]:
        taken = Counter(self._coming)
        old = self._clock() - UNREAD
        for session, files in list(self._came.items()):
            for file in [file for file, came in files.items() if came < old]:
                self._store().remove_file(session, file)
            held = {file: one for file in files for one in self._store().get_files(session, [file])}
            taken[session] += sum(len(one.data) for one in held.values())
            self._came[session] = {file: files[file] for file in held}
            if not held:
                del self._came[session]
        return +taken  # without what is zero


class BoundedUploads:
    """Lets a file come once there is room for it, and says so where there is none.

    Until then nothing of it is read, so that what waits takes no memory.

    Parameters
    ----------
    app : callable
    room : UploadRoom
    largest : int
        Bytes that one file may have.
    patience, silence : float
        Seconds to wait for room, and for the next bytes.
    """

    def __init__(
        self, app: ASGIApp, room: UploadRoom, largest: int, patience: float = PATIENCE, silence: float = SILENCE
    ) -> None:
        self.app, self.room, self.largest = app, room, largest
        self.patience, self.silence = patience, silence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; one that brings a file may have to wait."""
        found = PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        size, end = _size(scope, self.largest + FRAMING), time.monotonic() + self.patience
        visitor = Request(scope).cookies.get(COOKIE)
        while True:
            with self.room.place(found["session"], found["file"], size, visitor) as problem:
                if problem is None:
                    try:
                        await self.app(scope, self._heard(receive), send)
                    except ClientDisconnect:  # gone, or given up: no fault of the server that its log should tell
                        await PlainTextResponse(GIVEN_UP, 408, CLOSED)(scope, receive, send)
                    return
            if problem == TOO_MUCH or time.monotonic() > end:
                break
            await anyio.sleep(0.1)
        self.room.refuse(found["session"], problem)
        status, more = (413, {}) if problem == TOO_MUCH else (503, {"Retry-After": "60"})
        answer = PlainTextResponse(problem, status, {**CLOSED, **more})
        await answer(scope, receive, send)

    def _heard(self, receive: Receive) -> Receive:
        """Give up who says nothing for long, or next to nothing: the room is wanted by others."""
        start, heard = time.monotonic(), 0

        async def next_message() -> Message:
            nonlocal heard
            left = start + self.silence + heard / SLOWEST - time.monotonic()
            with anyio.move_on_after(min(self.silence, left)):
                message = await receive()
                heard += len(message.get("body", b""))
                return message
            return {"type": "http.disconnect"}

        return next_message


def keep_uploads_in_memory(largest: int) -> None:
    """Keep what comes in a form out of temporary files, to which Starlette writes what is over a megabyte.

    Parameters
    ----------
    largest : int
        Bytes that a file may have; more is refused before it is read.
    """
    MultiPartParser.spool_max_size = largest + FRAMING


def _size(scope: Scope, most: int) -> int:
    """Give how many bytes a request says that it brings; the most that it may where it does not say."""
    with suppress(ValueError):
        return min(max(int(Headers(scope=scope).get("content-length", most)), 0), most)
    return most
