"""Read a film in a process of its own, which the system ends when it takes too long or too much.

Readers bound what a file may ask for before they decode it. This holds for what they do not know of: a decoder that
never ends, fills the memory or crashes takes nobody else with it.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import queue
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from xai.films.film import Film, FilmError
from xai.films.reading import read_film
from xai.machine import cores, process_pool, resource

SECONDS = 30  # of processor for one film
MEMORY = 3 * 2**30  # bytes beside what an idle process takes; 40 million pixels in colour take about one GiB

# Processes that read nothing just now, the last one first; None stands for one that is not started yet.
_idle: queue.LifoQueue[ProcessPoolExecutor | None] = queue.LifoQueue()
for _ in range(min(2, cores())):
    _idle.put(None)


def read_film_apart(data: bytes) -> Film:
    """Read a film as `xai.films.reading.read_film` does, in another process within bounds of time and memory.

    A film takes some hundredths of a second more than here. A process takes a second to start and about 130 MB, and
    stays for the next film. Where the system has no bounds, as Windows, only crashes are kept away.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    Film

    Raises
    ------
    FilmError
        If it is no film, or reading it takes more than `SECONDS` of processor or `MEMORY`.
    """
    process = _idle.get()
    try:
        process, reading = _begin(process, data)
        return reading.result()
    except BrokenProcessPool:
        process = None
        raise FilmError(
            f"Reading this file takes more than {SECONDS} s or crashes the decoder; save it again as a plain PNG."
        ) from None
    except MemoryError:
        raise FilmError("Reading this file takes more memory than any film; save it again as a plain PNG.") from None
    finally:
        _idle.put(process)


def _begin(process: ProcessPoolExecutor | None, data: bytes) -> tuple[ProcessPoolExecutor, Future[Film]]:
    """Hand a film to a process, to a new one where there is none or it was ended while it was idle."""
    if process is not None:
        with contextlib.suppress(BrokenProcessPool):
            return process, process.submit(_read, data)
    process = process_pool(1, _prepare)
    return process, process.submit(_read, data)


def _prepare() -> None:
    """Bound the memory of this process, and end it with the one that started it, however that ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    bound_memory()


def bound_memory(most: int = MEMORY) -> None:
    """Let this process take so many bytes more than it has; macOS and Windows have no such bound."""
    if resource is not None:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken + most, resource.RLIM_INFINITY))


def bound_time(seconds: int) -> None:
    """Let the system end this process once it has taken so much more time of a processor."""
    if resource is not None:
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used) + seconds, most))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(data: bytes) -> Film:
    bound_time(SECONDS)
    return read_film(data)
