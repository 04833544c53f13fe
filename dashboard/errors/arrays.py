"""Arrays that took a model long to make, on disk under a content key; results of dataset films only."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np


class Arrays:
    """Named arrays by key. A folder that cannot be written, or a damaged file, costs a recomputation.

    Parameters
    ----------
    folder : Path
        Inside the library's results, which are kept small.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """Give what is kept under a key; None if there is nothing that can be read."""
        try:
            with np.load(self._folder / f"{key}.npz", allow_pickle=False) as kept:
                return dict(kept)
        except Exception:  # a damaged archive fails in many ways: zip, zlib, numpy
            return None

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays, under another name first, so that no reader ever sees half a file."""
        part = self._folder / f"{key}.{uuid.uuid4().hex}.part"
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    np.savez_compressed(file, allow_pickle=False, **arrays)
                part.replace(self._folder / f"{key}.npz")
            finally:
                part.unlink(missing_ok=True)
