"""The app: ``streamlit run dashboard/app.py -- --library DIR``. Its pages, its routes, and what all answers carry."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

HOME = Path(__file__).resolve().parent
sys.path[:] = dict.fromkeys([str(HOME.parent), *sys.path])  # streamlit puts only this file's folder on the path

from dashboard.server.middleware import PageHeaders
from dashboard.server.routes import routes
from dashboard.server.shared import library_root, shared_services


@asynccontextmanager
async def serving(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Start queue and store before the first page, and end what is under way after the last."""
    services = shared_services(library_root()[0])
    try:
        yield {"services": services}
    finally:
        services.close()


app = st.App(
    HOME / "main.py",
    lifespan=serving,
    routes=routes(lambda: shared_services(library_root()[0]).channel, st.get_option("server.baseUrlPath")),
    middleware=[Middleware(PageHeaders)],
)
