"""Cardiomegaly and hiatus hernia: findings of the mediastinum."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from training.simulation.anatomy import Anatomy
from training.simulation.findings.base import Finding
from training.simulation.layers import Chest
from training.simulation.solids import ellipsoid

ENLARGED = (0.54, 0.68)  # cardiothoracic ratio at severity 0 and 1
SAC_RADIUS = (30, 50)  # mm, of a hernia


class Cardiomegaly(Finding):
    """An enlarged heart: cardiothoracic ratio 0.54 to 0.68 where the healthy chest stays below 0.5.

    Modelled: the transverse diameter grows, the long axis lies flatter as the left ventricle rounds out.
    Source: Danzer, Am J Med Sci 1919 (ratio above 0.5); Felson 1973.
    """

    sides: ClassVar[dict[str, float]] = {"both": 1.0}

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Widen the heart to the ratio that the severity asks for."""
        heart, width = anatomy.heart, self.between(*ENLARGED) * 2 * anatomy.cage.half_width
        return replace(anatomy, heart=replace(heart, width=width, tilt=heart.tilt * self.between(0.9, 0.7)))


class Hernia(Finding):
    """A hiatus hernia: stomach above the diaphragm, a round retrocardiac shadow with gas and often a fluid level.

    Modelled: a soft-tissue sac of 5 to 9 cm at the hiatus that displaces lung, with a gas bubble in its upper part
    cut off level by fluid. Source: Goodman 2015; Eren and Ciris, Eur J Radiol 2005 (diaphragmatic hernia).
    """

    sides: ClassVar[dict[str, float]] = {"both": 1.0}

    def paint(self, chest: Chest) -> Chest:
        """Put the sac behind the heart, on the midline or a little to the left."""
        rng, layers, anatomy = self.rng, chest.layers, chest.anatomy
        radius = self.between(*SAC_RADIUS) * rng.uniform(0.9, 1.1)
        floor = 0.5 * (anatomy.diaphragm.right + anatomy.diaphragm.left)
        centre = (rng.uniform(0, 22), floor - 0.55 * radius, 0.4 * anatomy.cage.half_depth)
        axes = chest.camera.axes(centre[2])
        sac = ellipsoid(axes, centre, (radius, 0.85 * radius, 0.8 * radius)).length
        bubble_centre = (centre[0] + rng.normal(0, 2), centre[1] - 0.1 * radius, centre[2])
        bubble = ellipsoid(axes, bubble_centre, (0.82 * radius, 0.66 * radius, 0.66 * radius)).length
        # The fluid level: gas above it, over 0.8 mm.
        level = bubble_centre[1] + rng.uniform(-0.1, 0.4) * radius
        gas = bubble / (1 + np.exp(np.clip((axes.y - level) / 0.8, -30, 30)))[:, None]
        fill = np.minimum(sac / np.maximum(layers.lung, 1), 1)
        return chest.filled(fill).with_layers(gas=layers.gas + gas)
