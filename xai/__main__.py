"""``python -m xai``: explain films, or write a starter card for a model, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from xai.command_line import run_command

COMMANDS = {
    "explain": "xai.command_explain",
    "card": "xai.models.command_card",
    "benchmark": "training.benchmark.command",  # needs datasets, so it is named here and not imported
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 for bad usage or input with one line on standard error."""
    return run_command("python -m xai", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main())
