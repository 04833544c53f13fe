"""Small pictures of films: made when somebody first looks, kept on disk and in memory for films of a dataset."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from dashboard.server.bounded import Bounded
from dashboard.server.disk_cache import DiskCache
from dashboard.server.library import Library
from xai.films.film import Film
from xai.models.preprocess import resize

SIDE = 300  # pixels of the longest side: the largest that the gallery shows
QUALITY = 82
MEMORY_BYTES = 24 * 2**20
DISK_BYTES = 2**30
BROKEN = b""  # in place of the picture of a film that cannot be opened

Maker = Callable[[], Film]


class Thumbnails:
    """Thumbnails of dataset films by key.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    disk_bytes : int
        Above this the files used longest ago are removed.
    """

    def __init__(self, folder: Path, disk_bytes: int = DISK_BYTES) -> None:
        self._disk = DiskCache(folder, disk_bytes, ".webp")
        self._memory: Bounded[bytes] = Bounded(MEMORY_BYTES, lambda picture: len(picture) + 100)

    def get(self, key: str) -> bytes | None:
        """Give a WebP file, `BROKEN` for a film that could not be opened, or None if it was not made yet."""
        found = self._memory.get(key)
        if found is None:
            found = self._disk.get(key)
            if found is None or not _is_whole(found):
                return None
            self._memory.put(key, found)
        return found

    def picture(self, key: str, open_film: Maker) -> bytes | None:
        """Give a WebP file, made now if it was not before; None for a film that cannot be opened."""
        found = self.get(key)
        if found is None:
            found = picture_of(open_film)
            self._memory.put(key, BROKEN if found is None else found)
            if found is not None:
                self._disk.put(key, found)
        return found or None


def picture_of(open_film: Maker) -> bytes | None:
    """Make a thumbnail; None for a film that cannot be opened."""
    try:
        return thumbnail(open_film())
    except (ValueError, OSError):  # the film itself says why, where it is shown large
        return None


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


def _is_whole(webp: bytes) -> bool:
    """Whether a WebP file is as long as it says; a power failure may have cut it short."""
    return webp[:4] == b"RIFF" and int.from_bytes(webp[4:8], "little") + 8 == len(webp)
