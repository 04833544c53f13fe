"""What a browser sends with a request, read as far as it may be long."""

from __future__ import annotations

from starlette.requests import Request

MOST = 16_384  # bytes of what a page says


async def body_of(request: Request, most: int = MOST) -> bytes:
    """Read the body of a request.

    Raises
    ------
    ValueError
        Of more bytes than ``most``, as soon as they have come; the message is one sentence.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise ValueError("This is too long.")
    return body
