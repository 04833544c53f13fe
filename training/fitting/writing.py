"""Put a trained model, its card and its log where they belong, when all are whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from training.fitting.journal import FitError
from training.fitting.log import LOG_SUFFIX, Row, log_text
from training.weights.writing import write_model
from xai.cards.model_card import ModelCard, card_path
from xai.files import move_files, write_file

if TYPE_CHECKING:
    from keras import Model


def log_path(model_path: Path) -> Path:
    """Where the log of a model's training lies: ``lightbox.keras`` has ``lightbox.training.csv``."""
    return Path(model_path).with_suffix(LOG_SUFFIX)


def place_model(
    model: Model, card: ModelCard, rows: Iterable[Row], folder: Path, path: Path, half: bool = False
) -> None:
    """Write all three into a folder beside their place, then move them; an older model there is replaced.

    `half` keeps the weights in float16, which they must be rounded to already.

    Raises
    ------
    WriteError, FitError
        If there is no room for them, or they cannot be moved.
    """
    whole = folder / path.name
    for left in (whole, card_path(whole)):  # by a run that was killed here
        left.unlink(missing_ok=True)
    write_model(model, card, whole, half)
    try:
        write_file(log_path(whole), log_text(rows))
        # A card without its model is no model of a library: the model goes last.
        move_files([log_path(whole), card_path(whole), whole], path.parent)
    except OSError as error:
        raise FitError(f"{path.name} is trained, but cannot be put into its place: {error}.") from error
