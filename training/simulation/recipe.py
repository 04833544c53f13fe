"""A film as a small JSON: a seed and what is on the film. Everything else follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from training.simulation.findings import MODELS
from training.simulation.objects import OBJECTS

VERSION = 2  # a recipe of another version may render differently and is refused


class RecipeError(ValueError):
    """A recipe that cannot be rendered."""


@dataclass(frozen=True)
class Recipe:
    """What a simulated film is made of.

    Attributes
    ----------
    seed
        Seed of the film: pose, exposure, noise, where findings lie.
    person
        Seed of the person: the anatomy that all films of one patient share.
    view
        ``"PA"`` or ``"AP"``.
    age
        Years.
    sex
        ``"M"`` or ``"F"``.
    findings
        (name, severity 0 to 1, side) of each finding present.
    objects
        Names of the markers, leads and other objects on the film.
    """

    seed: int
    person: int
    view: str
    age: int
    sex: str
    findings: tuple[tuple[str, float, str], ...] = ()
    objects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _expect(self.view in ("PA", "AP"), "view", "PA or AP", self.view)
        _expect(self.sex in ("M", "F"), "sex", "M or F", self.sex)
        for name, severity, side in self.findings:
            _expect(name in MODELS, "finding", f"one of {', '.join(MODELS)}", name)
            _expect(0 <= severity <= 1, f"severity of {name}", "0 to 1", severity)
            _expect(side in MODELS[name].sides, f"side of {name}", " or ".join(MODELS[name].sides), side)
        for name in self.objects:
            _expect(name in OBJECTS, "object", f"one of {', '.join(OBJECTS)}", name)

    @property
    def severities(self) -> dict[str, float]:
        """Severity of each finding present."""
        return {name: severity for name, severity, _ in self.findings}

    def without(self, names: Iterable[str]) -> Recipe:
        """Give the recipe of the twin film that lacks the named findings and objects."""
        gone = set(names)
        unknown = gone - set(MODELS) - set(OBJECTS)
        _expect(not unknown, "what to leave out", "findings or objects", ", ".join(sorted(unknown)))
        findings = tuple(finding for finding in self.findings if finding[0] not in gone)
        return replace(self, findings=findings, objects=tuple(name for name in self.objects if name not in gone))

    def to_json(self) -> str:
        """Write the recipe as compact JSON."""
        content = {
            "version": VERSION,
            "seed": self.seed,
            "person": self.person,
            "view": self.view,
            "age": self.age,
            "sex": self.sex,
            "findings": {name: [severity, side] for name, severity, side in self.findings},
            "objects": list(self.objects),
        }
        return json.dumps(content, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe.

        Raises
        ------
        RecipeError
            Where the text is no JSON, lacks a field, or asks for something that does not exist.
        """
        try:
            content = json.loads(text)
            _expect(content["version"] == VERSION, "recipe version", str(VERSION), content["version"])
            return cls(
                seed=int(content["seed"]),
                person=int(content["person"]),
                view=content["view"],
                age=int(content["age"]),
                sex=content["sex"],
                findings=tuple((name, float(s), side) for name, (s, side) in content["findings"].items()),
                objects=tuple(content["objects"]),
            )
        except RecipeError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RecipeError(f"A recipe needs seed, person, view, age, sex, findings and objects: {error}.") from error


def _expect(true: bool, what: str, expected: str, came: object) -> None:
    if not true:
        raise RecipeError(f"Expected {what} to be {expected}, but got {came}.")
