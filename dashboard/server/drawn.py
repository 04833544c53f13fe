"""What people drew on the films of a dataset, ready to be shown: boxes, the masks of all readers, and who drew what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from training.datasets.boxes import PLACE, decoded, who_drew
from xai.measures import on_map

Box = tuple[float, float, float, float]  # left, top, right and bottom, in fractions of the film's width and height
LONGEST = 1024  # pixels of a mask's longer side, as it is shown
BITS = 8


@dataclass(frozen=True, eq=False)
class Drawings:
    """What people drew on a dataset's films.

    Attributes
    ----------
    table : DataFrame
        `training.datasets.boxes.BOX_COLUMNS`.
    """

    table: pd.DataFrame

    @cached_property
    def _rows(self) -> dict[str, np.ndarray]:
        return {str(film): np.asarray(rows) for film, rows in self.table.groupby("film").indices.items()}

    def of(self, film: str) -> pd.DataFrame:
        """Give the rows of a film."""
        return self.table.iloc[self._rows.get(film, [])]

    def boxes(self, film: str) -> dict[str, list[Box]]:
        """Give the boxes on a film, by finding."""
        found: dict[str, list[Box]] = {}
        rows = self.of(film)
        boxes = rows[rows["mask"] == ""]
        places = boxes[list(PLACE)].to_numpy(float).tolist()
        for finding, (x, y, width, height) in zip(boxes["finding"], places, strict=True):
            found.setdefault(str(finding), []).append((x, y, x + width, y + height))
        return found

    def masks(self, film: str) -> dict[str, np.ndarray]:
        """Give the masks on a film, by finding: uint8 (H, W), a bit a reader, so that each one's edge can be seen.

        Raises
        ------
        DatasetError
            If one is damaged.
        """
        rows = self.of(film)
        masks = rows[rows["mask"] != ""]
        return {str(finding): _layered(part) for finding, part in masks.groupby("finding", sort=False)}

    def readers(self, film: str) -> str:
        """Say who drew on a film, such as ``two readers: R1, R2``; empty where nobody is named."""
        return who_drew(self.of(film)["reader"].sort_values())

    def who(self, film: str) -> dict[str, str]:
        """Say who drew each finding on a film, such as ``three readers: R1, R2, R3``; nothing of who is not named."""
        told = {
            str(finding): who_drew(part["reader"].sort_values()) for finding, part in self.of(film).groupby("finding")
        }
        return {finding: words for finding, words in told.items() if words}


def layers(mask: np.ndarray) -> list[np.ndarray]:
    """Take the masks of `Drawings.masks` apart again; one that is bool is its only layer: bool (H, W) each."""
    bits = mask.astype(np.uint8)
    parted = [(bits >> bit & 1).astype(bool) for bit in range(BITS)]
    return [layer for layer in parted if layer.any()]


def _layered(rows: pd.DataFrame) -> np.ndarray:
    """Lay the masks of a finding over each other, at the shape of the first, made smaller where that is large."""
    height, width = (int(side) for side in rows[["mask_height", "mask_width"]].iloc[0])
    scale = min(1, LONGEST / max(height, width, 1))
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    laid = np.zeros(shape, np.uint8)
    for place, (_, own) in enumerate(rows.groupby("reader", sort=False)):
        for row in own.itertuples():
            laid |= np.uint8(1 << place % BITS) * on_map(decoded(row), shape)
    return laid
