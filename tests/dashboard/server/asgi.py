"""Ask an application as a browser would, without a server between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.dashboard.server.coroutines import run_to_end


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(app: Callable[..., Any], path: str, method: str = "GET", body: bytes = b"", **headers: Any) -> Answer:
    """Give what an application answers; underscores in the names of headers stand for dashes."""
    return run_to_end(asked(app, path, method, body, **headers))


async def asked(
    app: Callable[..., Any],
    path: str,
    method: str = "GET",
    body: bytes = b"",
    left: asyncio.Event | None = None,
    client: tuple[str, int] | None = None,
    **headers: str,
) -> Answer:
    """Give what an application answers to a browser that stays until it has ``left``."""
    place, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": place,
        "raw_path": place.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": client,
    }
    sent: list[dict[str, Any]] = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await (left or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next(one for one in sent if one["type"] == "http.response.start")
    content = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Answer(start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, content)
