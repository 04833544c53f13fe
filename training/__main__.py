"""``python -m training``: make datasets, models and predictions, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from training import fit
from training.datasets import command as dataset
from training.simulation import command as simulate
from xai.command_line import run_command

COMMANDS = {"simulate": simulate, "dataset": dataset, "fit": fit}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 for bad usage or input with one line on standard error."""
    return run_command("python -m training", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main())
