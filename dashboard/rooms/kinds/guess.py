"""How much: each participant guesses a probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.rooms.kinds.kind import Kind, Settings, only

WIDTH = 5  # percent of a bin; the last one holds 100 % too
BINS = 100 // WIDTH


class Guess(Kind):
    """A probability in whole percent."""

    name: ClassVar[str] = "guess"

    def checked(self, settings: Settings) -> dict[str, Any]:
        """Nothing is set: it is 0 to 100 %."""
        only(settings, ())
        return {}

    def take(self, settings: Settings, said: Any, before: Any, participant: str) -> int:
        """Take a whole number from 0 to 100; a later one replaces an earlier one."""
        if type(said) is not int or not 0 <= said <= 100:
            raise ValueError("Expected a whole number from 0 to 100.")
        return said

    def count(self, settings: Settings, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Count guesses in bins of `WIDTH` percent."""
        bins = [0] * BINS
        for guess in answers.values():
            bins[min(guess // WIDTH, BINS - 1)] += 1
        return {"answers": len(answers), "width": WIDTH, "counts": bins}

    def rows(self, settings: Settings, counts: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Give each bin with its count, also empty ones."""
        ends = [(k * WIDTH, (k + 1) * WIDTH - (k + 1 < BINS)) for k in range(BINS)]
        return [(f"{low} to {high} %", count) for (low, high), count in zip(ends, counts["counts"], strict=True)]
