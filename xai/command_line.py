"""What the packages' command lines share: sub-commands, exit status and one line for what is wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NoReturn


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; ``--help`` tells the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def add_commands(parser: argparse.ArgumentParser, commands: Mapping[str, ModuleType], metavar: str) -> None:
    """Add sub-commands: modules with a docstring, ``add_arguments(parser)`` and ``run(options) -> int``.

    One that adds sub-commands of its own has no ``run``.
    """
    choices = parser.add_subparsers(required=True, metavar=metavar)
    for name, command in commands.items():
        summary = command.__doc__.split("\n", 1)[0]
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
        return options.run(options)
    except (ValueError, OSError) as error:
        print(f"{prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
