"""Arrays that took a model long to make, on disk under a content key; results of dataset films only."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dashboard.server.disk_cache import DiskCache

DISK_BYTES = 2**28


class Arrays:
    """Named arrays by key; a damaged file costs a recomputation.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    disk_bytes : int
        Above this the files used longest ago are removed.
    """

    def __init__(self, folder: Path, disk_bytes: int = DISK_BYTES) -> None:
        self._disk = DiskCache(folder, disk_bytes, ".npz")

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """Give what is kept under a key; None if there is nothing that can be read."""
        content = self._disk.get(key)
        if content is None:
            return None
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                return dict(kept)
        except Exception:  # a damaged archive fails in many ways: zip, zlib, numpy
            return None

    def has(self, key: str) -> bool:
        """Whether something is kept under a key, without reading it."""
        return self._disk.has(key)

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays."""
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, **arrays)
        self._disk.put(key, stream.getvalue())
