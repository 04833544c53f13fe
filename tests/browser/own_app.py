"""An app with pages of a test's own: what is served, and the channel that a module beside it holds."""

from __future__ import annotations

SERVED = """
import streamlit as st
from starlette.middleware import Middleware

from dashboard.server.middleware import PageHeaders
from dashboard.server.routes import routes
from held import channel

app = st.App("main.py", routes=routes(lambda: channel), middleware=[Middleware(PageHeaders)])
"""
