"""Where a map lies on its film, and what its places are called there: what the numbers of a map alone do not say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HEIGHTS = ("upper", "middle", "lower")
KNOWN_SIDES = ("on the patient's right", "near its midline", "on the patient's left")  # as they are on the picture
PICTURE_SIDES = ("on the left of the picture", "near its midline", "on the right of the picture")
ROWS = (1 / 3, 2 / 3)  # where one third of the film's height ends and the next begins
COLUMNS = (0.4, 0.6)  # of its width: spine and mediastinum are about a fifth, the inner lungs lie beside them
MOSTLY_IN = 0.1  # of an area, which lies in a third or on a side if it has that much there
WHOLE = (0.0, 0.0, 1.0, 1.0)

Footprint = tuple[float, float, float, float]


@dataclass(frozen=True)
class Zone:
    """One of nine parts of the film: a third of its height; its middle fifth or what lies beside that.

    They are parts of the picture, not of the lungs; nothing is segmented. Beyond 0 to 2 it lies outside the film, in
    the air that was added to it.
    """

    row: int
    column: int

    @property
    def is_outside(self) -> bool:
        """Whether the film does not reach there."""
        return not (0 <= self.row <= 2 and 0 <= self.column <= 2)


@dataclass(frozen=True, eq=False)
class Frame:
    """What must be known beside a map's values to say where on the film something lies.

    Attributes
    ----------
    cells : ndarray, shape (h, w), or None
        The map at the resolution at which its evidence exists, where that is coarser than the map.
    footprint : tuple of float or None
        The part of the film that the map covers: (x0, y0, x1, y1) in fractions of the film's width and height, beyond
        [0, 1] where air was added (`xai.models.preprocess.footprint`). Where it is None nobody knows, and places are
        those of the model's input.
    sides_known : bool
        Whether the patient's right is known to be on the image's left.
    """

    cells: np.ndarray | None = None
    footprint: Footprint | None = WHOLE
    sides_known: bool = True

    @property
    def of(self) -> str:
        """What a third is a third of."""
        return "the model's input" if self.footprint is None else "the film"

    def on_film(self, x: np.ndarray | float, y: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Turn fractions of the map's width and height into those of the film's."""
        left, top, right, bottom = self.footprint or WHOLE
        return left + np.asarray(x) * (right - left), top + np.asarray(y) * (bottom - top)

    def zone(self, x: float, y: float) -> Zone:
        """Find the part of the film at a place of the map, given in fractions of the map's width and height."""
        across, down = (float(one) for one in self.on_film(x, y))
        return Zone(_index(down, ROWS), _index(across, COLUMNS))

    def area(self, where: np.ndarray) -> float:
        """Give the share of the film that lies under some pixels of the map, bool (H, W)."""
        left, top, right, bottom = self.footprint or WHOLE
        across, _ = self._on_film_of(where)
        return min(1.0, float(len(across) / where.size * (right - left) * (bottom - top)))

    def words(self, zone: Zone, *, again: bool = False) -> str:
        """Say where a part of the film is; ``again`` leaves out of what it is a part."""
        if zone.is_outside:
            return f"outside the film, in the air added {_beside(zone)} it"
        of = "" if again else f" of {self.of}"
        return f"in the {HEIGHTS[zone.row]} third{of}, {self._sides[zone.column]}"

    def extent(self, where: np.ndarray) -> str:
        """Say over which parts of the film some pixels of the map, bool (H, W), reach."""
        across, down = self._on_film_of(where)
        if not len(across):
            return "outside the film"
        thirds = _reached(np.searchsorted(ROWS, down, side="right"))
        sides = _reached(np.searchsorted(COLUMNS, across, side="right"))
        heights = " and ".join(HEIGHTS[row] for row in thirds)
        height = "from top to bottom" if len(thirds) == 3 else f"in the {heights} third{'s' * (len(thirds) > 1)}"
        side = "on both sides" if {0, 2} <= set(sides) else " and ".join(self._sides[column] for column in sides)
        return f"{height}, {side}"

    def _on_film_of(self, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the places of those pixels of the map, bool (H, W), that lie on the film: across and down it."""
        rows, columns = np.nonzero(where)
        across, down = self.on_film((columns + 0.5) / where.shape[1], (rows + 0.5) / where.shape[0])
        is_on = (across >= 0) & (across <= 1) & (down >= 0) & (down <= 1)
        return across[is_on], down[is_on]

    @property
    def _sides(self) -> tuple[str, str, str]:
        return KNOWN_SIDES if self.sides_known else PICTURE_SIDES


def _index(place: float, borders: tuple[float, float]) -> int:
    return -1 if place < 0 else 3 if place > 1 else int(np.searchsorted(borders, place, side="right"))


def _beside(zone: Zone) -> str:
    if not 0 <= zone.row <= 2:
        return "above" if zone.row < 0 else "below"
    return "on the left of" if zone.column < 0 else "on the right of"


def _reached(parts: np.ndarray) -> list[int]:
    """Which of three parts hold a fair share of the pixels."""
    return [part for part in range(3) if np.mean(parts == part) >= MOSTLY_IN]
