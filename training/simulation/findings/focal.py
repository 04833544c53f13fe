"""Nodule and mass: rounded opacities in the lung."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np

from training.simulation.findings.base import Finding
from training.simulation.layers import Chest

# mm at severity 0 and 1, before they vary by some 5 %: below and above the 3 cm that part nodule from mass.
NODULE_DIAMETER, MASS_DIAMETER = (17, 27), (34, 80)
NODULE_TISSUE, MASS_TISSUE = 1.7, 0.85  # density relative to water: fibrous with flecks of calcium; soft
CALCIFIED, CALCIUM = 0.25, 0.12  # share of nodules with calcium, and how much of their chord counts as bone
ACROSS = (0.30, 0.78)  # where lesions lie, share of the lung's width


def lesion(
    chest: Chest, rng: np.random.Generator, side: str, diameter: float, spikes: float, span: tuple[float, float]
) -> np.ndarray:
    """Chord (H, W), mm, through a lobulated body of this diameter somewhere in one lung.

    Parameters
    ----------
    chest
        The chest it lies in.
    rng
        Stream of the finding.
    side
        ``"right"`` or ``"left"``.
    diameter
        Mean diameter, mm.
    spikes
        How spiculated the margin is: relative height of its unevenness.
    span
        Part of the thorax's height in which it lies, 0 to 1.
    """
    frame = chest.frame
    x, y = frame.point(side, rng.uniform(*ACROSS), rng.uniform(*span))
    columns, rows = np.abs(frame.x[0] - x) < 1.2 * diameter, np.abs(frame.y[:, 0] - y) < 1.2 * diameter
    dx, dy = frame.x[:, columns] - np.float32(x), frame.y[rows] - np.float32(y)
    angle, distance = np.arctan2(dy, dx), np.hypot(dx, dy)
    margin = np.ones_like(angle)
    for k in range(2, 6):  # lobes: waves round the margin, the more of them the lower
        margin += rng.normal(0, 0.07 / k * 2) * np.cos(k * angle + rng.uniform(0, 6.3))
    margin += spikes * np.maximum(np.cos(rng.integers(9, 15) * angle + rng.uniform(0, 6.3)), 0) ** 2
    radius = diameter / 2
    inside = np.maximum(1 - (distance / (radius * margin)) ** 2, 0)
    chord = np.zeros_like(frame.lateral)
    chord[np.ix_(rows, columns)] = diameter * rng.uniform(0.85, 1.15) * np.sqrt(inside)
    return chord


class Nodule(Finding):
    """One to three rounded opacities of 16 to 29 mm.

    Modelled: bodies with a slightly uneven, fairly sharp margin inside the lung, denser than water (fibrous, with
    flecks of calcium), a quarter of them calcified. Smaller ones are rarely seen on a film and are left out.
    Source: Fleischner glossary (nodule: rounded opacity up to 3 cm in diameter).
    """

    def paint(self, chest: Chest) -> Chest:
        """Add the nodules' tissue where there is lung to hold it."""
        rng, layers = self.rng, chest.layers
        total, bone = np.zeros_like(layers.lung), layers.bone
        bounds = np.linspace(0.18, 0.68, rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]) + 1)
        for span in pairwise(bounds):  # one below the other, so that two do not make a mass
            total += lesion(chest, rng, self.side, self.between(*NODULE_DIAMETER) * rng.uniform(0.95, 1.07), 0.05, span)
        if rng.random() < CALCIFIED:
            bone = bone + CALCIUM * total * chest.inside_lung()
        return chest.with_layers(added=layers.added + NODULE_TISSUE * total * chest.inside_lung(), bone=bone)


class Mass(Finding):
    """One opacity of 32 to 85 mm, lobulated or spiculated.

    Modelled: as a nodule, larger, with a more uneven margin. Source: Fleischner glossary (mass: over 3 cm).
    """

    sides: ClassVar[dict[str, float]] = {"right": 0.55, "left": 0.45}

    def paint(self, chest: Chest) -> Chest:
        """Add the mass where there is lung to hold it."""
        rng = self.rng
        spikes = rng.choice([0.0, 0.16])
        tissue = MASS_TISSUE * lesion(chest, rng, self.side, self.between(*MASS_DIAMETER), spikes, (0.2, 0.68))
        return chest.with_layers(added=chest.layers.added + tissue * chest.inside_lung())
