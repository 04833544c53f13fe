"""``python -m training``: make datasets, models and predictions, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from training.datasets import command as dataset
from training.demo import command as demo
from training.evaluate import command as evaluate
from training.fitting import command as fit
from training.predict import command as predict
from training.predict import import_command as import_predictions
from training.simulation import command as simulate
from training.weights import command as import_weights
from training.weights import fetch_command as fetch
from xai.command_line import run_command

COMMANDS = {
    "simulate": simulate,
    "dataset": dataset,
    "fit": fit,
    "predict": predict,
    "evaluate": evaluate,
    "import-predictions": import_predictions,
    "import-weights": import_weights,
    "fetch": fetch,
    "demo": demo,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 for bad usage or input with one line on standard error."""
    return run_command("python -m training", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main())
