"""Results under their content hash: in memory for everyone, on disk as well for films of a dataset."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from dashboard.server.bounded import Bounded
from dashboard.server.disk_cache import DiskCache, ShippedFiles
from xai.built_in import ASSETS
from xai.explainers.archive import VERSION, pack, unpack
from xai.explainers.explanation import Explanation

MEMORY_BYTES = 48 * 2**20
DISK_BYTES = 2 * 2**30
SHIPPED = ASSETS / "results"


def content_key(*parts: Any) -> str:
    """Name a result by everything that decides it: film, model, card, method, parameters, seed."""
    text = json.dumps([VERSION, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class ResultStore:
    """Explanations by content key.

    What was computed for an upload stays in memory; nothing about a patient is written. A damaged file costs a
    recomputation and nothing else.

    Parameters
    ----------
    folder : Path
        Where results of dataset films are kept.
    disk_bytes : int
        Above this the files used longest ago are removed.
    shipped : Path
        Results that come with the app, so that a first visitor sees maps at once.
    """

    def __init__(self, folder: Path, disk_bytes: int = DISK_BYTES, shipped: Path = SHIPPED) -> None:
        self._shipped = ShippedFiles(shipped, ".npz")
        self._disk = DiskCache(folder, disk_bytes, ".npz")
        self._damaged: set[str] = set()
        self._memory: Bounded[list[Explanation]] = Bounded(MEMORY_BYTES, size_of)

    def get(self, key: str) -> list[Explanation] | None:
        """Give a result, None if it is not there."""
        found = self._memory.get(key)
        if found is None and (content := self._shipped.get(key) or self._disk.get(key)) is not None:
            try:
                found = unpack(content)
                self._memory.put(key, found)
            except ValueError:  # a damaged file is as good as none
                self._damaged.add(key)
        return found

    def has(self, key: str) -> bool:
        """Whether there is a result, without reading it; a damaged file counts until somebody has read it."""
        if self._memory.get(key) is not None:
            return True
        return key not in self._damaged and (self._shipped.has(key) or self._disk.has(key))

    def forget(self, key: str) -> None:
        """Forget a result, which was kept in memory only."""
        self._memory.drop(key)

    def put(self, key: str, explanations: list[Explanation], *, on_disk: bool) -> None:
        """Keep a result, on disk as well only where that is said."""
        self._memory.put(key, explanations)
        if on_disk:
            self._disk.put(key, pack(explanations))
            self._damaged.discard(key)


def size_of(explanations: list[Explanation]) -> int:
    """Bytes of the arrays of a result."""
    arrays = [array for one in explanations for array in (one.map, one.cells, one.answers) if array is not None]
    pieces = explanations[0].pieces
    return sum(array.nbytes for array in arrays) + (0 if pieces is None else pieces.nbytes)
