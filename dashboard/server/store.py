"""Results under their content hash: in memory for everyone, on disk as well for films of a dataset."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import uuid
from pathlib import Path
from typing import Any

from dashboard.server.bounded import Bounded
from xai.explainers.archive import pack, unpack
from xai.explainers.explanation import Explanation

MEMORY_BYTES = 48 * 2**20
DISK_BYTES = 2 * 2**30
VERSION = 1  # counted up whenever a method starts to give other maps for the same parameters


def content_key(*parts: Any) -> str:
    """Name a result by everything that decides it: film, model, card, method, parameters, seed."""
    text = json.dumps([VERSION, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class ResultStore:
    """Explanations by content key.

    What was computed for an upload stays in memory; nothing about a patient is written. A folder that cannot be
    written, or a damaged file in it, costs a recomputation and nothing else.

    Parameters
    ----------
    folder : Path
        Where results of dataset films are kept.
    disk_bytes : int
        Above this the files used longest ago are removed.
    """

    def __init__(self, folder: Path, disk_bytes: int = DISK_BYTES) -> None:
        self._folder = folder
        self._disk_bytes = disk_bytes
        self._memory: Bounded[list[Explanation]] = Bounded(MEMORY_BYTES, _size)
        self._lock = threading.Lock()

    def get(self, key: str) -> list[Explanation] | None:
        """Give a result, None if it is not there."""
        found = self._memory.get(key)
        if found is None:
            found = self._read(self._path(key))
            if found is not None:
                self._memory.put(key, found)
        return found

    def put(self, key: str, explanations: list[Explanation], *, on_disk: bool) -> None:
        """Keep a result, on disk as well only where that is said."""
        self._memory.put(key, explanations)
        if on_disk:
            with contextlib.suppress(OSError):
                self._write(self._path(key), pack(explanations))

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npz"

    def _read(self, path: Path) -> list[Explanation] | None:
        try:
            found = unpack(path.read_bytes())
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):  # a read-only store still gives what it has
            path.touch()
        return found

    def _write(self, path: Path, content: bytes) -> None:
        """Write under another name first, so that no reader ever sees half a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            self._prune()

    def _prune(self) -> None:
        files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.rglob("*.npz"))
        excess = sum(size for _, size, _ in files) - self._disk_bytes
        for _, size, file in files:
            if excess <= 0:
                break
            file.unlink(missing_ok=True)
            excess -= size


def _size(explanations: list[Explanation]) -> int:
    arrays = [array for one in explanations for array in (one.map, one.cells) if array is not None]
    pieces = explanations[0].pieces
    return sum(array.nbytes for array in arrays) + (0 if pieces is None else pieces.nbytes)
