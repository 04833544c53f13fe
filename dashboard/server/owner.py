"""Who owns the library: whoever sits at this machine, or has entered the key that the app was started with.

The key itself is nowhere but in the form that it is entered in: a cookie that scripts cannot read holds what it proves.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import anyio
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.server.bodies import body_of
from dashboard.server.peer import is_of_another_user
from dashboard.server.roles import HEADER, Role

COOKIE = "lightbox_owner"
SHORTEST_KEY = 12  # characters of a key that is given; one that is made up has 32
MOST_BODY = 4096
PAUSE = 1.0  # seconds after a wrong key; one at a time from an address, so nobody tries many
MOST_IN_LINE = 5  # keys from an address
FORWARDED = (
    *("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-host", "true-client-ip"),
    *("cf-connecting-ip", "fly-client-ip", "x-envoy-external-address", "tailscale-user-login"),
)

FORM = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Lightbox: the owner</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: dark light; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto 0; padding: 0 1rem;
  background: light-dark(#fafaf8, #0e0f12); color: light-dark(#1a1b1e, #ececec); }}
input, button {{ font: inherit; padding: 0.5rem 0.75rem; border-radius: 0.5rem; border: 1px solid #80838a;
  width: 100%; box-sizing: border-box; margin-top: 0.5rem; }}
button {{ background: light-dark(#a05500, #f0a030); color: light-dark(#fff, #0e0f12); border: 0; cursor: pointer; }}
a {{ color: inherit; }}
</style></head><body><main>
<h1>The owner of this library</h1>
<p role="status">{told}</p>
<form method="post" autocomplete="off">{fields}</form>
<p><a href="{home}">Back to the films</a></p>
</main></body></html>
"""
ENTER = """
<label>Key<input type="password" name="key" required autofocus autocomplete="current-password"></label>
<button>Enter</button>"""
LEAVE = """<input type="hidden" name="leave" value="yes"><button>Be a visitor again in this browser</button>"""
ASKED = "Visitors look at everything and change nothing. The key was given, or printed, when the app was started."
WRONG = "That is not the key."
TOO_MANY = "Keys are entered one after the other, and others from your address are at it: try again in a few seconds."
IS_OWNER = "You are the owner: in this browser you may change the library."
AT_THE_MACHINE = "You sit at the machine that serves this, so you are the owner without a key."


FOR_OWNERS = "/rooms/others"  # is fetched, and told to owners alone


class OwnerKey:
    """A key, and the proof of it that a browser keeps.

    Parameters
    ----------
    key : str, optional
        One is made up where there is none.

    Raises
    ------
    ValueError
        If a key is short enough to be guessed.
    """

    def __init__(self, key: str | None = None) -> None:
        if key is not None and len(key) < SHORTEST_KEY:
            raise ValueError(f"The owner's key must have at least {SHORTEST_KEY} characters, not {len(key)}.")
        self.is_given = key is not None
        self.key = secrets.token_hex(16) if key is None else key

    @property
    def proof(self) -> str:
        """What the cookie holds: only who knows the key can make it, and it does not tell the key."""
        return hmac.new(self.key.encode(), b"lightbox owner", hashlib.sha256).hexdigest()

    def opens(self, entered: str) -> bool:
        """Whether a key is the right one; takes as long for any."""
        return hmac.compare_digest(entered.encode(), self.key.encode())

    def proves(self, cookie: str | None) -> bool:
        """Whether a cookie was given for this key."""
        return cookie is not None and hmac.compare_digest(cookie.encode(), self.proof.encode())


class WhoAsks:
    """Writes on every request who asks, in place of whatever it came with; who only fetches something is a visitor.

    Parameters
    ----------
    app : callable
    key : OwnerKey
    """

    def __init__(self, app: ASGIApp, key: OwnerKey) -> None:
        self.app, self.key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] in ("http", "websocket"):
            # Parts and events, of which a class fetches thousands, are the same for everybody; to look up who opened a
            # connection takes the system longer than to answer them.
            is_fetched = scope["type"] != "websocket" and scope["method"] in ("GET", "HEAD")
            is_asked = not is_fetched or scope["path"].endswith(FOR_OWNERS)
            role = Role.OWNER if is_asked and is_owner(scope, self.key) else Role.VISITOR
            others = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
            scope = {**scope, "headers": [*others, (HEADER.encode(), role.value.encode())]}
        await self.app(scope, receive, send)


