"""Open the app: serve it from this machine and show it in the browser."""

from __future__ import annotations

import argparse
import ipaddress
import sys
from pathlib import Path

APP = Path(__file__).with_name("app.py")  # its settings lie beside it, in .streamlit/config.toml
LARGEST_PORT = 65535
OPEN_TO_ALL = "Served at {address}: anybody on the network can open this app and look at its films and models."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a bare ``lightbox``."""
    parser.add_argument(
        "--library",
        metavar="DIR",
        help="folder with models/, datasets/ and predictions/ of your own (default: ~/.cache/lightbox)",
    )
    parser.add_argument("--port", type=_port, help="default: 8501, or the next one that is free")
    parser.add_argument(
        "--address", help="network address to serve at (default: 127.0.0.1, this machine only; 0.0.0.0: every network)"
    )

    parser.add_argument(
        "--host",
        metavar="NAME",
        action="append",
        default=[],
        help="a name that it is asked by beside this machine's own, such as a proxy's; may be given several times",
    )
    parser.add_argument(
        "--owner-key",
        type=_key,
        metavar="KEY",
        help="what lets you change the library from another machine; better in the variable LIGHTBOX_OWNER_KEY, which "
        "no list of programs shows (default: made up, and printed where others can open the app)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="have maps of datasets' films made on the Dask cluster at this address, or on a new one here: local",
    )


def run(options: argparse.Namespace) -> int:
    """Serve the app until it is stopped."""
    from streamlit.web import cli

    if options.address is not None and not is_local(options.address):
        print(OPEN_TO_ALL.format(address=options.address), file=sys.stderr)
    cli.main(streamlit_words(options), prog_name="lightbox", standalone_mode=False)
    return 0


def streamlit_words(options: argparse.Namespace) -> list[str]:
    """Say in Streamlit's words what the options ask for; what they leave open its settings decide."""
    words = ["run", str(APP)]
    for name in ("port", "address"):
        if (value := getattr(options, name)) is not None:
            words.append(f"--server.{name}={value}")
    own = [] if options.library is None else ["--library", options.library]
    own += [word for name in options.host for word in ("--host", name)]
    own += [] if options.owner_key is None else ["--owner-key", options.owner_key]
    own += [] if options.scheduler is None else ["--scheduler", options.scheduler]
    return [*words, "--", *own] if own else words


def is_local(address: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a host's name
        return address == "localhost"


def _key(text: str) -> str:
    from dashboard.server.owner import OwnerKey

    try:
        return OwnerKey(text).key
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= LARGEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {LARGEST_PORT}, but got {text}")
