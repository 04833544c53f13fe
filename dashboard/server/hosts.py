"""By which names this server may be asked: a page of somebody else's, whose name leads here, gets nothing."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LONGEST_NAME = 253  # characters of a host's name (RFC 1035)
NOT_KNOWN = (
    "This server does not go by the name that it was asked by, so it answers nothing. Open it by its address, or have "
    "it started with that name: lightbox --host NAME."
)


class KnownHosts:
    """Answers only who asks by a name of this server, or by an address.

    Against DNS rebinding: a page of another site may have its own name lead to this machine, and would then read the
    app as its own. Such a request still names that site.

    Parameters
    ----------
    app : callable
    names : iterable of str
        Names beside those of this machine; ``*.example.org`` is every name below it, ``*`` any name.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self.app = app
        self.names = frozenset(map(_plain, (*machine_names(), *names)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        is_asked = scope["type"] in ("http", "websocket")
        if not is_asked or is_known(Headers(scope=scope).get("host"), self.names):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await PlainTextResponse(NOT_KNOWN, 403, {"Cache-Control": "no-store"})(scope, receive, send)


def machine_names() -> tuple[str, ...]:
    """Give what this machine is called, on itself and on a network where machines announce their names."""
    own = _plain(socket.gethostname())
    return ("localhost", own, f"{own.partition('.')[0]}.local")


def is_known(host: str | None, names: Iterable[str]) -> bool:
    """Whether a request's ``Host`` is an address, or one of these names.

    Parameters
    ----------
    host : str or None
        With a port or without. None where there is none: no browser asks so.
    names : iterable of str
        In small letters.
    """
    if host is None:
        return True
    try:
        name = _plain(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    if len(name) > LONGEST_NAME or not name:
        return False
    return is_address(name) or any(_matches(name, one) for one in names)


def is_address(name: str) -> bool:
    """Whether a host is named by its address: no name leads there, so none can lead astray."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _matches(name: str, pattern: str) -> bool:
    return pattern == "*" or name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _plain(name: str) -> str:
    return name.strip().lower().rstrip(".")
