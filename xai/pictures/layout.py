"""Find places for titled pictures and their words on a part of a page: pictures as large as their words leave room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai.pictures.sheet import TEXT, Box, Mark, extent, height_of, wrapped

GAP = 28  # between cells, in units
WITHIN = 8  # between the pictures of one cell, and between a picture and its words
BAR = 12  # height of a colour bar
TITLE = 28
LEAST_PICTURE = 300  # units of a picture's longer side; where words leave less, the last of them give way


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture on a page.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    marks : sequence of Mark
    letters : (str, str) or None
        What stands in its upper corners, left and right.
    """

    rgb: np.ndarray
    marks: Sequence[Mark] = ()
    letters: tuple[str, str] | None = None

    @property
    def aspect(self) -> float:
        """Its width by its height."""
        height, width = self.rgb.shape[:2]
        return float(width / height)


@dataclass(frozen=True, eq=False)
class Bar:
    """A colour bar, uint8 (n, 3), with what its two ends mean."""

    colors: np.ndarray
    low: str
    high: str


@dataclass(frozen=True)
class Words:
    """A paragraph below a picture; a warning stands out, and is the last to give way."""

    text: str
    warns: bool = False


@dataclass(frozen=True, eq=False)
class Cell:
    """One or more pictures of one thing, its title above, and what is said of it below, the weightiest first."""

    title: str
    pictures: tuple[Picture, ...]
    bar: Bar | None = None
    words: tuple[Words, ...] = ()


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a cell's parts stand: lines of its title, boxes of its pictures, and what is below them."""

    cell: Cell
    left: float
    top: float
    width: float
    title: list[str]
    boxes: list[Box]
    below: float
    ends: list[tuple[str, str]]
    paragraphs: list[tuple[list[str], bool]]


def place(cells: Sequence[Cell], room: Box) -> list[Placed]:
    """Place cells in rows from the left.

    Words give way, in all cells alike and the last first, while pictures would be smaller than `LEAST_PICTURE`; titles,
    the ends of the colours and warnings never do.
    """
    best: list[Placed] = []
    for kept in range(max((len(cell.words) for cell in cells), default=0), -1, -1):
        fewer = [_with_words(cell, kept) for cell in cells]
        tried = [_in_columns(fewer, room, columns) for columns in range(1, len(cells) + 1)]
        best = max(tried, key=_smallest)
        if _smallest(best) >= LEAST_PICTURE:
            break
    return best


def _with_words(cell: Cell, kept: int) -> Cell:
    words = tuple(one for number, one in enumerate(cell.words) if number < kept or one.warns)
    return Cell(cell.title, cell.pictures, cell.bar, words)


def _smallest(placed: Sequence[Placed]) -> float:
    """Longer side of the smallest picture."""
    return min((max(box.width, box.height) for one in placed for box in one.boxes), default=0.0)


def _in_columns(cells: Sequence[Cell], room: Box, columns: int) -> list[Placed]:
    width = (room.width - (columns - 1) * GAP) / columns
    titles = [wrapped(cell.title, width, TITLE, bold=True) for cell in cells]
    ends = [_ends(cell.bar, width) for cell in cells]
    paragraphs = [[(wrapped(one.text, width, TEXT), one.warns) for one in cell.words] for cell in cells]
    below = [_height_below(*told) for told in zip(cells, ends, paragraphs, strict=True)]
    rows = [range(start, min(start + columns, len(cells))) for start in range(0, len(cells), columns)]
    above = [max(height_of(titles[k], TITLE) for k in row) for row in rows]
    under = [max(below[k] for k in row) for row in rows]
    free = room.height - sum(above) - sum(under) - (len(rows) - 1) * GAP - len(rows) * WITHIN
    tallest = max(1.0, free / len(rows))
    placed, top = [], room.top
    for row, over, beneath in zip(rows, above, under, strict=True):
        boxes = {
            k: _side_by_side(cells[k].pictures, room.left + (k - row.start) * (width + GAP), top + over, width, tallest)
            for k in row
        }
        bottom = max(box.top + box.height for k in row for box in boxes[k])
        for k in row:
            left = room.left + (k - row.start) * (width + GAP)
            at = top + over - height_of(titles[k], TITLE)
            placed.append(
                Placed(cells[k], left, at, width, titles[k], boxes[k], bottom + WITHIN, ends[k], paragraphs[k])
            )
        top = bottom + WITHIN + beneath + GAP
    return placed


def _side_by_side(pictures: Sequence[Picture], left: float, top: float, width: float, tallest: float) -> list[Box]:
    """Give pictures of one height their places in a row, as large as it holds."""
    total = sum(one.aspect for one in pictures)
    height = min(tallest, (width - (len(pictures) - 1) * WITHIN) / total)
    boxes = []
    for one in pictures:
        boxes.append(Box(left, top, one.aspect * height, height).rounded)
        left += one.aspect * height + WITHIN
    return boxes


def _ends(bar: Bar | None, width: float) -> list[tuple[str, str]]:
    """Put the words at the ends of a colour bar into lines of (left, right): into one where both fit."""
    if bar is None:
        return []
    if extent(f"{bar.low}  {bar.high}", TEXT) <= width:
        return [(bar.low, bar.high)]
    return [
        *((line, "") for line in wrapped(bar.low, width, TEXT)),
        *(("", line) for line in wrapped(bar.high, width, TEXT)),
    ]


def _height_below(cell: Cell, ends: Sequence[tuple[str, str]], paragraphs: Sequence[tuple[list[str], bool]]) -> float:
    bar = BAR + WITHIN + height_of([low for low, _ in ends], TEXT) if cell.bar else 0.0
    return bar + sum(height_of(lines, TEXT) + WITHIN for lines, _ in paragraphs)
