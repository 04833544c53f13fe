"""The addresses of the app's pages, which Streamlit would answer with a page of its own."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route


def front_routes(paths: Iterable[str], content: str) -> list[Route]:
    """Give the routes that answer with one and the same page, at the path of each page of the app."""

    def front(request: Request) -> Response:
        return HTMLResponse(content, headers={"Cache-Control": "no-cache"})

    return [Route(path, front) for path in paths]
