"""Results under their content hash: in memory for everyone, on disk as well for films of a dataset."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from dashboard.server.bounded import Bounded
from dashboard.server.disk_cache import DiskCache
from xai.explainers.archive import pack, unpack
from xai.explainers.explanation import Explanation

MEMORY_BYTES = 48 * 2**20
DISK_BYTES = 2 * 2**30
VERSION = 2  # counted up whenever a method starts to give other maps for the same parameters


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
    """

    def __init__(self, folder: Path, disk_bytes: int = DISK_BYTES) -> None:
        self._disk = DiskCache(folder, disk_bytes, ".npz")
        self._memory: Bounded[list[Explanation]] = Bounded(MEMORY_BYTES, _size)

    def get(self, key: str) -> list[Explanation] | None:
        """Give a result, None if it is not there."""
        found = self._memory.get(key)
        if found is None and (content := self._disk.get(key)) is not None:
            with contextlib.suppress(ValueError):  # a damaged file is as good as none
                found = unpack(content)
                self._memory.put(key, found)
        return found

    def put(self, key: str, explanations: list[Explanation], *, on_disk: bool) -> None:
        """Keep a result, on disk as well only where that is said."""
        self._memory.put(key, explanations)
        if on_disk:
            self._disk.put(key, pack(explanations))


def _size(explanations: list[Explanation]) -> int:
    arrays = [array for one in explanations for array in (one.map, one.cells) if array is not None]
    pieces = explanations[0].pieces
    return sum(array.nbytes for array in arrays) + (0 if pieces is None else pieces.nbytes)
