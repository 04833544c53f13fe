"""Write a starter model card beside a Keras model, to check and complete."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", type=Path, help="a .keras or .h5 file")
    parser.add_argument("--outputs", nargs="+", metavar="NAME", help="what the outputs mean, in order")


def run(options: argparse.Namespace) -> int:
    """Write the card; never over one that is there."""
    from xai.classifier import Classifier, starter_card
    from xai.model_card import ModelCardError, card_path, write_card

    path = card_path(options.model)
    if path.exists():
        raise ModelCardError(f"{path.name} is there already: edit it, or move it away first.")
    card = starter_card(options.model, tuple(options.outputs) if options.outputs else None)
    write_card(card, path)
    try:
        Classifier.load(options.model)
    except ModelCardError:
        path.unlink()
        raise
    print(
        f"{path}: check the outputs ({', '.join(card.outputs)}), input.fit and input.multiply ({card.input.multiply:g})"
    )
    return 0
