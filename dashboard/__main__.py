"""Open the app, or run one of the commands below: ``lightbox COMMAND --help`` says what it takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dashboard import start
from training.__main__ import COMMANDS as TRAINING
from xai.__main__ import COMMANDS as XAI
from xai.command_line import run_command

COMMANDS = {**XAI, "train": TRAINING["fit"], **TRAINING}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the app or a command; 0 on success, 2 for bad usage or input with one line on standard error."""
    return run_command("lightbox", __doc__, COMMANDS, arguments, alone=start)


if __name__ == "__main__":
    sys.exit(main())
