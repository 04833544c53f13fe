"""What differs from one machine and operating system to the next: cores, processes, locks, names of files."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import importlib
import multiprocessing
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import IO, Any


def _module(name: str) -> Any:
    """Give a module that not every system has; None where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


fcntl = _module("fcntl")  # everywhere but on Windows
msvcrt = _module("msvcrt")  # on Windows
resource = _module("resource")  # everywhere but on Windows

MOST_PROCESSES = 61 if os.name == "nt" else None  # Windows waits for no more at once
M_ARENA_MAX = -8  # glibc's malloc.h
LOCKED_BYTE = 2**31 - 2  # Windows locks bytes and keeps others from reading them: one that no file of ours has
TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_limiting = threading.RLock()  # how many threads there are is the process's: two limits that overlap would not end well
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?= *(?:\.|$))", re.IGNORECASE)


def cores() -> int:
    """Cores that this process may use: on a cluster's node often not all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_pool(workers: int, start: Callable[..., object] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """Give processes that are started anew: a fork of one that runs TensorFlow may hang, and Windows has no fork.

    Parameters
    ----------
    workers : int
        How many; no more than the system allows.
    start : callable, optional
        What each of them calls first, with these arguments.
    """
    workers = min(workers, MOST_PROCESSES or workers)
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), start, arguments)


@functools.cache
def _blas() -> Any:
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own, which has to be there to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep linear algebra to one thread while a block runs.

    Matrices of a few hundred rows gain little from a second thread, and lose much where other work has the cores: the
    threads spin while they wait for each other.
    """
    with _limiting, _blas().limit(limits=1):
        yield


@functools.cache
def _libc() -> Any:
    """Give the C library where it is glibc, which keeps what a program has freed; None elsewhere."""
    library = ctypes.CDLL(None) if os.name == "posix" else None
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def share_memory_pools(most: int = 2) -> None:
    """Have all threads take memory from a few pools; does nothing where the C library is not glibc.

    By default every thread may fill one of its own, up to eight a core, and what one has freed no other one uses.
    """
    if _libc() is not None:
        _libc().mallopt(M_ARENA_MAX, most)


def give_back_memory() -> None:
    """Give the system what was freed, which glibc would keep; does nothing elsewhere."""
    if _libc() is not None:
        _libc().malloc_trim(0)


@contextlib.contextmanager
def locked(stream: IO[Any], taken: Exception) -> Iterator[None]:
    """Keep other programs that ask for the same lock out of a file, while a block runs or until this one is killed.

    Nothing is locked where the system or the disk has no locks, as some network drives.

    Parameters
    ----------
    stream : file
        Open for writing.
    taken : Exception
        Raised if another one holds the lock.
    """
    try:
        _lock(stream)
    except OSError as error:
        if error.errno in TAKEN:
            raise taken from error
    try:
        yield
    finally:
        _unlock(stream)


def file_name(text: str) -> str:
    """Make a name that a file may have on every system; most stay as they are.

    Windows forbids some characters, a dot or blank at the end, and the names of its devices, whatever follows their
    dot. They become dashes, or get one.

    Examples
    --------
    >>> file_name("Pleural_Thickening"), file_name("Mass: 3/4?"), file_name("con"), file_name("etc.")
    ('Pleural_Thickening', 'Mass- 3-4-', 'con-', 'etc-')
    """
    plain = FORBIDDEN.sub("-", text)
    if device := RESERVED.match(plain):
        plain = f"{device[0]}-{plain[device.end() :]}"
    return plain if plain.rstrip(". ") == plain and plain else f"{plain[:-1]}-"


def free_name(text: str, taken: set[str]) -> str:
    """Make a name of a file that is none of those taken, with a number if need be, and take it.

    Names that differ in capitals only are one file on Windows and macOS.
    """
    plain = file_name(text)
    name, number = plain, 2
    while name.casefold() in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name.casefold())
    return name


def relative_path(path: Path, start: Path) -> str:
    """Give a path as seen from a folder, with forward slashes; in full where it lies on another drive of Windows."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return Path(path).resolve().as_posix()


def _lock(stream: IO[Any]) -> None:
    if fcntl is not None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        _lock_byte(stream, msvcrt.LK_NBLCK)


def _unlock(stream: IO[Any]) -> None:
    with contextlib.suppress(OSError):  # it could not be locked
        if fcntl is not None:
            fcntl.flock(stream, fcntl.LOCK_UN)
        elif msvcrt is not None:
            _lock_byte(stream, msvcrt.LK_UNLCK)


def _lock_byte(stream: IO[Any], how: int) -> None:
    """Lock or unlock one byte far behind the end, without moving to it."""
    number = stream.fileno()
    here = os.lseek(number, 0, os.SEEK_CUR)
    try:
        os.lseek(number, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(number, how, 1)
    finally:
        os.lseek(number, here, os.SEEK_SET)
