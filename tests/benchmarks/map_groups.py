"""How often groups of similar maps are found where there are none, and where there is one.

Prints the table of docs/many-maps.md: ``python -m tests.benchmarks.map_groups``, about ten minutes.
"""

from __future__ import annotations

import argparse

import numpy as np

from tests.training.evaluate.made_maps import WITHOUT, anywhere, blurred, heart, three, with_token
from training.evaluate.map_groups import group_maps


def false_alarms(world: str, films: int, draws: int) -> int:
    """Count draws of a world without groups in which there are said to be some."""
    return sum(group_maps(WITHOUT[world](films, np.random.default_rng(seed))).count > 0 for seed in range(draws))


def is_found(films: int, share: float, others: str, seed: int) -> bool:
    """Say whether a planted group comes out as one: four in five of all films that are in either are in both."""
    make = {"heart": heart, "three": three, "anywhere": anywhere, "blurred": blurred}[others]
    maps, here = with_token(films, share, np.random.default_rng(seed), make)
    of = group_maps(maps).of
    return any(
        ((of == group) & here).sum() >= 0.8 * ((of == group) | here).sum() for group in range(of.max(initial=-1) + 1)
    )


def main() -> None:
    """Print both tables, a line at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100)
    draws = parser.parse_args().draws
    for world, make in WITHOUT.items():
        counts = [false_alarms(world, films, draws) for films in (60, 120, 240)]
        print(f"| {make.__doc__} | " + " | ".join(f"{100 * one / draws:.1f}" for one in counts) + " |", flush=True)
    for others in ("heart", "blurred", "three", "anywhere"):
        for films in (120, 240):
            found = [
                np.mean([is_found(films, share, others, seed) for seed in range(draws // 5)])
                for share in (0.5, 0.25, 0.15)
            ]
            print(f"| {others}, {films} films | " + " | ".join(f"{100 * one:.0f}" for one in found) + " |", flush=True)


if __name__ == "__main__":
    main()
