"""Put a model and its card into a library, both or neither."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import glob
from pathlib import Path
from typing import TYPE_CHECKING

from training.weights.half import halve
from xai.cards.model_card import ModelCard, ModelCardError, card_path, read_card, write_card
from xai.files import UNFINISHED, move_files, unfinished
from xai.models.loading import file_sha256

if TYPE_CHECKING:
    from keras import Model


class WriteError(ValueError):
    """A model that cannot be written; the message is one sentence."""


def check_target(path: Path) -> Path:
    """Refuse a place where a model cannot go, before the work of making it.

    Raises
    ------
    WriteError
        If the name does not end in ``.keras``, or there is a model or a card already.
    """
    path = Path(path)
    forget_half(path)
    if path.suffix != ".keras":
        raise WriteError(f"The model's name must end in .keras; it is {path.name}.")
    for there in (path, card_path(path)):
        if there.exists():
            raise WriteError(f"{there.name} is there already: choose another name, or move it away first.")
    return path


def forget_half(path: Path) -> None:
    """Remove the card that a killed program left without its model, which then lies unfinished beside it.

    Any other card without a model is somebody's own and stays.
    """
    path = Path(path)
    card = card_path(path)
    if path.exists() or not card.is_file():
        return
    with contextlib.suppress(OSError, ModelCardError):
        sha256 = read_card(card).sha256
        left = path.parent.glob(f"{UNFINISHED}*/{glob.escape(path.name)}")
        if sha256 is not None and any(file_sha256(one) == sha256 for one in left):
            card.unlink()


def write_model(model: Model, card: ModelCard, path: Path, half: bool = False) -> ModelCard:
    """Write a model and its card, with `half` its weights in float16.

    Both are whole before either gets its name, so that a library never shows half a model.

    Returns
    -------
    ModelCard
        The card as written, with the file's sha256.

    Raises
    ------
    WriteError
        If they cannot be written; nothing is left of them then.
    """
    path = check_target(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(path.parent) as place:
            whole = place / path.name
            model.save(whole)
            if half:
                halve(whole)
            card = dataclasses.replace(card, sha256=file_sha256(whole))
            write_card(card, card_path(whole))
            # A card without its model is no entry of a library, so it goes first.
            move_files([card_path(whole), whole], path.parent)
    except OSError as error:
        raise WriteError(f"{path.name} is not written: {_reason(error, path.parent)}.") from error
    return card


def _reason(error: OSError, folder: Path) -> str:
    # HDF5 tells the system's error in its own words only.
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "No space left" in str(error):
        return f"there is no room left in {folder}"
    return " ".join(str(error).split())[:200]
