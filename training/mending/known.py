"""What is known of how a model was trained, as far as it lifts probabilities."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xai.cards.calibration import is_number


@dataclass(frozen=True)
class Known:
    """What lifts the probabilities of a finding, and can be read from no film.

    Attributes
    ----------
    weight : float or None
        How many times the loss counted a film with the finding; 1 where all films counted alike, or where a calibration
        has undone it since. None where nobody said.
    trained : float or None
        Share of films with the finding among those that the probabilities were last fitted on; None where nobody said.
    said : tuple of str
        Which of these two somebody says, where the model card does not.
    calibrated : bool
        Whether the card calibrates the finding, on films that are then those of ``trained``.
    """

    weight: float | None = None
    trained: float | None = None
    said: tuple[str, ...] = ()
    calibrated: bool = False

    def __post_init__(self) -> None:
        if self.weight is not None and not (is_number(self.weight) and self.weight > 0):
            object.__setattr__(self, "weight", None)
        if self.trained is not None and not (is_number(self.trained) and 0 < self.trained < 1):
            object.__setattr__(self, "trained", None)

    def beside(self, said: Known) -> Known:
        """Give the same, with what somebody ``said`` where nothing is known."""
        taken = {name: getattr(said, name) for name in ("weight", "trained") if getattr(self, name) is None}
        taken = {name: value for name, value in taken.items() if value is not None}
        return dataclasses.replace(self, **taken, said=(*self.said, *taken))

    @property
    def lift(self) -> float:
        """How far the weighting lifts each logit; 0 where it is not known."""
        return 0.0 if self.weight is None else math.log(self.weight)


NOTHING = Known()
FURTHEST = 100.0  # of a logit, which a card may move it
LEAVE = {"weighting", "prior", "temperature"}  # remedies that do not set the whole logit right


def known_of(card: Mapping[str, Any], finding: str) -> Known:
    """Read from a model card what lifts a finding's probabilities.

    A card that names no weighting does not say that there was none, unless it says how the loss counted its films, or
    that the probabilities were calibrated after it. A remedy was fitted on films of its own, and says how many of them
    had the finding. Platt's scaling and isotonic regression undo a weighting, whatever it was; a correction for the
    weight or for the prevalence only what it was made for, and of a temperature or of both corrections the card does
    not tell what is left.
    """
    told, trained = part_of(card, "provenance"), part_of(card, "prevalence").get(finding)
    weight = part_of(told, "positive_weight").get(finding)
    unweighted = part_of(told, "imbalance").get("strategy") == "none" or part_of(told, "calibration").get("films")
    if weight is None and unweighted:
        weight = 1.0
    calibration = part_of(card, "calibration").get(finding)
    if calibration is None:
        return Known(weight, trained)
    notes = _remedies(told, finding)
    fitted = notes[-1].get("prevalence") if notes else None
    methods = {str(note.get("method") or "") for note in notes} - {"none"}
    if methods == {"prior"}:
        return Known(weight, fitted, calibrated=True)
    if methods == {"weighting"}:
        moved = part_of(part_of(card, "calibration"), finding).get("intercept")
        return Known(_left(weight, moved), fitted, calibrated=True)
    undone = not methods & LEAVE or methods & {"platt", "isotonic"}
    return Known(1.0 if undone else None, fitted, calibrated=True)


def _left(weight: Any, moved: Any) -> float | None:
    """Say what is left of a weight once each logit is moved; None where either is not known."""
    return weight * math.exp(min(moved, FURTHEST)) if is_number(weight) and is_number(moved) else None


def _remedies(told: Mapping[str, Any], finding: str) -> list[Mapping[str, Any]]:
    remedies = told.get("remedies")
    notes = remedies if isinstance(remedies, list) else []
    return [one for one in notes if isinstance(one, Mapping) and one.get("finding") == finding]


def part_of(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give a part of a card, which may be no whole card and hold anything anywhere; empty where it is no mapping."""
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}