def is_owner(scope: Scope, key: OwnerKey) -> bool:
    """Whether a request comes from the owner, by a page of this server.

    Pages of another port of this machine are of the same site, so that browsers send its cookies with what they ask.
    """
    if not is_from_here(Headers(scope=scope)):
        return False
    return is_at_the_machine(scope) or key.proves(Request({**scope, "type": "http"}).cookies.get(COOKIE))


def is_from_here(headers: Headers) -> bool:
    """Whether a request that says which page it comes from comes from one of the host and port that it asks."""
    origin = headers.get("origin")
    if origin is None:
        return True
    host, port = _place_of(origin)
    return bool(host) and (host, port) == _place_of(f"{urlsplit(origin).scheme}://{headers.get('host', '')}")


def is_at_the_machine(scope: Scope) -> bool:
    """Whether a request comes from this machine itself, and nobody forwards it for somebody else.

    A proxy of this machine that does not say that it forwards gives itself away by the address that the browser has the
    page from, and, on Linux, by running as another user.
    """
    headers = Headers(scope=scope)
    is_forwarded = any(name in FORWARDED or name.startswith("x-forwarded") for name in headers)
    client = scope.get("client")
    if is_forwarded or client is None or not _is_loopback(client[0]):
        return False
    pages = [headers[name] for name in ("origin", "referer") if name in headers]
    names = [f"//{headers.get('host', '')}", *pages]  # a tunnel that forwards may keep the name it is asked by
    if not all(is_this_machine(_host_of(name)) for name in names):
        return False
    server = scope.get("server")
    return server is None or not is_of_another_user((client[0], client[1]), (server[0], server[1]))


def is_this_machine(host: str) -> bool:
    """Whether a name or an address means, on each machine, that machine."""
    return host == "localhost" or _is_loopback(host)


def owner_routes(key: OwnerKey, path: str, home: str) -> list[Route]:
    """Give the routes of the page where the owner's key is entered.

    Parameters
    ----------
    key : OwnerKey
    path, home : str
        Of that page and of the first page of the app.
    """
    lines: dict[str, tuple[anyio.Lock, int]] = {}  # by address: whose turn it is, and how many stand in it

    @contextmanager
    def in_line(address: str) -> Iterator[anyio.Lock | None]:
        lock, count = lines.get(address, (anyio.Lock(), 0))
        if count >= MOST_IN_LINE:
            yield None
            return
        lines[address] = lock, count + 1
        try:
            yield lock
        finally:
            lock, count = lines.pop(address)
            if count > 1:
                lines[address] = lock, count - 1

    def page(told: str, fields: str, status: int = 200) -> Response:
        content = FORM.format(told=told, fields=fields, home=home)
        return HTMLResponse(content, status, {"Cache-Control": "no-store"})

    async def door(request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            if is_at_the_machine(request.scope):
                return page(AT_THE_MACHINE, "")
            return page(IS_OWNER, LEAVE) if is_owner(request.scope, key) else page(ASKED, ENTER)
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse("This was not asked from a page of this server.", 403)
        said = await _said(request)
        if "leave" in said:
            return _with_cookie(RedirectResponse(path, 303), request, "", 0)
        with in_line(_asks_from(request)) as lock:
            if lock is None:
                return page(TOO_MANY, ENTER, 429)
            async with lock:
                if not key.opens(said.get("key", "")):
                    await anyio.sleep(PAUSE)
                    return page(WRONG, ENTER, 403)
        return _with_cookie(RedirectResponse(home, 303), request, key.proof)

    return [Route(path, door, methods=["GET", "POST"])]


def _with_cookie(answer: Response, request: Request, value: str, age: int | None = None) -> Response:
    is_secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, value, max_age=age, httponly=True, samesite="strict", secure=is_secure)
    return answer


async def _said(request: Request) -> dict[str, str]:
    try:
        body = await body_of(request, MOST_BODY)
    except ValueError:
        return {}
    found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10) if body.count(b"&") < 10 else {}
    return {name: values[0] for name, values in found.items()}


def _asks_from(request: Request) -> str:
    """Give the address whose line somebody stands in, as a proxy of this machine says it where one forwards."""
    address = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "") if _is_loopback(address) else ""
    return forwarded.rpartition(",")[2].strip()[:64] or address


def _place_of(address: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
