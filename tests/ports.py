"""Ports for servers of tests, several of which start at once."""

from __future__ import annotations

import secrets
import socket

HANDED_OUT_BY_NOBODY = range(20_000, 30_000)  # systems take those of their own accord from above


def free_port() -> int:
    """Give a port at which nobody listens.

    One that the system chooses is soon another process's, as every connection takes one; these are asked for by name
    only, so that it is still free when the server that is started for it has come so far.
    """
    while True:
        port = secrets.choice(HANDED_OUT_BY_NOBODY)
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
