"""Whose program is at the other end of a connection from this machine: what the system knows of its own connections.

A proxy on the serving machine runs as a user of its own; whoever sits at the machine asks as the user who serves.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))  # of Linux; nothing is known elsewhere
Address = tuple[str, int]


def is_of_another_user(client: Address, server: Address) -> bool:
    """Whether a connection from this machine was opened by another user than the one who serves.

    Parameters
    ----------
    client, server : (str, int)
        Address and port of both ends.

    Returns
    -------
    bool
        False also where the system does not tell.
    """
    users = {user for table in TABLES for user in _users(table, client, server)}
    return bool(users) and os.getuid() not in users


def _users(table: Path, client: Address, server: Address) -> Iterator[int]:
    """Give who opened the connections between two ends."""
    ends = " ".join(_written(end, "tcp6" in table.name) for end in (client, server))
    try:
        known = table.read_text(encoding="ascii")
    except OSError:
        return
    place = known.find(ends)
    while place >= 0:  # a table may have thousands of lines, of which one matters
        yield int(known[place : place + 200].split()[6])
        place = known.find(ends, place + 1)


def _written(end: Address, is_long: bool) -> str:
    """Write an address as the system's tables do: words of four bytes in the processor's order."""
    address = ipaddress.ip_address(end[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if is_long and address.version == 4:
        address = ipaddress.IPv6Address(f"::ffff:{address}")
    if not is_long:
        address = mapped or address
    packed = address.packed
    words = (packed[i : i + 4] for i in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words) + f":{end[1]:04X}"
