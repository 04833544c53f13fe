"""What the packages' command lines share: sub-commands, exit status and one line for what is wrong."""

from __future__ import annotations

import argparse
import ast
import errno
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any, NoReturn

from xai.others import write_to_cache

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MISPLACED = "name the command first, and its options after it."
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
        _add_command(choices, name, command)


def _add_command(choices: Any, name: str, command: ModuleType) -> None:
    summary = (command.__doc__ or "").split("\n", 1)[0]
    sub = choices.add_parser(name, help=summary, description=command.__doc__)
    if hasattr(command, "run"):
        sub.set_defaults(run=command.run)
    command.add_arguments(sub)


def run_command(
    prog: str,
    about: str,
    commands: Mapping[str, str],
    arguments: Sequence[str] | None,
    alone: ModuleType | None = None,
) -> int:
    """Run the command that the arguments name.

    Parameters
    ----------
    prog : str
        What the user types before the command.
    about : str
        What the help says first.
    commands : mapping of str to str
        Names of modules as `add_commands` takes them, by the name of the command. Only the one that is run is
        imported.
    arguments : sequence of str or None
        None for those that this process was started with.
    alone : module, optional
        What runs where no command is named, with its own arguments; by default the help.

    Returns
    -------
    int
        0 on success; 2 for bad usage or input, with one line on standard error.
    """
    write_to_cache()  # before a command imports what would write elsewhere
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = _command_parser(prog, about, commands, words, alone)
    options = parser.parse_args(words)
    try:
        status: int = options.run(options)
        return status
    except (ValueError, OSError, MemoryError) as error:
        print(f"{prog}: {one_line(_told(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{prog}: stopped.", file=sys.stderr)
        return 130  # as a shell says it


def _command_parser(
    prog: str, about: str, commands: Mapping[str, str], words: Sequence[str], alone: ModuleType | None
) -> argparse.ArgumentParser:
    """Make a parser that lists all commands, and knows the arguments of the one that the first word names."""
    parser = _Parser(prog=prog, description=about)

    def show_help(options: argparse.Namespace) -> int:
        parser.print_help()
        return 0

    parser.set_defaults(run=show_help if alone is None else alone.run)
    if alone is not None:
        alone.add_arguments(parser)
    choices = parser.add_subparsers(metavar="COMMAND")
    for name, module in commands.items():
        if words[:1] == [name]:
            _add_command(choices, name, import_module(module))
        else:
            listed = choices.add_parser(name, help=_summary(module))
            listed.add_argument("words", nargs=argparse.REMAINDER)
            listed.set_defaults(run=lambda options: parser.error(MISPLACED))
    return parser


def _summary(module: str) -> str:
    """Read the first line of what a module says of itself; to import it may take a second."""
    package, *folders, name = module.split(".")
    source = files(package).joinpath(*folders, f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n", 1)[0]


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
