"""Seconds and memory of the three explanations of all findings with the default model.

    python tests/benchmarks/default_model.py [--films 200]

Starts cold: the first line counts imports and loading, the second the first explanation, which compiles.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

CHECKPOINT = 50  # films after which memory is first written down


def resident_mib() -> float:
    """Memory of this process in MiB, as Linux counts it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=200)
    options = parser.parse_args()

    start = time.perf_counter()
    import numpy as np

    from xai.explainers import DEFAULT_METHODS, EXPLAINERS
    from xai.films.film import Film
    from xai.models.classifier import Classifier
    from xai.models.library import DEFAULT_MODEL, find_model

    classifier = Classifier.load(find_model(DEFAULT_MODEL))
    print(f"{classifier.card.name}: imported and loaded in {time.perf_counter() - start:.2f} s")

    def explain(seed: int) -> dict[str, float]:
        film = Film.from_pixels(np.random.default_rng(seed).random((512, 480), np.float32))
        took = {}
        for name in DEFAULT_METHODS:
            start = time.perf_counter()
            EXPLAINERS[name]().explain(classifier, film)
            took[name] = time.perf_counter() - start
        return took

    for count in range(1, options.films + 1):
        took = explain(count)
        if count <= 2:
            parts = ", ".join(f"{name} {each:.2f} s" for name, each in took.items())
            when = "first, compiles" if count == 1 else "again"
            print(f"three explanations of all findings ({when}): {sum(took.values()):.2f} s ({parts})", flush=True)
        if count in (CHECKPOINT, options.films):
            print(f"memory after {count} films: {resident_mib():.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
