"""Atelectasis and emphysema: too little and too much air."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from training.simulation.anatomy import SIDES, Anatomy
from training.simulation.findings.base import Finding, blob, rise
from training.simulation.layers import Chest


class Atelectasis(Finding):
    """Lung without air, with signs of lost volume: a raised diaphragm, the heart drawn to its side.

    Modelled: below severity 0.5, one to three plates (discoid atelectasis, 3 to 7 mm thick, 4 to 10 cm long) above
    the diaphragm; above it, collapse of a lower lobe as a wedge that lies against spine and diaphragm behind the
    heart. Both raise the hemidiaphragm; collapse draws the heart to its side.
    Source: Fleischner glossary (atelectasis; linear atelectasis); Woodring and Reed, J Thorac Imaging 1996.
    """

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Raise the hemidiaphragm and draw the heart over."""
        tops = {self.side: getattr(anatomy.diaphragm, self.side) - self.between(6, 26)}  # mm
        # Up to 11 mm.
        shift = anatomy.heart.shift + SIDES[self.side] * 22 * max(self.severity - 0.5, 0)
        return replace(
            anatomy,
            diaphragm=replace(anatomy.diaphragm, **tops),
            heart=replace(anatomy.heart, shift=shift),
        )

    def paint(self, chest: Chest) -> Chest:
        """Draw plates or a collapsed lobe."""
        return self._plates(chest) if self.severity < 0.5 else self._lobe(chest)

    def _plates(self, chest: Chest) -> Chest:
        rng, frame = self.rng, chest.frame
        dome = getattr(chest.anatomy.diaphragm, self.side)
        fill = np.zeros_like(chest.layers.fill)
        for k in range(rng.integers(1, 4)):
            x, _ = frame.point(self.side, rng.uniform(0.35, 0.6), 0.6)
            centre = (x, dome - rng.uniform(8, 30) - 18 * k)
            # Half of the plate's length and thickness.
            plate = blob(frame, centre, (rng.uniform(18, 46), rng.uniform(1.6, 3.2)), rng.normal(0, 0.35))
            fill += rng.uniform(0.4, 0.65) * np.exp(-plate)
        return chest.filled(fill * frame.on(self.side))

    def _lobe(self, chest: Chest) -> Chest:
        rng, frame = self.rng, chest.frame
        dome = getattr(chest.anatomy.diaphragm, self.side)
        top = dome - self.between(75, 110)
        # How far it reaches from the spine, share of the lung's width.
        reach = self.between(0.55, 0.42) * rng.uniform(0.9, 1.1)  # the more collapsed, the smaller
        edge = reach * np.clip((frame.y - top) / (dome + 12 - top), 0, 1.4)
        wedge = rise(edge - np.clip(frame.lateral, -1, 2), -0.03, 0.08) * rise(frame.y - top, 0, 25)
        return chest.filled(0.8 * wedge * frame.on(self.side))


class Emphysema(Finding):
    """Destroyed, overinflated lung: hyperlucent, few vessels in the periphery, low flat diaphragm, narrow heart.

    Modelled: lung density down to half, diaphragm lower by up to 35 mm and flattened, heart narrower, vessels
    thinned towards the pleura; in severe cases bullae in the upper zones, empty with a hairline wall.
    Source: Fleischner glossary; Sutinen et al., Am Rev Respir Dis 1965; Pratt, Radiology 1987.
    """

    sides: ClassVar[dict[str, float]] = {"both": 1.0}

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Inflate the lungs: air in, diaphragm down and flat, heart narrow, vessels thin."""
        diaphragm, heart, lungs = anatomy.diaphragm, anatomy.heart, anatomy.lungs
        # The diaphragm: no lower than this, by so many mm lower, and how much of its curvature is left.
        lowest, drop = 0.93 * anatomy.cage.height, self.between(12, 34)
        flat = self.between(0.6, 0.24)
        return replace(
            anatomy,
            diaphragm=replace(
                diaphragm,
                right=min(diaphragm.right + drop, max(lowest, diaphragm.right + 6)),
                left=min(diaphragm.left + drop, max(lowest + 6, diaphragm.left + 6)),
                fall_right=diaphragm.fall_right * flat,
                fall_left=diaphragm.fall_left * flat,
            ),
            heart=replace(
                heart,
                width=heart.width * self.between(0.93, 0.78),
                tilt=min(heart.tilt + 0.2, 1.05),
                floor=heart.floor + 0.7 * drop,
            ),
            lungs=replace(lungs, density=lungs.density * self.between(0.72, 0.42), peripheral=self.between(0.6, 0.2)),
        )

    def paint(self, chest: Chest) -> Chest:
        """Add bullae to severe emphysema."""
        if self.severity < 0.4:
            return chest
        rng, frame, layers = self.rng, chest.frame, chest.layers
        density, vessels, added = layers.density, layers.vessels, layers.added
        for _ in range(rng.integers(1, 5)):
            centre = frame.point(rng.choice(["right", "left"]), rng.uniform(0.55, 0.9), rng.uniform(0.12, 0.4))
            radius = rng.uniform(12, 32)  # mm: Fleischner's bulla is larger than 1 cm
            distance = np.sqrt(blob(frame, centre, (radius, radius * rng.uniform(0.8, 1.25))))
            empty = 1 - rise(distance, 0.9, 0.12)
            density, vessels = density * (1 - 0.7 * empty), vessels * (1 - empty)
            # Its wall: a line under 2 mm wide, as dense as 4 mm of water because rays run along it.
            added = added + 4 * np.exp(-(((distance - 1) * radius / 1.0) ** 2)) * chest.inside_lung()
        return chest.with_layers(density=density, vessels=vessels, added=added)
