"""How often the shortcut alarm is right: networks with a planted shortcut and clean ones, judged blind.

``python -m tests.benchmarks.shortcut_alarm --work FOLDER`` trains the networks that FOLDER lacks, writes the table that
comes with the app, one row a network, and prints the shares with their intervals. With many cores, one process each for
``--share 0/16`` to ``--share 15/16`` trains its own part and writes no table; films are rendered once beforehand, by
``--films``. ``--development`` makes other networks from other films, on which the rule was chosen.

What is a strong shortcut, a weak one or none is said by the twins, not by what was planted: an object that adds a logit
or more to the finding is strong, 0.3 to 1 weak, and a network is clean where no object adds 0.3.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.shortcut_films import ALL, FINDINGS, Chests, chests
from tests.benchmarks.shortcut_models import Network, Plan, made, read_network, write_network
from tests.benchmarks.shortcut_networks import ARCHITECTURES, Student
from training.evaluate.alarm import LEAST, alarm
from training.evaluate.alarm_rates import RATES_FILE, measures_table, rates_table, starts_table
from training.evaluate.hidden_regions import LINES, PLACES, masks

PLANTED = ("token", "marker", "tube", "corner", "border_top", "token", "tube", "marker", "corner", "border_left")
FOLLOWS = (1.0, 0.7, 0.45, 0.3)  # strong to weak
# First seed; plants, clean networks and starts of each architecture.
DEVELOPED, JUDGED = (1000, 10, 10, 1), (3000, 34, 54, 16)
DEVELOPMENT, FRESH = (1300, 71, 850), (1900, 72, 1100)  # films, their seed, and of how many the networks learn
STRONG, WEAK = 1.0, 0.3  # logits
LIES_THERE = 0.25  # of an object's pixels: the region is a right name for it
PAGE = Path(__file__).resolve().parents[2] / "docs" / "alarm.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LEASTS = {"blurred": LEAST, "mean": LEAST, "gradcam": 0.05, "layercam": 0.05}  # logits; shares of a map


def plans(first: int, plants: int, clean: int, starts: int) -> list[Plan]:
    """Say what networks are taught, each in both architectures: plants of all kinds and strengths, then clean ones."""
    kinds = len(PLANTED)
    planted = [(PLANTED[k % kinds], FOLLOWS[(k + k // kinds) % len(FOLLOWS)]) for k in range(plants)]
    taught = [(architecture, *one) for one in (*planted, *[("", 0.0)] * clean) for architecture in ARCHITECTURES]
    pairs = [k // len(ARCHITECTURES) for k in range(len(taught))]
    return [
        Plan(first + k, first + pair % starts, one[0], FINDINGS[pair % len(FINDINGS)], *one[1:])
        for k, (pair, one) in enumerate(zip(pairs, taught, strict=True))
    ]


def shared(order: list[Plan], share: int, shares: int) -> list[Plan]:
    """Take one process's part: both architectures, and of each one start only where there are as many parts."""
    return [one for k, one in enumerate(order) if k // len(ARCHITECTURES) % shares == share]


def networks(work: Path, order: list[Plan], learned: Chests, unseen: Chests, start: Chests) -> list[Network]:
    """Make networks, or read those that were made before."""
    students = {name: Student(name) for name in ARCHITECTURES}
    begun = ""
    for plan in sorted(order, key=lambda one: (one.architecture, one.start)):
        if (path := work / f"network-{plan.seed}.npz").exists():
            continue
        name = f"start-{plan.architecture}-{plan.start}.npz"
        if begun != name:
            students[plan.architecture].begin(start, work / name, plan.start)
            begun = name
        write_network(path, made(plan, learned, unseen, students[plan.architecture]))
        print(f"{plan.seed}: {plan.architecture}, {plan.finding}, {plan.object or 'clean'} {plan.follows}", flush=True)
    return [read_network(work / f"network-{plan.seed}.npz") for plan in order]


def kind_of(network: Network) -> tuple[str, str, float]:
    """Say what a network does, by its twins: the kind, the object that moves it most, and by how many logits."""
    name = max(ALL, key=lambda one: network.effects[one])
    effect = network.effects[name]
    kind = "strong" if effect >= STRONG else "weak" if effect >= WEAK else "clean"
    return kind, "" if kind == "clean" else name, effect


def where(films: Chests, name: str) -> set[str]:
    """Name the regions in which an object lies; a tube is a line, wherever it lies."""
    if name == "tube":
        return {LINES}
    change = np.abs(films.changes[:100, ALL.index(name)].astype(np.float32)) > 0.05
    places = masks(change.shape[1:])
    return {place for place in PLACES if change[:, places[place]].sum() >= LIES_THERE * change.sum()}


def row(network: Network, right: dict[str, set[str]]) -> dict[str, object]:
    """Give a line of the table: what a network does, and what the alarm says by each measure of the regions."""
    plan, (kind, name, effect) = network.plan, kind_of(network)
    line: dict[str, object] = {"architecture": plan.architecture, "start": plan.start, "kind": kind, "object": name}
    line |= {"effect": round(effect, 4), "planted": plan.object, "finding": plan.finding}
    for method, evidence in network.evidence.items():
        flagged, unflagged = evidence[: network.flagged], evidence[network.flagged :]
        said = alarm(flagged, unflagged, FINDINGS.index(plan.finding), least=LEASTS[method])
        part = "" if method == "blurred" else f"{method}_"
        is_right = said.region in right.get(name, ())
        line |= {f"{part}verdict": said.verdict, f"{part}region": said.region, f"{part}right": int(is_right)}
    return line


def main() -> None:
    """Make the networks, let the alarm judge them, and print how often it was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for films and networks")
    parser.add_argument("--share", default="0/1", help="train one part of the networks only, such as 3/16")
    parser.add_argument("--films", action="store_true", help="render the films, and no more")
    parser.add_argument("--development", action="store_true")
    asked = parser.parse_args()
    count, seed, learn = DEVELOPMENT if asked.development else FRESH
    films, start = chests(count, seed, asked.work), chests(*DEVELOPMENT[:2], asked.work)
    if asked.films:
        return
    order = plans(*(DEVELOPED if asked.development else JUDGED))
    share, shares = map(int, asked.share.split("/"))
    make = partial(networks, asked.work, learned=films.some(slice(0, learn)), unseen=films.some(slice(learn, None)))
    there = make(shared(order, share, shares), start=start)
    if shares > 1:
        return
    right = {name: where(films, name) for name in ALL}
    table = pd.DataFrame([row(one, right) for one in there])
    print(table.to_string())
    told = "\n\n".join(
        [
            rates_table(table),
            "Counted by start, which is right where the alarm is of every network that grew from it:",
            starts_table(table),
            "Other measures of the regions, on the same networks:",
            measures_table(table),
        ]
    )
    print(told)
    if not asked.development:
        table.to_csv(RATES_FILE, index=False, lineterminator="\n")
        write_page(told)


def write_page(told: str) -> None:
    """Put the tables into the page of the docs, between its two remarks."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    PAGE.write_text(f"{before}{begin}\n\n{told}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
