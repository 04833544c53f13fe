"""What is known of how a model was trained, as far as it lifts probabilities."""

from __future__ import annotations

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
    """

    weight: float | None = None
    trained: float | None = None

    def __post_init__(self) -> None:
        if self.weight is not None and not (is_number(self.weight) and self.weight > 0):
            object.__setattr__(self, "weight", None)
        if self.trained is not None and not (is_number(self.trained) and 0 < self.trained < 1):
            object.__setattr__(self, "trained", None)

    def beside(self, said: Known) -> Known:
        """Give the same, with what somebody ``said`` where nothing is known."""
        return Known(
            said.weight if self.weight is None else self.weight,
            said.trained if self.trained is None else self.trained,
        )

    @property
    def lift(self) -> float:
        """How far the weighting lifts each logit; 0 where it is not known."""
        return 0.0 if self.weight is None else math.log(self.weight)


NOTHING = Known()


def known_of(card: Mapping[str, Any], finding: str) -> Known:
    """Read from a model card what lifts a finding's probabilities.

    A card that names no weighting does not say that there was none, unless it says how the loss counted its films, or
    that the probabilities were calibrated after it. A remedy was fitted on films of its own, and says how many of them
    had the finding.
    """
    if finding in _part(card, "calibration"):
        return Known(1.0, _fitted_on(card, finding))
    told, trained = _part(card, "provenance"), _part(card, "prevalence").get(finding)
    weights = told.get("positive_weight")
    if isinstance(weights, Mapping) and finding in weights:
        return Known(weights[finding], trained)
    unweighted = _part(told, "imbalance").get("strategy") == "none" or _part(told, "calibration").get("films")
    return Known(1.0 if unweighted else None, trained)


def _fitted_on(card: Mapping[str, Any], finding: str) -> float | None:
    remedies = _part(card, "provenance").get("remedies")
    notes = [one for one in remedies if isinstance(one, Mapping)] if isinstance(remedies, list) else []
    return next((one.get("prevalence") for one in reversed(notes) if one.get("finding") == finding), None)


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}
