"""Damage files by the thousand and read them: ``python -m tests.fuzz --cases 100000``; a nightly run.

What goes wrong is printed once a place with its number; ``python -m tests.fuzz --only card:1234`` repeats it. Each kind
runs in a process with bounds of memory and of time a file; one that is ended is named, and the rest go on.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures.process import BrokenProcessPool

from tests.fuzz.cases import Failure, run_case, run_cases
from tests.fuzz.targets import TARGETS
from xai.films.apart import bound_memory
from xai.machine import process_pool

STEP = 20  # files that are handed to the process together


def main() -> int:
    """Run, print what went wrong, and give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="files of each kind (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most so long for each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first file (default: %(default)s)")
    parser.add_argument("--kinds", default=",".join(TARGETS), help="(default: %(default)s)")
    parser.add_argument("--only", help="one file, such as card:1234, in this process")
    options = parser.parse_args()
    if options.only:
        name, number = options.only.split(":")
        print(run_case(name, int(number)) or "read, or refused in one sentence")
        return 0
    found = [_run(name, options) for name in options.kinds.split(",")]
    return 1 if any(found) else 0


def _run(name: str, options: argparse.Namespace) -> bool:
    begun, done, places = time.monotonic(), 0, {}
    process = process_pool(1, bound_memory)
    numbers = range(options.first, options.first + options.cases)
    pending = [list(numbers[start : start + STEP]) for start in range(0, len(numbers), STEP)]
    while pending and time.monotonic() - begun < options.seconds:
        step = pending.pop(0)
        try:
            failures = process.submit(run_cases, name, step).result()
        except BrokenProcessPool:
            process = process_pool(1, bound_memory)
            failures = [Failure(name, step[0], "ended the process")] if len(step) == 1 else []
            pending = [[number] for number in step if len(step) > 1] + pending
        done += len(step)
        for one in failures:
            place = one.what.split(":")[0]
            if place not in places:
                print(one, flush=True)
            places[place] = places.get(place, 0) + 1
    process.shutdown()
    print(f"{name}: {done:,} files in {time.monotonic() - begun:.0f} s, {sum(places.values())} wrong", flush=True)
    return bool(places)


if __name__ == "__main__":
    sys.exit(main())
