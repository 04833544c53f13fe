"""Versions of a model card: a new one takes the place of the old one, which is kept beside it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from xai.cards.model_card import SUFFIXES, ModelCard, write_card
from xai.files import move_new, replace, unfinished


def save_card_version(path: Path, card: ModelCard) -> Path:
    """Put a new version of a card in the old one's place, and keep the old one.

    Parameters
    ----------
    path : Path
        The card, such as ``lightbox.json``.
    card : ModelCard
        The new version.

    Returns
    -------
    Path
        Where the old one is kept: ``lightbox.v1.json``, or the next free number.
    """
    path = Path(path)
    number = 1 + max((version_number(kept) for kept in card_versions(path)), default=0)
    kept = path.with_name(f"{path.stem}.v{number}.json")
    history = {"version": number + 1, "before": kept.name}
    old = path.read_bytes()
    with unfinished(path.parent) as place:
        new, copy = place / path.name, place / kept.name
        write_card(dataclasses.replace(card, provenance={**card.provenance, "card_version": history}), new)
        copy.write_bytes(old)
        move_new(copy, kept)  # never over another version
        replace(new, path)
    return kept


class CardVersionError(ValueError):
    """A version of a card that cannot be gone back to; the message is one sentence."""


@dataclass(frozen=True)
class Saved:
    """A card that was given a new version, and where the one before it is kept."""

    card: Path
    kept: Path


def take_back(saved: Saved) -> None:
    """Undo a new version, byte for byte.

    Raises
    ------
    CardVersionError, OSError
        If the card was changed again since: what came later would be lost.
    """
    kept = card_versions(saved.card)
    if not kept or kept[-1] != saved.kept:
        raise CardVersionError(f"{saved.card.name} was changed again since, so this can no longer be undone.")
    replace(saved.kept, saved.card)


def card_versions(path: Path) -> list[Path]:
    """Give the kept earlier versions of a card, oldest first; the card of a model called so is none of them."""
    path = Path(path)
    beside = {one.name: one for one in path.parent.iterdir()}
    numbers = sorted(number for name in beside if (number := version_number(Path(name))))
    names = [f"{path.stem}.v{number}" for number in numbers]
    kept = [name for name in names if f"{name}.json" in beside and not any(name + one in beside for one in SUFFIXES)]
    return [beside[f"{name}.json"] for name in dict.fromkeys(kept)]


def version_number(path: Path) -> int:
    """Give the number of a kept version: 3 for ``lightbox.v3.json``; 0 for anything else."""
    mark = Path(path).suffixes[-2:-1]
    digits = mark[0].removeprefix(".v") if mark else ""
    return int(digits) if digits.isdecimal() else 0
