"""Streamlit's own page for whoever comes straight to a page of the app, told where its server is.

Streamlit's script looks for its server below the address of the page first, where there is none: two answers 404 on
each such visit. Where the page says in ``BACKEND_BASE_URL`` what that address is, it asks there at once.
"""

from __future__ import annotations

import functools
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from streamlit.file_util import get_static_dir

HEAD = "<head>"
TOLD = '<script>window.__streamlit = {BACKEND_BASE_URL: new URL(".", location.href).href}</script>'


def entry_routes(views: Path, base: str = "") -> list[Route]:
    """Give a route for each page.

    Parameters
    ----------
    views : Path
        The folder with a script a page, each of which is called as its address.
    base : str
        What Streamlit's addresses begin with, where it is not served at the root.
    """
    home = f"/{base.strip('/')}" if base.strip("/") else ""
    return [Route(f"{home}/{script.stem}", _entry) for script in sorted(views.glob("[!_]*.py"))]


async def _entry(request: Request) -> Response:
    return HTMLResponse(_page(), headers={"Cache-Control": "no-cache"})


@functools.cache
def _page() -> str:
    page = (Path(get_static_dir()) / "index.html").read_text(encoding="utf-8")
    return page.replace(HEAD, HEAD + TOLD, 1)
