"""Say in words where a map's evidence lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDES = ("patient's right", "midline", "patient's left")  # the patient's right is on the image's left
HEIGHTS = ("upper", "middle", "lower")
ROWS = (0, 1 / 3, 2 / 3, 1)  # of the film's height
COLUMNS = (0, 0.4, 0.6, 1)  # of its width: spine and mediastinum are about a fifth, the inner lungs lie beside them
UNEVEN = 1.5  # times the share that an even map would have there


@dataclass(frozen=True)
class Zone:
    """One of nine parts of the film: a third of its height; its middle fifth or what lies beside that.

    They are parts of the picture, not of the lungs; nothing is segmented.
    """

    row: int
    column: int

    @property
    def words(self) -> str:
        """The zone's name, as a radiologist would say it."""
        if self.column == 1:
            return f"{HEIGHTS[self.row]} midline"
        return f"{HEIGHTS[self.row]} zone on the {SIDES[self.column]}"

    @property
    def area(self) -> float:
        """Its share of the film."""
        return (ROWS[self.row + 1] - ROWS[self.row]) * (COLUMNS[self.column + 1] - COLUMNS[self.column])


def zone_shares(values: np.ndarray) -> np.ndarray:
    """Share of a map's positive evidence in each zone of the film.

    Parameters
    ----------
    values : ndarray, shape (H, W)
        A raw map; what speaks against the finding (below 0) does not count.

    Returns
    -------
    ndarray of float, shape (3, 3)
        Rows from top to bottom, columns from the image's left; all zero if nothing is positive.
    """
    positive = np.maximum(values, 0)
    rows, columns = (
        np.round(np.multiply(edges, extent)).astype(int)
        for edges, extent in zip((ROWS, COLUMNS), positive.shape, strict=True)
    )
    sums = np.add.reduceat(np.add.reduceat(positive, rows[:3], axis=0), columns[:3], axis=1)
    total = sums.sum()
    return sums / total if total > 0 else np.zeros((3, 3))


def strongest_zone(values: np.ndarray) -> tuple[Zone, float] | None:
    """Find the zone of the film that holds most positive evidence, and its share; None if there is none.

    Of equal zones, the first from the top left.
    """
    shares = zone_shares(values)
    if not shares.any():
        return None
    row, column = np.unravel_index(int(shares.argmax()), shares.shape)
    return Zone(int(row), int(column)), float(shares[row, column])


def describe(values: np.ndarray) -> str:
    """Say where the evidence lies, in one sentence.

    Where the best zone has little more than an even map would have there, the sentence says so.
    """
    found = strongest_zone(values)
    if found is None:
        return "No evidence for this finding."
    zone, share = found
    if share < UNEVEN * zone.area:
        return f"Spread over the film; most ({share:.0%}) in the {zone.words}."
    return f"Most in the {zone.words}: {share:.0%} of the evidence for it."
