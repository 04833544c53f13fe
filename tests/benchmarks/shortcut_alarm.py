"""How often the shortcut alarm is right: small networks with a planted shortcut and clean ones, judged blind.

``python -m tests.benchmarks.shortcut_alarm --work FOLDER``: about a quarter of an hour on two cores. Writes the table
that comes with the app, one row a network, and prints the shares with their intervals. What is a strong shortcut, a
weak one or none is said by the twins, not by what was planted: an object that adds a logit or more to the finding is
strong, 0.3 to 1 weak, and a network is clean where no object adds 0.3. ``--development`` makes other networks from
other films, on which the alarm was tuned, and writes no table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.shortcut_films import ALL, FINDINGS, Chests, chests
from tests.benchmarks.shortcut_models import Network, Plan, Student, made, read_network, write_network
from training.evaluate.alarm import REGIONS, alarm
from training.evaluate.alarm_rates import KINDS, RATES_FILE, found, named_rightly
from training.evaluate.rates import Share

PLANTED = ("token", "marker", "tube", "corner", "border_top", "token", "marker", "tube", "corner", "border_left")
FOLLOWS = (1.0, 0.7, 0.45, 0.3)  # strong to weak
DEVELOPED, JUDGED = (100, 20, 2), (500, 28, 22)  # first seed, plants, clean networks
STRONG, WEAK = 1.0, 0.3  # logits
MOST = 60  # films of either kind, as in the app
LIES_THERE = 0.25  # of an object's pixels: the region is a right name for it
DEVELOPMENT, FRESH = (1300, 71, 850), (1900, 72, 1100)  # films, their seed, and of how many the networks learn


def plans(first: int, plants: int, clean: int) -> list[Plan]:
    """Say what networks are taught: plants of all kinds and strengths in turn, then clean ones."""
    kinds = len(PLANTED)
    planted = [(PLANTED[k % kinds], FOLLOWS[(k + k // kinds) % len(FOLLOWS)]) for k in range(plants)]
    taught = [*planted, *[("", 0.0)] * clean]
    return [Plan(first + k, FINDINGS[k % len(FINDINGS)], *one) for k, one in enumerate(taught)]


def kind_of(network: Network) -> tuple[str, str, float]:
    """Say what a network does, by its twins: the kind, the object that moves it most, and by how many logits."""
    name = max(ALL, key=lambda one: network.effects[one])
    effect = network.effects[name]
    kind = "strong" if effect >= STRONG else "weak" if effect >= WEAK else "clean"
    return kind, "" if kind == "clean" else name, effect


def decided(network: Network, truth: np.ndarray) -> tuple[str, str]:
    """Let the alarm say what it finds: it sees answers, labels and maps, and nothing of objects."""
    column = FINDINGS.index(network.plan.finding)
    scores, absent = network.answers[:, column], truth[:, column] == 0
    threshold = np.quantile(scores, 1 - max(network.flags, truth[:, column].mean()))
    flagged, unflagged = np.flatnonzero(absent & (scores >= threshold)), np.flatnonzero(absent & (scores < threshold))
    flagged = flagged[np.argsort(-scores[flagged], kind="stable")][:MOST]
    unflagged = np.random.default_rng(0).permutation(unflagged)[:MOST]
    said = alarm(network.evidence[flagged], network.evidence[unflagged], column)
    return said.verdict, said.region


def where(films: Chests, name: str) -> set[str]:
    """Name the regions in which an object lies."""
    change = np.abs(films.changes[:100, ALL.index(name)].astype(np.float32)) > 0.05
    place = (np.arange(change.shape[1]) * 20) // change.shape[1]
    shares = {}
    for region, (rows, columns) in REGIONS.items():
        inside = np.outer(
            (place >= rows.start) & (place < rows.stop), (place >= columns.start) & (place < columns.stop)
        )
        shares[region] = change[:, inside].sum() / change.sum()
    return {region for region, share in shares.items() if share >= LIES_THERE}


def row(network: Network, films: Chests) -> dict[str, object]:
    """Give a line of the table."""
    kind, name, effect = kind_of(network)
    verdict, region = decided(network, films.truth)
    right = bool(name) and region in where(films, name)
    plan = network.plan
    return {
        "kind": kind, "object": name, "effect": round(effect, 4), "planted": plan.object, "finding": plan.finding,
        "verdict": verdict, "region": region, "right": int(right),
    }  # fmt: skip


def networks(work: Path, order: list[Plan], learned: Chests, unseen: Chests, start: Chests) -> list[Network]:
    """Make networks, or read those that were made before."""
    student, there = None, []
    for plan in order:
        path = work / f"network-{plan.seed}.npz"
        if not path.exists():
            if student is None:
                student = Student()
                student.begin(start, work / "start.npz")
            write_network(path, made(plan, learned, unseen, student))
            print(f"{plan.seed}: {plan.finding}, {plan.object or 'clean'} {plan.follows}", flush=True)
        there.append(read_network(path))
    return there


def written(one: Share) -> str:
    """Write a share with its interval."""
    return f"{one.count} of {one.of}, {one.value:.0%} [{one.low:.0%}, {one.high:.0%}]"


def main() -> None:
    """Make the networks, let the alarm judge them, and print how often it was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for films and networks")
    parser.add_argument("--development", action="store_true")
    asked = parser.parse_args()
    count, seed, learn = DEVELOPMENT if asked.development else FRESH
    films, start = chests(count, seed, asked.work), chests(*DEVELOPMENT[:2], asked.work)
    learned, unseen = films.some(slice(0, learn)), films.some(slice(learn, None))
    order = plans(*DEVELOPED) if asked.development else plans(*JUDGED)
    table = pd.DataFrame([row(one, unseen) for one in networks(asked.work, order, learned, unseen, start)])
    print(table.to_string())
    for kind in KINDS[:2]:
        print(f"{kind}: found {written(found(table, kind))}, named rightly {written(named_rightly(table, kind))}")
    print(f"clean: accused {written(found(table, 'clean'))}")
    if not asked.development:
        RATES_FILE.parent.mkdir(exist_ok=True)
        table.to_csv(RATES_FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
