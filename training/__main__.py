"""``python -m training``: make datasets, models and predictions, from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from training import fit
from training.datasets import command as dataset
from training.simulation import command as simulate


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; ``--help`` tells the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


COMMANDS = {"simulate": simulate, "dataset": dataset, "fit": fit}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 for bad usage or input with one line on standard error."""
    parser = _Parser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        summary = command.__doc__.split("\n", 1)[0]
        sub = commands.add_parser(name, help=summary, description=command.__doc__)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError) as error:
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
