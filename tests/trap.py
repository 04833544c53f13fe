"""A trap for outgoing connections: every Python process that starts with it notes whom it calls, and is refused."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

HOOK = """
import os, sys

CALLS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def watch(event, values):
    if event not in CALLS:
        return
    whom = values[0] if event.startswith("socket.get") else values[1]
    host = whom[0] if isinstance(whom, tuple) else whom
    if whom is None or not isinstance(whom, (tuple, str)) or host in ("127.0.0.1", "::1", "localhost", "", None):
        return  # this machine, or no network at all
    if isinstance(whom, str) and event in ("socket.connect", "socket.sendto"):
        return  # a file on this machine
    with open(os.environ["TRAP"], "a", encoding="utf-8") as log:
        log.write(f"{event} {whom!r}\\n")
    raise ConnectionRefusedError(f"trapped: {event} {whom!r}")


sys.addaudithook(watch)
"""


@dataclass(frozen=True)
class Trap:
    """An empty home, and what was caught.

    Attributes
    ----------
    home : Path
    log : Path
    environment : dict
        For the processes that are watched.
    """

    home: Path
    log: Path
    environment: dict[str, str]

    def caught(self) -> str:
        """Whom anybody called."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def written(self) -> list[str]:
        """Files in the home folder, outside of the stated cache."""
        files = (path.relative_to(self.home).as_posix() for path in self.home.rglob("*") if path.is_file())
        return sorted(file for file in files if not file.startswith(".cache/lightbox/"))


def set_trap(folder: Path) -> Trap:
    """Set a trap in an empty folder."""
    hook, home = folder / "hook", folder / "home"
    hook.mkdir()
    home.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    path = os.pathsep.join([str(hook), str(REPOSITORY)])
    environment = {**kept, "HOME": str(home), "USERPROFILE": str(home), "TRAP": str(folder / "log"), "PYTHONPATH": path}
    return Trap(home, folder / "log", environment)
