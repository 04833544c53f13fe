"""What other packages send and write by themselves, and how they are kept from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CACHE = Path.home() / ".cache" / "lightbox"  # all that is written into the home folder, unless asked for


def stop_calls_home() -> None:
    """Keep OpenVINO from telling its makers that it is imported; to be called before it is.

    It sends an event to a host for statistics and writes a name for this user into the home folder. Where the package
    that does so cannot be imported, it takes a stub of its own that does nothing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # None: it cannot be imported


def write_to_cache() -> None:
    """Point Keras' settings and matplotlib's list of fonts to the cache, instead of folders of their own at home.

    For programs of ours only: in somebody's notebook the settings of these packages are that person's.
    """
    os.environ.setdefault("KERAS_HOME", str(CACHE / "keras"))
    os.environ.setdefault("MPLCONFIGDIR", str(CACHE / "matplotlib"))
