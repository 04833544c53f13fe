"""The services of this server, the same for its pages and its routes, and what the command line said of them."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from pathlib import Path
from typing import cast

from streamlit import runtime

from dashboard.server import services
from dashboard.server.library import DEFAULT_ROOT
from dashboard.server.upload_room import Store, UploadRoom


@functools.cache  # asked for with every request: Streamlit's cache would write down the path each time
def shared_services(root: Path) -> services.Services:
    """Make the services of this server for a library, once."""
    return services.open_services(root, asked_for().scheduler)


@functools.cache
def upload_room() -> UploadRoom:
    """Make what counts the uploads on their way, once."""
    # The one that keeps files in memory, which is all there is, lets go of single ones too.
    return UploadRoom(lambda: cast("Store", runtime.get_instance().uploaded_file_mgr))


def library_root() -> tuple[Path, list[str]]:
    """Give the folder named with ``--library``, and what else stands on the command line, which nobody knows."""
    known = asked_for()
    return known.library.expanduser(), known.unknown


def asked_for() -> argparse.Namespace:
    """Read the app's own words on the command line, as `dashboard.start` has them, and what is `unknown`."""
    return _asked_for(tuple(sys.argv[1:]), os.environ.get("LIGHTBOX_OWNER_KEY") or None)


@functools.lru_cache(maxsize=1)
def _asked_for(words: tuple[str, ...], owner_key: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--library", type=Path, default=DEFAULT_ROOT)
    parser.add_argument("--host", action="append", default=[])
    parser.add_argument("--owner-key", default=owner_key)
    parser.add_argument("--scheduler")
    known, unknown = parser.parse_known_args(words)
    return argparse.Namespace(**vars(known), unknown=unknown)
