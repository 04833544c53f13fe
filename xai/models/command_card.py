"""Write a starter model card beside a model, to check and complete."""

from __future__ import annotations

import argparse
from pathlib import Path

from xai.cards.model_card import ModelCard, ModelCardError, card_path, write_card
from xai.models.errors import ModelError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", type=Path, help="a .keras, .h5 or .onnx file, or a SavedModel (folder or .zip)")
    parser.add_argument("--outputs", nargs="+", metavar="NAME", help="what the outputs mean, in order")


def run(options: argparse.Namespace) -> int:
    """Write the card; never over one that is there."""
    path, card = write_starter_card(options.model, tuple(options.outputs) if options.outputs else None)
    print(f"{path}: outputs {', '.join(card.outputs)}; input.multiply {card.input.multiply:g}. {card.summary}")
    return 0


def write_starter_card(model: Path, outputs: tuple[str, ...] | None = None) -> tuple[Path, ModelCard]:
    """Write a starter card beside a model, and give its path and content.

    Raises
    ------
    ModelCardError
        If there is a card already, or the one that could be written would not fit the model.
    ModelError
        If the model cannot be loaded.
    """
    from xai.models.card_check import starter_card
    from xai.models.classifier import Classifier

    path = card_path(model)
    if path == model:
        raise ModelError(f"{model.name} is a model card or another JSON file, no model: name the model beside it.")
    if path.exists():
        raise ModelCardError(f"{path.name} is there already: edit it, or move it away first.")
    card = starter_card(model, outputs)
    write_card(card, path)
    try:
        Classifier.load(model)
    except BaseException:
        path.unlink()
        raise
    return path, card
