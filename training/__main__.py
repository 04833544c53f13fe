"""``python -m training``: make datasets, models and predictions, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from xai.command_line import run_command

COMMANDS = {
    "simulate": "training.simulation.command",
    "dataset": "training.datasets.command",
    "fit": "training.fitting.command",
    "predict": "training.predict.command",
    "evaluate": "training.evaluate.command",
    "mend": "training.mending.command",
    "import-predictions": "training.predict.import_command",
    "import-weights": "training.weights.command",
    "fetch": "training.weights.fetch_command",
    "seen": "training.looks.seen_command",
    "learn-looks": "training.looks.learn_command",
    "sanity": "training.benchmark.sanity_command",
    "shortcut-lab": "training.benchmark.shortcut_command",
    "demo": "training.demo.command",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 for bad usage or input with one line on standard error."""
    return run_command("python -m training", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main())
