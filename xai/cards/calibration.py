"""From a model's own logit to a probability that means what it says.

A calibration belongs to a model card and is applied after the model: the model, its logits and the maps made of them
stay what they were, and a threshold or a calibration can be changed without touching the weights.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

MOST_KNOTS = 1000
FAR = 60.0


@dataclass(frozen=True)
class LogitMap:
    """A rising map from a model's logit to a calibrated logit, so that films stay in their order.

    ``slope * logit + intercept``; then, where there are knots, straight from knot to knot, and on with slope 1 beyond
    the first and the last.

    Attributes
    ----------
    slope, intercept : float
        ``slope`` is above 0. Temperature scaling has the slope ``1 / T``; undoing a loss that weighted positives
        ``w`` times has the intercept ``-ln w``.
    knots : tuple of (float, float)
        From and to, both rising; none for a straight map.
    rule : str
        How it was found, in words.
    """

    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    rule: str = ""

    def __post_init__(self) -> None:
        if not (is_number(self.slope) and self.slope > 0):
            raise ValueError(f"a calibration's slope must be a number above 0; it is {self.slope!r}")
        if not is_number(self.intercept):
            raise ValueError(f"a calibration's intercept must be a number; it is {self.intercept!r}")
        if len(self.knots) > MOST_KNOTS:
            raise ValueError(f"a calibration has at most {MOST_KNOTS} knots; it has {len(self.knots)}")
        pairs = [
            knot for knot in self.knots if isinstance(knot, tuple) and len(knot) == 2 and all(map(is_number, knot))
        ]
        if len(pairs) < len(self.knots):
            raise ValueError("a calibration's knots must be pairs of numbers")
        if not all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(self.knots)):
            raise ValueError("a calibration's knots must rise, from and to")

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Map logits of any shape, in float64."""
        moved: np.ndarray = self.slope * np.asarray(logits, np.float64) + self.intercept
        if not self.knots:
            return moved
        start, end = np.array(self.knots).T
        beyond = np.minimum(moved - start[0], 0) + np.maximum(moved - start[-1], 0)
        bent: np.ndarray = np.interp(moved, start, end) + beyond
        return bent

    def then(self, after: LogitMap) -> LogitMap:
        """Give the map that does this one first and ``after`` next; exact up to `FAR` beyond the outermost knots."""
        if not self.knots:
            slope, intercept = after.slope * self.slope, after.slope * self.intercept + after.intercept
            return LogitMap(slope, intercept, after.knots, after.rule)
        curve, back = LogitMap(knots=self.knots), LogitMap(knots=tuple((b, a) for a, b in self.knots))
        turns = back((np.array([start for start, _ in after.knots]) - after.intercept) / after.slope)
        own = np.array([start for start, _ in self.knots])
        starts = np.unique(np.concatenate([own, turns]))
        starts = np.concatenate([[starts[0] - FAR], starts, [starts[-1] + FAR]])
        knots = tuple(zip(starts.tolist(), after(curve(starts)).tolist(), strict=True))
        return LogitMap(self.slope, self.intercept, knots, after.rule)

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values, the inverse of `logit_map_from_dict`."""
        return {
            "slope": self.slope,
            "intercept": self.intercept,
            "knots": [list(knot) for knot in self.knots],
            "rule": self.rule,
        }


def logit_map_from_dict(content: Any) -> LogitMap:
    """Build a map from what its JSON holds; raises ValueError in one sentence."""
    if not isinstance(content, dict):
        raise ValueError("a calibration must be an object with slope and intercept, or knots")
    knots = content.get("knots", [])
    if not isinstance(knots, list):
        raise ValueError("a calibration's knots must be pairs of numbers")
    return LogitMap(
        slope=content.get("slope", 1.0),
        intercept=content.get("intercept", 0.0),
        knots=tuple(tuple(knot) if isinstance(knot, list) else knot for knot in knots),
        rule=str(content.get("rule", "")),
    )


def is_number(value: Any) -> bool:
    """Whether JSON holds a finite number here; true and false are none."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) <= sys.float_info.max  # also of a whole number too large for a float; never of NaN
