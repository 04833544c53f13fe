"""The conditions of a query in words, each with what takes it away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.films.state import FLAGS, IMAGES, OUTCOMES, STATES, State
from dashboard.page.words import percent
from xai.findings import finding_label

PAIRS = {"labels": STATES, "flags": FLAGS, "outcomes": OUTCOMES}
SEXES = {"F": "female", "M": "male"}


@dataclass(frozen=True)
class Chip:
    """One condition: what to say of it, and the changes to the query that remove it."""

    words: str
    without: dict[str, Any] = field(default_factory=dict)


def chips(query: State) -> list[Chip]:
    """Give a chip for each condition of a query."""
    found = []
    for name, words in PAIRS.items():
        conditions = getattr(query, name)
        for finding in dict.fromkeys(one for one, _ in conditions):
            states = " or ".join(words[state] for state in query.states(name, finding))
            kept = tuple(one for one in conditions if one[0] != finding)
            found.append(Chip(f"{finding_label(finding)}: {states}", {name: kept}))
    for one in query.probability:
        asked = f"{finding_label(one[0])}: {percent(one[1])} to {percent(one[2])}"
        found.append(Chip(asked, {"probability": _without(query.probability, one)}))
    for at in query.thresholds:
        asked = f"{finding_label(at[0])}: threshold {at[1]:.3g}"
        found.append(Chip(asked, {"thresholds": _without(query.thresholds, at)}))
    for name in ("split", "view", "sex", "source"):
        if wanted := getattr(query, name):
            said = [SEXES.get(value, value) if name == "sex" else value for value in wanted]
            found.append(Chip(f"{name}: {' or '.join(said)}", {name: ()}))
    for tag in query.tags:
        found.append(Chip(f"tag: {tag}", {"tags": _without(query.tags, tag)}))
    if query.age is not None:
        found.append(Chip(f"age: {query.age[0]:g} to {query.age[1]:g}", {"age": None}))
    if query.patient:
        found.append(Chip(f"patient: {query.patient}", {"patient": ""}))
    if query.name:
        found.append(Chip(f"name: {query.name}", {"name": ""}))
    if query.image:
        found.append(Chip(IMAGES[query.image], {"image": ""}))
    if query.sample:
        found.append(Chip(f"{query.sample:,} at random, seed {query.seed}", {"sample": 0, "seed": 0}))
    return found


def _without(conditions: tuple, one: Any) -> tuple:
    return tuple(other for other in conditions if other != one)
