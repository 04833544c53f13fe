"""Which one: each participant takes one of some choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.rooms.kinds.kind import Kind, Settings, only, short_text

MOST_CHOICES = 8
MOST_WORDS = 60  # characters of a choice: it is a button on a phone


class Which(Kind):
    """One of some choices, such as present or absent, which of four maps, or 1 to 5."""

    name: ClassVar[str] = "which"

    def checked(self, settings: Settings) -> dict[str, Any]:
        """Take ``{"choices": [...]}``, texts that differ."""
        only(settings, ("choices",))
        choices = settings.get("choices")
        if not isinstance(choices, list) or not 2 <= len(choices) <= MOST_CHOICES:
            raise ValueError(f"Expected 2 to {MOST_CHOICES} choices.")
        texts = [short_text(one, "a choice", MOST_WORDS) for one in choices]
        if len(set(texts)) < len(texts):
            raise ValueError("Expected choices that differ.")
        return {"choices": texts}

    def take(self, settings: Settings, said: Any, before: Any, participant: str) -> int:
        """Take the number of a choice, from 0; a later one replaces an earlier one."""
        if type(said) is not int or not 0 <= said < len(settings["choices"]):
            raise ValueError("Expected one of the choices.")
        return said

    def count(self, settings: Settings, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Count each choice."""
        taken = list(answers.values())
        return {"answers": len(taken), "counts": [taken.count(one) for one in range(len(settings["choices"]))]}

    def rows(self, settings: Settings, counts: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Give each choice with its count, also where nobody took it."""
        return list(zip(settings["choices"], counts["counts"], strict=True))
