"""Where on the film: each participant marks one point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.rooms.kinds.kind import Kind, Settings, only

SIDE = 32  # cells of the grid that points are counted in, a side


class Where(Kind):
    """A point on the film, in fractions of its width and height from its top left corner."""

    name: ClassVar[str] = "where"

    def checked(self, settings: Settings) -> dict[str, Any]:
        """Nothing is set: the film is that of the room's step."""
        only(settings, ())
        return {}

    def take(self, settings: Settings, said: Any, before: Any, participant: str) -> list[float]:
        """Take ``[x, y]``, each from 0 to 1; a later point replaces an earlier one."""
        if not isinstance(said, list) or len(said) != 2 or not all(map(_is_inside, said)):
            raise ValueError("Expected a point on the film.")
        return [round(float(one), 4) for one in said]

    def count(self, settings: Settings, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Count points in the cells of a grid: ``cells`` holds (row, column, points) of those that have any."""
        cells: dict[tuple[int, int], int] = {}
        for x, y in answers.values():
            cell = min(int(y * SIDE), SIDE - 1), min(int(x * SIDE), SIDE - 1)
            cells[cell] = cells.get(cell, 0) + 1
        return {
            "answers": len(answers),
            "side": SIDE,
            "cells": [[*cell, count] for cell, count in sorted(cells.items())],
        }

    def rows(self, settings: Settings, counts: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Give the points in each cell, rows from the top and columns from the left, from 1."""
        return [(f"row {row + 1} of {SIDE}, column {column + 1} of {SIDE}", n) for row, column, n in counts["cells"]]


def _is_inside(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
