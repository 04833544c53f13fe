"""Effusion, pneumothorax and pleural thickening: findings of the pleural space."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from training.simulation.anatomy import SIDES, Anatomy
from training.simulation.findings.base import Finding, rise
from training.simulation.layers import Chest, Frame

AIR = 0.005  # density of air relative to water, with what little tissue is left in it; air alone has 0.001
PLEURAL_LINE = 9.0  # mm of water
CORNER = 12  # mm over which wall and apex are rounded into each other
CALCIFIED, CALCIUM = 0.25, 0.05  # share of thickenings with calcium, and how much of them counts as bone


class Effusion(Finding):
    """Fluid in the pleural space: the costophrenic angle is blunted, a meniscus climbs the lateral wall.

    Modelled: water takes the place of lung below a curve that stands highest at the wall and dips towards the
    mediastinum, from a blunted angle to half the hemithorax; a large effusion pushes the mediastinum away. In bed
    (AP) the fluid layers and its upper edge is a long veil. Source: Fleischner glossary; Goodman 2015.
    """

    sides: ClassVar[dict[str, float]] = {"right": 0.35, "left": 0.35, "both": 0.3}

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Push the mediastinum away from a large one-sided effusion."""
        if self.side == "both":
            return anatomy
        push = 30 * max(self.severity - 0.7, 0) * -SIDES[self.side]  # up to 9 mm
        return replace(anatomy, heart=replace(anatomy.heart, shift=anatomy.heart.shift + push))

    def paint(self, chest: Chest) -> Chest:
        """Fill the base of the lung up to the meniscus."""
        rng, frame, fill = self.rng, chest.frame, np.zeros_like(chest.layers.fill)
        soft = 26.0 if chest.camera.posterior else 70.0  # mm over which the upper edge fades
        lateral = np.clip(frame.lateral, 0, 1)
        for side in self.each_side:
            dome = getattr(chest.anatomy.diaphragm, side)
            top = dome + 18 - self.between(18, 120) * rng.uniform(0.85, 1.1)  # where it meets the wall
            # The meniscus dips by 26 to 48 mm towards the mediastinum.
            meniscus = top + rng.uniform(26, 48) * (1 - lateral**2.5)
            fill += rise(frame.y - meniscus, 0, soft) * frame.on(side)
        return chest.filled(0.97 * fill)


class Pneumothorax(Finding):
    """Air in the pleural space: a thin visceral pleural line with no vessels beyond it.

    Modelled: the lung shrinks towards its hilum and leaves the wall by 14 to 52 mm, most at the apex; beyond its edge
    there is air alone, on the edge a line of 1 mm. A large one shifts the mediastinum. Source: Fleischner glossary;
    MacDuff et al., BTS guideline, Thorax 2010.
    """

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Shift the mediastinum away from a large pneumothorax."""
        push = 24 * max(self.severity - 0.7, 0) * -SIDES[self.side]  # up to 7 mm
        return replace(anatomy, heart=replace(anatomy.heart, shift=anatomy.heart.shift + push))

    def paint(self, chest: Chest) -> Chest:
        """Empty the space between the shrunken lung and the wall."""
        rng, frame, layers = self.rng, chest.frame, chest.layers
        # The lung shrinks towards its hilum: a point is in air where the same point of the full lung was outside.
        cage, gap = frame.cage, self.between(14, 52)  # mm
        hilum_x, hilum_y = 0.3 * cage.half_width, 0.55 * cage.height
        low = rng.uniform(0.1, 0.6)  # share of the gap that is left at the base of an upright patient
        gap_at = gap * (low + (1 - low) * (1 - rise(frame.height, 0.2, 0.6)))
        down = hilum_y + (frame.y[:, 0] - hilum_y) * (1 + np.where(frame.y[:, 0] < hilum_y, 0.8 * gap / hilum_y, 0))
        across = hilum_x + (np.abs(frame.x) - hilum_x) * (1 + gap_at / (cage.half_width - hilum_x))
        edge = np.where(down > 0, cage.outer(down), 0)
        steep = np.hypot(1, np.gradient(edge, frame.y[:, 0]))[:, None]
        inside = ((edge[:, None] - across) / steep).astype(np.float32)  # distance from the lung's edge, mm
        side = frame.on(self.side)
        air = rise(-inside, -0.8, 1.6) * side
        shrunk = 1 - air
        # The pleura's edge: a line some 1.5 mm wide, as dense as 9 mm of water because rays run along it.
        line = np.exp(-((inside / 0.9) ** 2)) * side * chest.inside_lung(25)
        return chest.with_layers(
            density=layers.density * shrunk + AIR * air,
            fill=layers.fill * shrunk,
            vessels=layers.vessels * shrunk,
            added=layers.added * shrunk + PLEURAL_LINE * line,
        )


def _to_edge(frame: Frame) -> np.ndarray:
    """Distance from wall or apex, whichever is nearer, rounded where they meet, mm."""
    return -CORNER * np.logaddexp(-frame.wall / CORNER, -np.maximum(frame.y, 0) * 0.8 / CORNER)


class PleuralThickening(Finding):
    """Thickened pleura: a band of soft tissue along the chest wall or over the apex.

    Modelled: 5 to 18 mm of fibrous tissue between lung and wall over a stretch of the lateral wall that tapers at
    both ends, or a cap over the apex; sometimes with calcium. Source: Fleischner glossary (pleural plaque, apical
    cap).
    """

    sides: ClassVar[dict[str, float]] = {"right": 0.4, "left": 0.4, "both": 0.2}

    def paint(self, chest: Chest) -> Chest:
        """Lay the band along the wall."""
        rng, frame, layers = self.rng, chest.frame, chest.layers
        fill, added = np.zeros_like(layers.fill), np.zeros_like(layers.fill)
        for side in self.each_side:
            cap = rng.random() < 0.3  # else a band on the lateral wall
            middle, reach = (0.0, rng.uniform(0.14, 0.22)) if cap else (rng.uniform(0.5, 0.75), rng.uniform(0.2, 0.35))
            taper = np.exp(-(((frame.height - middle) / reach) ** 4))
            uneven = sum((0.07 * np.sin(frame.height * k + rng.uniform(0, 6.3)) for k in rng.uniform(5, 26, 4)), 1.0)
            thickness = self.between(7, 19) * (1.5 if cap else 1.0) * taper * uneven
            wall = _to_edge(frame) if cap else frame.wall
            thorax = frame.on(side) & (frame.wall > -3) & (frame.y > 0) & (frame.height < 1)
            band = rise(thickness - wall, 0, 2.5) * thorax
            fill += band
            # Seen end-on, the band is as dense as 14 mm of water more.
            added += 14 * band * rise(frame.wall, -3, 3)
        bone = layers.bone
        if rng.random() < CALCIFIED:
            bone = bone + CALCIUM * added
        return chest.filled(0.95 * fill).with_layers(added=layers.added + added, bone=bone)
