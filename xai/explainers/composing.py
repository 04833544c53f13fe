"""Films with parts hidden, put together a batch at a time in memory that is used again."""

from __future__ import annotations

import numpy as np

from xai.models.engine import BATCH_SIZE


class Composer:
    """One film, its regions, and what shows where one is hidden.

    Parameters
    ----------
    canvas, baseline : ndarray of float32, shape (H, W)
    regions : ndarray of int, shape (H, W)
        Which region each pixel lies in.
    """

    def __init__(self, canvas: np.ndarray, regions: np.ndarray, baseline: np.ndarray) -> None:
        self.canvas, self.regions, self.baseline = canvas, regions, baseline
        self._where = regions.astype(np.intp)
        self._films = np.empty((BATCH_SIZE, *canvas.shape), np.float32)
        self._visible = np.empty(self._films.shape, bool)

    def is_for(self, regions: np.ndarray, baseline: np.ndarray) -> bool:
        """Whether it was made for these very arrays."""
        return self.regions is regions and self.baseline is baseline

    def compose(self, shown: np.ndarray) -> np.ndarray:
        """Give films (N, H, W) that show some regions, bool (N, regions); they last until the next call.

        Parameters
        ----------
        shown : ndarray of bool, shape (N, regions)
            Of `BATCH_SIZE` films at most.
        """
        films, visible = self._films[: len(shown)], self._visible[: len(shown)]
        np.take(shown, self._where, axis=1, out=visible, mode="clip")  # any other mode takes a copy first
        films[:] = self.baseline
        np.copyto(films, self.canvas, where=visible)
        return films
