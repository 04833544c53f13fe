"""Bytes on disk by key: what took long to make and can be made again."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from xai.files import sweep, write_file

ROOM = 16  # the folder is looked through again when this part of its limit has been written


class DiskCache:
    """Keeps bytes by key in a folder of its own, and removes those used longest ago once they outgrow a limit.

    Several threads and several servers may share a folder. A folder that cannot be written, a full disk or a file that
    somebody removed costs making the bytes again, and nothing else. Every file below the folder counts, whoever wrote
    it, such as an earlier version of the app.

    Looking through a large folder takes time, so it is done at the first put and then only when a sixteenth of the
    limit has been written; that much is kept free. Each further server on the same folder may exceed the limit by
    as much.

    Parameters
    ----------
    folder : Path
        Made where it is missing; nothing else belongs into it.
    limit : int
        Bytes that may be held.
    suffix : str
        Of the files, such as ``.npz``.
    """

    def __init__(self, folder: Path, limit: int, suffix: str) -> None:
        self._folder = folder
        self._limit = limit
        self._suffix = suffix
        self._lock = threading.Lock()
        self._written = limit  # bytes since the folder was looked through; before the first time, enough to be due

    def get(self, key: str) -> bytes | None:
        """Give what is kept under a key, None if there is nothing; it counts as used now."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a read-only cache still gives what it has
            os.utime(path)
        return content or None  # a disk that was full may have left an empty file

    def has(self, key: str) -> bool:
        """Whether something is kept under a key, without reading it."""
        return self._path(key).is_file()

    def put(self, key: str, content: bytes) -> None:
        """Keep bytes under a key, made of letters and digits."""
        with contextlib.suppress(OSError):
            write_file(self._path(key), content)
            if self._is_due(len(content)):
                self._prune()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{self._suffix}"

    def _is_due(self, written: int) -> bool:
        with self._lock:
            self._written += written
            is_due = self._written >= self._limit // ROOM
            if is_due:
                self._written = 0
            return is_due

    def _prune(self) -> None:
        sweep(self._folder)
        files = sorted(_files(self._folder))
        excess = sum(size for _, size, _ in files) - (self._limit - self._limit // ROOM)
        for _, size, file in files:
            if excess <= 0:
                break
            with contextlib.suppress(OSError):  # Windows keeps a file that somebody reads
                Path(file).unlink(missing_ok=True)  # another server may have been faster
                excess -= size


class ShippedFiles:
    """Bytes by key that come with the app: read and never written.

    Parameters
    ----------
    folder : Path
    suffix : str
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix

    def get(self, key: str) -> bytes | None:
        """Give what comes under a key, None if there is nothing."""
        try:
            return (self._folder / f"{key}{self._suffix}").read_bytes()
        except OSError:
            return None

    def has(self, key: str) -> bool:
        """Whether something comes under a key."""
        return (self._folder / f"{key}{self._suffix}").is_file()


def _files(folder: Path) -> list[tuple[float, int, str]]:
    """Give when each file below a folder was used, its bytes, and its path."""
    found = []
    for root, _, names in os.walk(folder):  # a Path a file would take longer than reading the folder
        for name in names:
            file = os.path.join(root, name)  # noqa: PTH118
            with contextlib.suppress(OSError):  # another server removed it
                about = os.stat(file)  # noqa: PTH116
                found.append((about.st_mtime, about.st_size, file))
    return found
