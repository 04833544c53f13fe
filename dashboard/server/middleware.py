"""What every answer carries: headers that keep a page to itself, the visitor's token; and what is not answered."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.server.visitors import COOKIE, is_token, new_token

HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
CONDITIONS = (b"if-none-match", b"if-modified-since")
UNLISTED = ("/_stcore/metrics",)  # how many visitors there are and what they hold is nobody else's business


class PageHeaders:
    """Sets `HEADERS` on every answer, and a cookie with a new token on a page that is opened without one.

    The cookie cannot be read by scripts, is sent to no other site, and ends with the browser's session.

    Parameters
    ----------
    app : callable
    policy : str
        The Content-Security-Policy of all answers; empty for none.
    """

    def __init__(self, app: ASGIApp, policy: str = "") -> None:
        self.app = app
        self.headers = HEADERS | ({"Content-Security-Policy": policy} if policy else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with them."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_new = not is_token(_token(scope))
        if is_new:  # a page that the browser has kept must come again, or no cookie would come with it
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if is_new and headers.get("content-type", "").startswith("text/html"):
                    secure = "; Secure" if scope.get("scheme") == "https" else ""
                    headers.append("set-cookie", f"{COOKIE}={new_token()}; Path=/; HttpOnly; SameSite=Lax{secure}")
                    headers["cache-control"] = "no-cache, private"  # nobody else gets this visitor's cookie
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Unlisted:
    """Answers 404 where Streamlit would tell anybody about the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_unlisted = scope["type"] == "http" and scope["path"].rstrip("/").endswith(UNLISTED)
        answer = PlainTextResponse("There is nothing here.", 404) if is_unlisted else self.app
        await answer(scope, receive, send)


def _token(scope: Scope) -> str | None:
    """Read the visitor's token from the headers of a request, as the routes do; None where there is none."""
    return HTTPConnection(scope).cookies.get(COOKIE)
