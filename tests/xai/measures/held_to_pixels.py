"""Words about a map held to its pixels: what is here knows nothing of how the words are made."""

from __future__ import annotations

import re

import numpy as np

HEIGHTS, SIDES = ("upper", "middle", "lower"), ("on the patient's right", "near its midline", "on the patient's left")
SPACE = "\N{NO-BREAK SPACE}"
NUMBER = rf"(under 1|over 99|\d+){SPACE}%"


def zone_at(row: float, column: float, shape: tuple[int, int]) -> tuple[str, str]:
    y, x = (row + 0.5) / shape[0], (column + 0.5) / shape[1]
    return HEIGHTS[int(y >= 1 / 3) + int(y >= 2 / 3)], SIDES[int(x >= 0.4) + int(x >= 0.6)]


def flood(bright: np.ndarray, start: tuple[int, int]) -> set[tuple[int, int]]:
    """Pixels that touch, at a side or a corner, from a start on."""
    found, rim = {start}, [start]
    while rim:
        row, column = rim.pop()
        for near in [(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
            is_there = 0 <= near[0] < bright.shape[0] and 0 <= near[1] < bright.shape[1]
            if is_there and near not in found and bright[near]:
                found.add(near)
                rim.append(near)
    return found


def areas_of(values: np.ndarray, level: float) -> list[set[tuple[int, int]]]:
    bright, found = values >= level, []
    while bright.any():
        found.append(flood(bright, tuple(int(one) for one in np.argwhere(bright)[0])))
        for place in found[-1]:
            bright[place] = False
    return found


def percent(share: float) -> str:
    return "under 1" if 0 < share < 0.005 else "over 99" if 0.995 <= share < 1 else f"{100 * share:.0f}"


def held_to_pixels(said: str, values: np.ndarray, cells: np.ndarray | None = None) -> None:
    """Hold a sentence to the pixels of the map that it is about, which covers its film, or to its own cells."""
    native = values if cells is None else cells
    peak = np.unravel_index(int(native.argmax()), native.shape)
    height, side = zone_at(*peak, native.shape)
    assert re.match(rf"(Brightest|Strongest for it) in the {height} third of the film, {side}[:,]", said), (peak, said)
    high, wide = (whole // part for whole, part in zip(values.shape, native.shape, strict=True))
    inside = values[peak[0] * high : (peak[0] + 1) * high, peak[1] * wide : (peak[1] + 1) * wide]
    at = np.unravel_index(int(inside.argmax()), inside.shape)  # the brightest pixel of that cell
    row, column = peak[0] * high + at[0], peak[1] * wide + at[1]
    total = values[values > 0].sum()
    areas = areas_of(values, values[row, column] / 2)
    own = next(area for area in areas if (row, column) in area)
    share = sum(values[place] for place in own) / total
    others = [sum(values[place] for place in area) / total for area in areas if area is not own]
    written = re.search(rf"{NUMBER}\)? (?:of the evidence for it )?lies around", said)[1]
    assert written == percent(share), said
    assert ("most of the evidence" in said) == (round(100 * share) > 50)
    good = [other for other in others if other >= 0.15]
    assert ("nother" in said) == bool(good)
    if good:
        assert f"holds {percent(max(good))}{SPACE}%" in said
    assert ("spread out" in said) == (round(100 * (1 - share - sum(good))) > 50)
    assert (" against it" in said) == (-values.min() > values.max())
