"""Read a film in a process of its own, which the system ends when it takes too long or too much.

Readers bound what a file may ask for before they decode it. This holds for what they do not know of: a decoder that
never ends, fills the memory or crashes takes nobody else with it, and a slow one keeps nobody else waiting.

The process is a plain one that is asked through its pipes. Python's own pools would run the main module again in it,
which within Streamlit is the page.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import queue
import struct
import subprocess
import sys
from pathlib import Path
from typing import IO

from xai.films.film import Film, FilmError
from xai.films.reading import read_film
from xai.machine import cores, resource

SECONDS = 30  # of processor for one film
MEMORY = 3 * 2**30  # bytes beside what an idle process takes; 40 million pixels in colour take about one GiB

_SIZE = struct.Struct("<Q")  # of what follows, in bytes
_ANSWER = "from xai.films.apart import answer; answer()"
_ROOT = Path(__file__).resolve().parents[2]


class _Ended(Exception):
    """A process ended before it answered."""


class _Reader:
    """A process that reads one film after the other."""

    def __init__(self) -> None:
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ANSWER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders write there what they think of a file
            env=os.environ | {"PYTHONPATH": paths},
        )

    def read(self, data: bytes) -> Film | Exception:
        """Send a file, and give what came of it; `_Ended` if the process did not live to tell."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            _send(self.process.stdin, data)
            came: Film | Exception = pickle.loads(_receive(self.process.stdout))
        except (OSError, EOFError):
            self.process.kill()
            self.process.wait()
            raise _Ended from None
        return came

    def lives(self) -> bool:
        """Say whether it was not ended while it was idle."""
        return self.process.poll() is None


# Processes that read nothing just now, the last one first; None stands for one that is not started yet.
_idle: queue.LifoQueue[_Reader | None] = queue.LifoQueue()
for _ in range(min(2, cores())):
    _idle.put(None)


def read_film_apart(data: bytes) -> Film:
    """Read a film as `xai.films.reading.read_film` does, in another process within bounds of time and memory.

    A film takes some hundredths of a second more than here. A process takes a second to start and about 130 MB, stays
    for the next film, and ends with this one. Where the system has no bounds, as Windows, only crashes are kept away.

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
    reader = _idle.get()
    try:
        if reader is None or not reader.lives():
            reader = _Reader()
        came = reader.read(data)
    except _Ended:
        reader = None
        raise FilmError(
            f"Reading this file takes more than {SECONDS} s or crashes the decoder; save it again as a plain PNG."
        ) from None
    finally:
        _idle.put(reader)
    if isinstance(came, MemoryError):
        raise FilmError("Reading this file takes more memory than any film; save it again as a plain PNG.")
    if isinstance(came, Exception):
        raise came
    return came


def answer() -> None:
    """Read the films that come through standard input, as that process, until there are no more."""
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a decoder prints is no answer
    bound_memory()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            data = _receive(asked)
            bound_time(SECONDS)
            _send(told, pickle.dumps(_what_comes_of(data), pickle.HIGHEST_PROTOCOL))


def bound_memory(most: int = MEMORY) -> None:
    """Let this process take so many bytes more than it has; macOS and Windows have no such bound."""
    if resource is not None:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken + most, resource.RLIM_INFINITY))


def bound_time(seconds: int) -> None:
    """Let the system end this process once it has taken so much more time of a processor."""
    if resource is not None:
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used) + seconds, most))


def _what_comes_of(data: bytes) -> Film | Exception:
    try:
        return read_film(data)
    except Exception as error:
        return error


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_SIZE.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    return _exactly(pipe, _SIZE.unpack(_exactly(pipe, _SIZE.size))[0])


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
