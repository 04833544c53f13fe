"""What the packages' command lines share: sub-commands, exit status and one line for what is wrong."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NoReturn

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MAX_LINE = 2000  # characters of a message; what a file holds may be quoted in it


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; ``--help`` tells the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {one_line(message)}\n")


def add_commands(parser: argparse.ArgumentParser, commands: Mapping[str, ModuleType], metavar: str) -> None:
    """Add sub-commands: modules with a docstring, ``add_arguments(parser)`` and ``run(options) -> int``.

    One that adds sub-commands of its own has no ``run``.
    """
    choices = parser.add_subparsers(required=True, metavar=metavar)
    for name, command in commands.items():
        summary = (command.__doc__ or "").split("\n", 1)[0]
        sub = choices.add_parser(name, help=summary, description=command.__doc__)
        if hasattr(command, "run"):
            sub.set_defaults(run=command.run)
        command.add_arguments(sub)


def run_command(prog: str, about: str, commands: Mapping[str, ModuleType], arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name.

    Returns
    -------
    int
        0 on success; 2 for bad usage or input, with one line on standard error.
    """
    parser = _Parser(prog=prog, description=about)
    add_commands(parser, commands, "COMMAND")
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except (ValueError, OSError, MemoryError) as error:
        print(f"{prog}: {one_line(_told(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{prog}: stopped.", file=sys.stderr)
        return 130  # as a shell says it


def one_line(text: str) -> str:
    """Make a text safe to print: on one line, of bounded length, without the codes that steer a terminal."""
    words = "".join(letter if letter.isprintable() else "�" for letter in " ".join(text.split()))
    return words if len(words) <= MAX_LINE else f"{words[: MAX_LINE // 2]} … {words[-MAX_LINE // 2 :]}"


def _told(error: Exception) -> str:
    """Say in words what the system says."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this."
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return "There is no room left on the disk for what was to be written."
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename} cannot be read or written ({error.strerror})."
    return str(error)
