"""Small pictures of films: made when somebody first looks, kept on disk for films of a dataset, in memory for all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from dashboard.server.bounded import Bounded
from dashboard.server.library import Library
from xai.budget import Budget, Cancelled
from xai.films.film import Film
from xai.models.preprocess import resize

SIDE = 300  # pixels of the longest side: the largest that the gallery shows
QUALITY = 82
MEMORY_BYTES = 24 * 2**20
DISK_BYTES = 2**30
WRITES_BETWEEN_PRUNES = 500
BROKEN = b""  # in place of the picture of a film that cannot be opened

Maker = Callable[[], Film]


class Thumbnails:
    """Thumbnails by key.

    Parameters
    ----------
    folder : Path
        Where those of dataset films are kept; a folder that cannot be written costs time and nothing else.
    """

    def __init__(self, folder: Path, disk_bytes: int = DISK_BYTES) -> None:
        self._folder = folder
        self._disk_bytes = disk_bytes
        self._memory: Bounded[bytes] = Bounded(MEMORY_BYTES, lambda picture: len(picture) + 100)
        self._lock = threading.Lock()
        self._writes = 0

    def get(self, key: str) -> bytes | None:
        """Give a WebP file, `BROKEN` for a film that could not be opened, or None if it was not made yet."""
        found = self._memory.get(key)
        if found is None:
            with contextlib.suppress(OSError):
                found = self._path(key).read_bytes() or None
            if found is not None:
                self._memory.put(key, found)
        return found

    def make(self, wanted: Iterable[tuple[str, Maker, bool]], budget: Budget) -> None:
        """Make those that are not there yet: (key, how to open the film, whether it may be kept on disk).

        Raises
        ------
        Cancelled
            If nobody waits for them any more.
        """
        wanted = list(wanted)
        for number, (key, open_film, on_disk) in enumerate(wanted):
            if budget.cancelled():
                raise Cancelled
            if self.get(key) is None:
                self._make(key, open_film, on_disk)
            budget.progress((number + 1) / len(wanted))

    def _make(self, key: str, open_film: Maker, on_disk: bool) -> None:
        try:
            picture = thumbnail(open_film())
        except (ValueError, OSError):  # the film itself says why, where it is shown large
            self._memory.put(key, BROKEN)
            return
        self._memory.put(key, picture)
        if on_disk:
            with contextlib.suppress(OSError):
                self._write(self._path(key), picture)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.webp"

    def _write(self, path: Path, picture: bytes) -> None:
        """Write under another name first, so that no reader ever sees half a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            part.write_bytes(picture)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            self._writes += 1
            if self._writes % WRITES_BETWEEN_PRUNES == 0:
                self._prune()

    def _prune(self) -> None:
        files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.rglob("*.webp"))
        excess = sum(size for _, size, _ in files) - self._disk_bytes
        for _, size, file in files:
            if excess <= 0:
                break
            file.unlink(missing_ok=True)
            excess -= size


def thumbnail(film: Film) -> bytes:
    """Scale a film down to `SIDE`; its shades are as in the file, nothing is stretched."""
    height, width = film.pixels.shape
    scale = min(1.0, SIDE / max(height, width))
    small = resize(film.pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    stream = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8)).save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def thumbnail_key(library: Library, dataset: str, film: str) -> str:
    """Name a thumbnail by what it is made from: the file as it is now, or the recipe in the dataset's table."""
    made_from: tuple[object, ...] = (dataset, film, library.dataset_stamp(dataset))
    with contextlib.suppress(ValueError, OSError):
        if (path := library.film_path(dataset, film)) is not None:
            status = path.stat()
            made_from = (str(path), status.st_size, status.st_mtime_ns)
    return hashlib.sha256(repr((SIDE, QUALITY, made_from)).encode()).hexdigest()
