"""The addresses of the app's own channel. Whatever is not there, or not for this visitor, is 404."""

from __future__ import annotations

import functools
import gzip
import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.page.told import UNEXPECTED, sentence_of
from dashboard.server.bodies import body_of
from dashboard.server.channel import PREFIX, Channel
from dashboard.server.events import Events
from dashboard.server.files import MakeFile
from dashboard.server.page import Page
from dashboard.server.visitors import COOKIE, is_token

log = logging.getLogger(__name__)

MAKERS = 2  # parts made at the same time: as many as a small machine has cores
SAVERS = 2  # files made at the same time: some take seconds, and no picture waits for them
KEEP = "public, max-age=31536000, immutable"
FORGET = "no-store"
NAME = re.compile("[0-9a-f]{1,64}")
PLAIN = {"X-Content-Type-Options": "nosniff"}
NOT_UNDERSTOOD = "This was not understood."


def routes(channel: Callable[[], Channel], base: str = "") -> list[Route]:
    """Give the routes of a channel.

    Parameters
    ----------
    channel : callable
        Gives the channel; called when somebody asks.
    base : str
        What Streamlit's addresses begin with, where it is not served at the root.
    """
    speaks = _Routes(channel)
    home = f"/{base.strip('/')}{PREFIX}" if base.strip("/") else PREFIX
    return [
        Route(f"{home}/parts/{{name}}", speaks.part),
        Route(f"{home}/pages/{{page}}/events", speaks.events),
        Route(f"{home}/pages/{{page}}/downloads/{{what}}", speaks.download),
        Route(f"{home}/pages/{{page}}", speaks.act, methods=["POST"]),
    ]


class _Routes:
    def __init__(self, channel: Callable[[], Channel]) -> None:
        self._channel = channel
        self._events = Events()

    @functools.cached_property
    def _makers(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(MAKERS)

    @functools.cached_property
    def _savers(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(SAVERS)

    async def part(self, request: Request) -> Response:
        """Give a part: for good where anybody may see it, else without leaving a trace in the browser."""
        name = request.path_params["name"]
        if NAME.fullmatch(name) is None:
            return _missing()
        find = functools.partial(self._channel().parts.find, name, visitor_of(request))
        part = find(make=False)
        if part is None:
            async with self._makers:
                if await request.is_disconnected():  # whoever has turned the page keeps nobody waiting
                    return _missing()
                part = await anyio.to_thread.run_sync(find)
        if part is None:
            return _missing()
        headers = {**PLAIN, "Cache-Control": KEEP if part.is_public else FORGET, "Vary": "Accept-Encoding"}
        content = part.content
        if part.is_zipped and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        elif part.is_zipped:
            content = gzip.decompress(content)
        return Response(content, media_type=part.media, headers=headers)

    async def events(self, request: Request) -> Response:
        """Give what a page waits for, as it comes."""
        page = self._page(request)
        return _missing() if page is None else await self._events.answer(page, request)

    async def act(self, request: Request) -> Response:
        """Take what a visitor does on a page: stops or resumes what it waits for, or chooses something."""
        page = self._page(request)
        if page is None or not is_from_here(request):
            return _missing()
        try:
            said = json.loads(await body_of(request))
            answer = await anyio.to_thread.run_sync(_act, page, said)
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, ClientDisconnect):
            return JSONResponse({"error": NOT_UNDERSTOOD}, 400)
        return JSONResponse(answer, headers={"Cache-Control": FORGET})

    async def download(self, request: Request) -> Response:
        """Give a file made of what a page shows, or say why there is none, in words for who clicked."""
        page = self._page(request)
        make = None if page is None else page.files.find(request.path_params["what"])
        if make is None:
            return _missing()
        answer = functools.partial(_file, make, dict(request.query_params))
        return await anyio.to_thread.run_sync(answer, limiter=self._savers)

    def _page(self, request: Request) -> Page | None:
        name = request.path_params["page"]
        if NAME.fullmatch(name) is None:
            return None
        return self._channel().pages.find(name, visitor_of(request))


def visitor_of(request: Request) -> str:
    """Give the token of the visitor who asks; nothing where there is none."""
    token = request.cookies.get(COOKIE)
    return token if is_token(token) else ""


def is_from_here(request: Request) -> bool:
    """Whether a page of this server asks, and not one of somebody else's in the same browser."""
    return (
        request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        and request.headers.get("content-type", "").split(";")[0] == "application/json"
    )


def _act(page: Page, said: Any) -> dict[str, Any]:
    """Do what a page says.

    ``{"do": "stop" | "go on", "group": NAME}``, ``{"ask": WHAT, "group": NAME}`` or
    ``{"choose": CHANGES, "count": N}``.
    """
    if not isinstance(said, dict):
        raise TypeError("expected an object")
    if "do" in said:
        {"stop": page.stop, "go on": page.go_on}[said["do"]](str(said["group"]))
        return {}
    if "ask" in said:
        return page.ask(str(said["group"]), said["ask"])
    return page.choose(dict(said["choose"]), int(said.get("count", 0)))


def _file(make: MakeFile, asked: dict[str, str]) -> Response:
    """Make a file and give it; where it fails, give the sentence that says why."""
    try:
        made = make(asked)
    except ValueError as error:  # the project's own errors say what is wrong
        return _sentence(sentence_of(error), 400)
    except OSError as error:  # without the path on this machine
        return _sentence(sentence_of(error), 500)
    except Exception:  # whoever clicked hears of it all the same
        log.exception("A file could not be made")
        return _sentence(UNEXPECTED, 500)
    return _missing() if made is None else _attachment(*made)


def _attachment(name: str, media: str, content: bytes) -> Response:
    # The name as it is for today's browsers; what Latin letters cannot say is left to them.
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {**PLAIN, "Content-Disposition": disposition, "Cache-Control": FORGET}
    return Response(content, media_type=media, headers=headers)


def _sentence(words: str, status: int) -> Response:
    return PlainTextResponse(words or NOT_UNDERSTOOD, status, {**PLAIN, "Cache-Control": FORGET})


def _missing() -> Response:
    return JSONResponse({"error": "There is nothing here."}, 404, {"Cache-Control": FORGET})
