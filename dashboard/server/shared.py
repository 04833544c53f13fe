"""The services of this server, the same for its pages and its routes, and what the command line said of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import streamlit as st

from dashboard.server import services
from dashboard.server.library import DEFAULT_ROOT


@st.cache_resource(show_spinner=False)
def shared_services(root: Path) -> services.Services:
    """Make the services of this server for a library, once."""
    return services.open_services(root)


def library_root() -> tuple[Path, list[str]]:
    """Give the folder named with ``--library``, and what else stands on the command line, which nobody knows."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--library", type=Path, default=DEFAULT_ROOT)
    known, unknown = parser.parse_known_args(sys.argv[1:])
    return known.library.expanduser(), unknown
