"""Fibrosis: scarring of the interstitium."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from training.simulation.anatomy import Anatomy
from training.simulation.findings.base import Finding, rise
from training.simulation.layers import Chest
from training.simulation.streams import texture


class Fibrosis(Finding):
    """Reticular opacities at the bases and the periphery, with small lungs.

    Modelled: a net of fine curved lines (zero crossings of a random field of 6 to 10 mm grain, so that it closes
    into honeycomb where dense), strongest at the bases and under the pleura; the diaphragm stands higher.
    Source: Fleischner glossary (reticular pattern, honeycombing); Raghu et al., ATS guideline 2011.
    """

    sides: ClassVar[dict[str, float]] = {"both": 0.85, "right": 0.08, "left": 0.07}

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Shrink the lungs from below."""
        diaphragm, lost = anatomy.diaphragm, self.between(3, 18)  # mm
        tops = {side: getattr(diaphragm, side) - lost for side in self.each_side}
        return replace(anatomy, diaphragm=replace(diaphragm, **tops))

    def paint(self, chest: Chest) -> Chest:
        """Weave the net."""
        rng, frame, size = self.rng, chest.frame, chest.camera.size
        net = np.zeros_like(chest.layers.fill)
        cells = chest.camera.field[0] / rng.uniform(10, 15)  # across the film, so that each is 10 to 15 mm wide
        for _ in range(2):  # two sheets, front and back of the lung
            net += np.exp(-((texture(rng, size, 6.0, grain=cells) / 0.36) ** 2))
        # Stronger in patches, at the bases (from 42 to 78 % of the height) and towards the wall.
        clouds = 0.75 + 0.35 * texture(rng, size, 3.0, grain=5)
        zone = 0.04 + rise(frame.height, 0.42, 0.36) * (0.45 + 0.55 * rise(frame.lateral, 0.2, 0.7))
        strength = self.between(0.30, 0.56) * np.clip(clouds, 0, 1.5) * zone
        return chest.filled(strength * (0.3 + 0.7 * net) * frame.on(self.side))
