"""The conditions of the Films page in words, each with what takes it away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.films.state import FLAGS, IMAGES, MET, OUTCOMES, STATES, State
from dashboard.page.words import percent
from training.evaluate.conditions import read_condition
from xai.findings import finding_label

PAIRS = {"labels": STATES, "flags": FLAGS, "outcomes": OUTCOMES}
SEXES = {"F": "female", "M": "male"}


@dataclass(frozen=True)
class Chip:
    """One condition: what to say of it, and the changes that remove it."""

    words: str
    without: dict[str, Any] = field(default_factory=dict)


def chips(asked: State) -> list[Chip]:
    """Give a chip for each condition that is asked for."""
    found = []
    for name, words in PAIRS.items():
        conditions = getattr(asked, name)
        for finding in dict.fromkeys(one for one, _ in conditions):
            states = " or ".join(words[state] for state in asked.states(name, finding))
            kept = tuple(one for one in conditions if one[0] != finding)
            found.append(Chip(f"{finding_label(finding)}: {states}", {name: kept}))
    for one in asked.probability:
        span = f"{finding_label(one[0])}: {percent(one[1])} to {percent(one[2])}"
        found.append(Chip(span, {"probability": _without(asked.probability, one)}))
    for at in asked.thresholds:
        threshold = f"{finding_label(at[0])}: threshold {at[1]:.3g}"
        found.append(Chip(threshold, {"thresholds": _without(asked.thresholds, at)}))
    for name in ("split", "view", "sex", "source"):
        if wanted := getattr(asked, name):
            said = [SEXES.get(value, value) if name == "sex" else value for value in wanted]
            found.append(Chip(f"{name}: {' or '.join(said)}", {name: ()}))
    for tag in asked.tags:
        found.append(Chip(f"tag: {tag}", {"tags": _without(asked.tags, tag)}))
    if asked.age is not None:
        found.append(Chip(f"age: {asked.age[0]:g} to {asked.age[1]:g}", {"age": None}))
    if asked.patient:
        found.append(Chip(f"patient: {asked.patient}", {"patient": ""}))
    if asked.name:
        found.append(Chip(f"name: {asked.name}", {"name": ""}))
    if asked.image:
        found.append(Chip(IMAGES[asked.image], {"image": ""}))
    if asked.met:
        found.append(Chip(MET[asked.met], {"met": ""}))
    for text in asked.where:
        found.append(Chip(read_condition(text).words, {"where": _without(asked.where, text)}))
    if asked.sample:
        found.append(Chip(f"{asked.sample:,} at random, seed {asked.seed}", {"sample": 0, "seed": 0}))
    return found


def _without(conditions: tuple, one: Any) -> tuple:
    return tuple(other for other in conditions if other != one)
