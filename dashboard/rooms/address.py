"""Where phones reach a room: an address that means this server on their side too, and its QR code."""

from __future__ import annotations

import io
import socket
from urllib.parse import urlsplit

import segno

from dashboard.server.owner import is_this_machine

PATH = "join"
SOMEWHERE = "192.0.2.1"  # RFC 5737: nobody's; the system only says which of its own addresses it would ask from


def join_link(scheme: str, host: str, base: str, code: str, *, is_bound_here: bool) -> str:
    """Give the link that followers open.

    Parameters
    ----------
    scheme, host : str
        Of the address by which the holder has the page.
    base : str
        What the app's addresses begin with; empty at the root.
    code : str
        With the invitation, where the link is to have it.
    is_bound_here : bool
        Whether the server answers this machine alone; then no other address leads to it.
    """
    parts = urlsplit(f"//{host}")
    if is_this_machine(parts.hostname or "") and not is_bound_here and (own := own_address()):
        host = own if parts.port is None else f"{own}:{parts.port}"
    home = f"/{base.strip('/')}" if base.strip("/") else ""
    return f"{scheme}://{host}{home}/{PATH}/{code}"


def own_address() -> str:
    """Give this machine's address on its network, without asking anybody; empty where it is on none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect((SOMEWHERE, 9))
            address = str(one.getsockname()[0])
        except OSError:
            return ""
    return "" if is_this_machine(address) else address


def qr_code(link: str) -> bytes:
    """Draw a link as a QR code: SVG, black on white whatever the theme, which cameras read best."""
    stream = io.BytesIO()
    segno.make(link, error="m", micro=False).save(stream, kind="svg", scale=8, border=4, dark="#000", light="#fff")
    return stream.getvalue()
