"""What every finding is: a severity and a side that reshape the anatomy, paint its projection, or both.

References used throughout: Hansell et al., Fleischner Society: glossary of terms for thoracic imaging, Radiology
2008;246:697 (below: Fleischner glossary); Felson, Chest Roentgenology, 1973; Goodman, Felson's Principles of Chest
Roentgenology, 4th ed., 2015.

These say what a finding looks like, and some give a size, such as 3 cm for the largest nodule. All other numbers, and
how often a finding is on which side, are not measured: they were chosen by eye so that the lowest severity is barely
visible on a film without noise and the highest cannot be missed. Lengths are in millimetres, angles in radians, places
in the lung shares of its width and height (`Frame`), fillings the share of a lung's air that fluid or cells replace;
two numbers given to `Finding.between` belong to severity 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.simulation.anatomy import Anatomy
from training.simulation.layers import Chest, Frame
from training.simulation.streams import stream


@dataclass(frozen=True)
class Finding:
    """One finding on one film.

    Attributes
    ----------
    severity
        0 (just visible) to 1 (as bad as modelled).
    side
        ``"right"``, ``"left"`` or ``"both"``, of the patient.
    seed
        Seed of the film; where and how the finding lies comes from its own stream.
    """

    severity: float
    side: str
    seed: int

    sides: ClassVar[dict[str, float]] = {"right": 0.5, "left": 0.5}  # side: how often

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator on this finding's own stream."""
        return stream(self.seed, type(self).__name__)

    @property
    def each_side(self) -> tuple[str, ...]:
        """The sides concerned, one by one."""
        return ("right", "left") if self.side == "both" else (self.side,)

    def between(self, low: float, high: float) -> float:
        """Give the value at this severity on a scale from ``low`` (0) to ``high`` (1)."""
        return low + (high - low) * self.severity

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Change the anatomy before it is projected."""
        return anatomy

    def paint(self, chest: Chest) -> Chest:
        """Change the projected layers."""
        return chest


def rise(value: np.ndarray, start: float, width: float) -> np.ndarray:
    """Smooth step from 0 at ``start`` to 1 at ``start + width``."""
    t = np.clip((value - start) / width, 0, 1)
    return t * t * (3 - 2 * t)


def blob(frame: Frame, centre: tuple[float, float], radii: tuple[float, float], tilt: float = 0.0) -> np.ndarray:
    """(H, W) squared distance from ``centre`` in units of ``radii`` (mm): below 1 inside a tilted ellipse."""
    dx, dy = frame.x - np.float32(centre[0]), frame.y - np.float32(centre[1])
    along = dx * np.float32(np.cos(tilt)) + dy * np.float32(np.sin(tilt))
    across = dy * np.float32(np.cos(tilt)) - dx * np.float32(np.sin(tilt))
    return (along / np.float32(radii[0])) ** 2 + (across / np.float32(radii[1])) ** 2
