"""What somebody foresees of a model's answers, as a link keeps it: a letter a film."""

from __future__ import annotations

from dashboard.page.kinds import Kind
from training.benchmark.forward import FILMS

FLAGGED, NOT_FLAGGED, OPEN = "f", "n", "-"
UNSAID = OPEN * FILMS


def said_of(said: str, number: int, letter: str) -> str:
    """Give what was said with a letter for one film."""
    return said[:number] + letter + said[number + 1 :]


def _read(text: str) -> str:
    if len(text) != FILMS or set(text) - {FLAGGED, NOT_FLAGGED, OPEN}:
        raise ValueError(f"expected {FILMS} letters, each {FLAGGED}, {NOT_FLAGGED} or {OPEN}")
    return text


SAID = Kind(_read)
