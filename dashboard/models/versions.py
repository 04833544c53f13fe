"""Cards that remedies replaced are kept: what changed since, and going back to one."""

from __future__ import annotations

from pathlib import Path

from dashboard.models.inventory import versions
from dashboard.page.card_figures import at, text
from dashboard.page.words import percent
from dashboard.server.roles import Action, only
from xai.cards.card_versions import CardVersionError, Saved, save_card_version, take_back
from xai.cards.model_card import ModelCard, read_card
from xai.findings import finding_label


@only(Action.CHANGE_CARDS)
def switch(path: Path, version: Path) -> Saved:
    """Put a kept card in the place of the one in use, which is kept as the newest version.

    Raises
    ------
    CardVersionError, ModelCardError, OSError
        If there is no such version, or it is no card.
    """
    if version not in versions(path):
        raise CardVersionError(f"{version.name} is no longer kept, so there is nothing to go back to.")
    return Saved(path, save_card_version(path, read_card(version)))


undo_switch = only(Action.CHANGE_CARDS)(take_back)
"""Put the card that was in use before back, as `take_back` does."""


def differences(now: ModelCard, then: ModelCard) -> list[dict[str, str]]:
    """Give a row for each output whose threshold or calibration is not the same in two cards."""
    rows = []
    for name in now.outputs:
        if name in then.outputs and _flagging(now, name) != _flagging(then, name):
            rows.append({"Finding": finding_label(name), "Now": _words(now, name), "Then": _words(then, name)})
    return rows


def _flagging(card: ModelCard, name: str) -> tuple:
    """Give what decides whether a film is flagged."""
    return card.threshold(name), card.calibration.get(name)


def _words(card: ModelCard, name: str) -> str:
    calibration = card.calibration.get(name)
    mended = "" if calibration is None else f", calibrated: {calibration.rule or 'no rule given'}"
    return f"threshold {percent(card.threshold(name).value)}{mended}"


def remedies(card: ModelCard) -> list[str]:
    """Say in a sentence each what was mended in a card."""
    notes = card.provenance.get("remedies")
    said = []
    for note in notes if isinstance(notes, list) else ():
        finding, method, origin = (text(at(note, key)) for key in ("finding", "method", "origin"))
        if finding:
            said.append(f"{finding_label(finding)}: {method or 'mended'}. {origin}".strip())
    return said
