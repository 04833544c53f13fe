"""One damaged file after the other, each by its number, within bounds of time and memory."""

from __future__ import annotations

import tempfile
import time
import traceback
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.fuzz.targets import TARGETS
from xai.films.apart import bound_time

SECONDS = 5.0  # of processor for one file
HARD_S = 100  # for some files, after which the process is ended that reads them
LONGEST = 1500  # characters of a sentence

# Numbers of files that went wrong once.
KEPT: dict[str, tuple[int, ...]] = {"predictions": (8, 622), "labels": (70,)}


@dataclass(frozen=True)
class Failure:
    """A file that was neither read nor refused as it should."""

    target: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.target}:{self.number} {self.what}"


def run_case(name: str, number: int) -> Failure | None:
    """Damage a file and read it; None where it was read, or refused in one sentence and in time."""
    target = TARGETS[name]
    rng = np.random.default_rng([zlib.crc32(name.encode()), number])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as home, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = target.damage(Path(home), rng)
        before = time.process_time()
        try:
            target.read(path)
        except target.refused() as error:
            said = str(error)
            if "\n" in said.strip() or len(said) > LONGEST:
                return Failure(name, number, f"is refused in more than a sentence: {said[:300]!r}")
        except MemoryError:
            return Failure(name, number, "takes more memory than a file may")
        except Exception as error:  # what is looked for
            return Failure(name, number, f"{_place(error)} {type(error).__name__}: {str(error)[:300]!r}")
        if (taken := time.process_time() - before) > SECONDS:
            return Failure(name, number, f"takes {taken:.1f} s")
    return None


def run_cases(name: str, numbers: list[int]) -> list[Failure]:
    """Run some files one after the other; the system ends the process where they take far too long."""
    bound_time(HARD_S)
    return [one for number in numbers if (one := run_case(name, number))]


def _place(error: Exception) -> str:
    """Name the last line of this project that an error came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if any(f"/{room}/" in one.filename for room in ("xai", "training", "dashboard"))]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
