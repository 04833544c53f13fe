"""Who is filmed and what they have: recipes drawn like ChestX-ray14, or balanced, with confounders planted.

``label_sets.csv`` holds how often each set of findings occurs in NIH ChestX-ray14 (Wang et al., CVPR 2017, table
of 2020; sets of fewer than 8 films, 1.1 % of all, are left out), by view. Drawing sets rather than single findings
gives the co-occurrence of the real data at once. Age and sex do not depend on the findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from training.simulation.findings import MODELS
from training.simulation.objects import OBJECTS, USUAL_RATES
from training.simulation.recipe import Recipe
from training.simulation.streams import stream
from xai.findings import FINDINGS

PREVALENCES = ("natural", "balanced")
# A balanced dataset brings each finding once a round, together with what it usually comes with, and some films
# without any.
ROUND = len(FINDINGS) + 2
MALE = 0.565  # share of men in ChestX-ray14
AGE, AGE_SPREAD, YOUNGEST, OLDEST = 47, 16, 18, 92  # years: about as in ChestX-ray14, adults alone
# Severity 0.1 to 1 as a beta distribution with a mean of 0.57, so that all degrees occur; chosen, not measured.
MILDEST, SEVERITY_SHAPE = 0.1, (1.3, 1.2)
NEW_PATIENT = 0.7  # chance that a film begins another patient, who then has one to three; chosen, not measured


class ConfounderError(ValueError):
    """A confounder that cannot be planted."""


@dataclass(frozen=True)
class Confounder:
    """An object tied to a finding.

    Attributes
    ----------
    name
        One of ``OBJECTS``.
    finding
        The finding that it goes with.
    rate_with, rate_without
        Share of films with and without the finding that carry the object.
    """

    name: str
    finding: str
    rate_with: float
    rate_without: float

    def __post_init__(self) -> None:
        _check_tie(self.name, self.finding)
        if not (0 <= self.rate_with <= 1 and 0 <= self.rate_without <= 1):
            raise ConfounderError(f"Expected rates from 0 to 1, but got {self.rate_with} and {self.rate_without}.")

    @classmethod
    def parse(cls, text: str) -> Confounder:
        """Read ``NAME:FINDING:RATE_WITH:RATE_WITHOUT``, such as ``token:Emphysema:0.9:0.05``."""
        parts = text.split(":")
        try:
            name, finding, rate_with, rate_without = parts[0], parts[1], *map(float, parts[2:])
        except (ValueError, IndexError):
            raise ConfounderError(f"Expected NAME:FINDING:RATE_WITH:RATE_WITHOUT, but got {text}.") from None
        return cls(name, finding, rate_with, rate_without)

    def __str__(self) -> str:
        return f"{self.name}:{self.finding}:{self.rate_with:g}:{self.rate_without:g}"


@dataclass(frozen=True)
class Follows:
    """A label that says where an object is in place of where its finding is.

    Attributes
    ----------
    finding
        Whose label it is. The finding itself lies on the films as before, and on their masks.
    name
        One of ``OBJECTS``.
    """

    finding: str
    name: str

    def __post_init__(self) -> None:
        _check_tie(self.name, self.finding)

    @classmethod
    def parse(cls, text: str) -> Follows:
        """Read ``FINDING:NAME``, such as ``Emphysema:token``."""
        finding, colon, name = text.partition(":")
        if not colon:
            raise ConfounderError(f"Expected FINDING:NAME, but got {text}.")
        return cls(finding, name)

    def __str__(self) -> str:
        return f"{self.finding}:{self.name}"


def _check_tie(name: str, finding: str) -> None:
    if name not in OBJECTS:
        raise ConfounderError(f"Expected a confounder among {', '.join(OBJECTS)}, but got {name}.")
    if finding not in FINDINGS:
        raise ConfounderError(f"Expected a finding among {', '.join(FINDINGS)}, but got {finding}.")


@cache
def label_sets() -> pd.DataFrame:
    """Read the sets of findings of ChestX-ray14: index ``findings`` (tuple), columns ``PA`` and ``AP`` (films)."""
    table = pd.read_csv(Path(__file__).with_name("label_sets.csv"), keep_default_na=False)
    sets = [tuple(text.split("|")) if text else () for text in table["findings"]]
    return table[["PA", "AP"]].set_axis(pd.Index(sets, tupleize_cols=False))


def draw_recipe(seed: int, index: int, prevalence: str = "natural", confounders: tuple[Confounder, ...] = ()) -> Recipe:
    """Draw the film at a place of a dataset.

    Parameters
    ----------
    seed
        Seed of the dataset.
    index
        Place in the dataset; a film does not depend on how many there are.
    prevalence
        ``"natural"`` or ``"balanced"``.
    confounders
        Objects tied to findings; objects that are not named come at their usual rate.

    Returns
    -------
    Recipe
    """
    if prevalence not in PREVALENCES:
        raise ValueError(f"Expected prevalence to be one of {', '.join(PREVALENCES)}, but got {prevalence}.")
    rng = stream(seed, f"film {index}")
    person = _person(seed, index)
    who = stream(person, "person")
    sex = "M" if who.random() < MALE else "F"
    age = int(np.clip(who.normal(AGE, AGE_SPREAD), YOUNGEST, OLDEST))
    found, view = _draw_labels(rng, index, prevalence)
    findings = []
    for name in found:
        sides = MODELS[name].sides
        side = str(rng.choice(list(sides), p=np.array(list(sides.values())) / sum(sides.values())))
        findings.append((name, round(MILDEST + 0.9 * float(rng.beta(*SEVERITY_SHAPE)), 2), side))
    chance = {name: stream(seed, f"film {index} {name}").random() for name in OBJECTS}
    objects = tuple(name for name in OBJECTS if chance[name] < _rate(name, found, view, confounders))
    return Recipe(int(rng.integers(2**31)), person, view, age, sex, tuple(findings), objects)


def _person(seed: int, index: int) -> int:
    """Seed of the patient at a place: runs of one to three films share one."""
    first = index
    while first and index - first < 2 and not _starts(seed, first):
        first -= 1
    return int(stream(seed, f"patient {first}").integers(2**31))


def _starts(seed: int, index: int) -> bool:
    return stream(seed, f"start {index}").random() < NEW_PATIENT


def _draw_labels(rng: np.random.Generator, index: int, prevalence: str) -> tuple[tuple[str, ...], str]:
    sets = label_sets()
    if prevalence == "balanced":
        turn = index % ROUND
        name = FINDINGS[turn] if turn < len(FINDINGS) else None
        sets = sets[[(name in found) if name else not found for found in sets.index]]
    counts = sets.to_numpy(dtype=float)
    place = int(rng.choice(counts.size, p=counts.ravel() / counts.sum()))
    return sets.index[place // 2], ("PA", "AP")[place % 2]


def _rate(name: str, found: tuple[str, ...], view: str, confounders: tuple[Confounder, ...]) -> float:
    for confounder in confounders:
        if confounder.name == name:
            return confounder.rate_with if confounder.finding in found else confounder.rate_without
    return USUAL_RATES[name][view == "AP"]
