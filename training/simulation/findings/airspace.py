"""Infiltration, pneumonia, consolidation and edema: air spaces or interstitium filled with fluid or cells."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import cv2
import numpy as np

from training.simulation.anatomy import SIDES, Anatomy
from training.simulation.findings.base import Finding, blob, rise
from training.simulation.layers import Chest
from training.simulation.solids import tubes
from training.simulation.streams import texture

# Share of the air that is replaced, at severity 0 and 1.
INFILTRATION, PNEUMONIA, CONSOLIDATION, EDEMA = (0.14, 0.32), (0.38, 0.62), (0.75, 0.93), (0.24, 0.6)
BRONCHOGRAM = 0.45  # of that filling, how much a bronchus takes back where it runs
SEPTA = 0.2  # filling along a septal line
# Where segments and lobes lie on a frontal film: across the lung, down the thorax, radii as shares of the height.
ZONES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "right": ((0.45, 0.24, 0.22, 0.16), (0.40, 0.60, 0.20, 0.13), (0.55, 0.72, 0.24, 0.16)),
    "left": ((0.48, 0.26, 0.22, 0.17), (0.45, 0.56, 0.20, 0.15), (0.52, 0.72, 0.24, 0.16)),
}


def patch(chest: Chest, rng: np.random.Generator, side: str, size: float, ragged: float) -> np.ndarray:
    """Share (H, W), 0 to 1, of a cloud with an uneven edge in one zone of one lung.

    Parameters
    ----------
    chest
        The chest it lies in.
    rng
        Stream of the finding.
    side
        ``"right"`` or ``"left"``.
    size
        Relative to the zone.
    ragged
        How much the edge wanders and the inside varies, 0 to about 1.
    """
    frame, zones = chest.frame, ZONES[side]
    across, down, wide, tall = zones[rng.choice(len(zones), p=[0.25, 0.3, 0.45])]
    centre = frame.point(side, across + rng.normal(0, 0.07), down + rng.normal(0, 0.03))
    radii = (wide * size * frame.cage.height, tall * size * frame.cage.height)
    inside = 1 - np.sqrt(blob(frame, centre, radii, rng.normal(0, 0.4)))
    cloud = texture(rng, chest.camera.size, 4.0, grain=4)
    return rise(inside + 0.3 * ragged * cloud, -0.1, 0.4 + 0.5 * ragged) * frame.on(side)


class Infiltration(Finding):
    """Ill-defined, faint, patchy and streaky opacity that no other word fits.

    Modelled: one to three faint clouds with strong inner variation, vessels still visible through them. The
    Fleischner glossary advises against the word; ChestX-ray14 text-mined it from reports, and this models what
    such reports describe. Source: Fleischner glossary (infiltrate); Patterson and Sponaugle, Radiology 2005.
    """

    sides: ClassVar[dict[str, float]] = {"right": 0.3, "left": 0.25, "both": 0.45}

    def paint(self, chest: Chest) -> Chest:
        """Fill a small share of the air in faint clouds."""
        rng, fill = self.rng, np.zeros_like(chest.layers.fill)
        streaks = np.clip(0.9 + 0.35 * texture(rng, chest.camera.size, 3.0, grain=9), 0.2, 1.8)
        for side in self.each_side:
            for _ in range(rng.integers(1, 3)):
                fill = np.maximum(fill, patch(chest, rng, side, rng.uniform(0.8, 1.2), 0.9))
        return chest.filled(self.between(*INFILTRATION) * fill * streaks)


class Pneumonia(Finding):
    """Air-space opacity of one lobe or segment, patchy to lobar, with soft margins.

    Modelled: one cloud of moderate density in a lobar zone, uneven inside, fading at its edge; sometimes a second.
    Source: Fleischner glossary (pneumonia); Vilar et al., Eur J Radiol 2004.
    """

    sides: ClassVar[dict[str, float]] = {"right": 0.5, "left": 0.35, "both": 0.15}

    def paint(self, chest: Chest) -> Chest:
        """Fill about half of the air of the zone."""
        rng, fill = self.rng, np.zeros_like(chest.layers.fill)
        for side in self.each_side:
            fill += patch(chest, rng, side, self.between(0.75, 1.15), 0.45)
        mottle = np.clip(1 + 0.15 * texture(rng, chest.camera.size, 3.2, grain=8), 0.5, 1.5)
        return chest.filled(self.between(*PNEUMONIA) * fill * mottle)


class Consolidation(Finding):
    """Homogeneous dense opacity that hides vessels and may show an air bronchogram.

    Modelled: a segment or lobe nearly without air, homogeneous, on one side cut off sharp and straight as by a
    fissure; branching air-filled bronchi run through it. Source: Fleischner glossary (consolidation, air
    bronchogram).
    """

    def paint(self, chest: Chest) -> Chest:
        """Fill nearly all air, but that in the bronchi."""
        rng, frame = self.rng, chest.frame
        fill = patch(chest, rng, self.side, self.between(0.8, 1.2), 0.25)
        weight = fill.sum() + 1e-6
        middle = float((fill * frame.y).sum() / weight)
        slope = rng.normal(0.1, 0.15) * SIDES[self.side]
        # A fissure 16 to 34 mm above the middle, nearly level, with waves of 6 mm.
        fissure = frame.y - (middle - rng.uniform(16, 34) + slope * (frame.x - float((fill * frame.x).sum() / weight)))
        fissure = fissure + 6 * np.sin((frame.x - frame.x.min()) / rng.uniform(30, 60))
        fill = fill * rise(fissure, -2, 7.0)
        bronchi = self._bronchi(chest, rng) if rng.random() < 0.7 else 0.0
        return chest.filled(self.between(*CONSOLIDATION) * fill * (1 - BRONCHOGRAM * bronchi))

    def _bronchi(self, chest: Chest, rng: np.random.Generator) -> np.ndarray:
        camera, frame = chest.camera, chest.frame
        start = np.array(frame.point(self.side, 0.12, 0.47))
        points, directions, radii = [], [], []
        for angle in np.linspace(-0.9, 1.5, 10) + rng.normal(0, 0.15, 10):
            t = np.linspace(0.15, 1, 110)
            turn = angle + rng.normal(0, 0.7) * t
            step = np.stack([SIDES[self.side] * np.cos(turn), np.sin(turn)], axis=1)
            line = start + np.cumsum(step * 0.9, axis=0)  # mm: bronchi of 10 cm
            points.append(camera.pixels(np.column_stack([line, np.zeros(len(t))])))
            directions.append(step)
            radii.append(np.interp(t, [0, 1], [1.3, 0.5]))  # mm
        joined = [np.concatenate(parts) for parts in (points, directions, radii)]
        width = joined[2] * camera.pixels_per_mm()
        return np.minimum(tubes(camera.size, joined[0], joined[1], width, np.full(len(width), 0.5)), 1)


class Edema(Finding):
    """Pulmonary edema: bilateral perihilar haze, thick upper-lobe vessels, Kerley lines.

    Modelled: vessels of wider calibre; a haze round both hila and in the lower zones that fades towards the
    periphery (bat's wing when severe); Kerley B lines, 1 to 2 cm long and horizontal, at the lateral bases.
    Source: Fleischner glossary (septal line); Milne et al., AJR 1985; Gluecker et al., RadioGraphics 1999.
    """

    sides: ClassVar[dict[str, float]] = {"both": 1.0}

    def reshape(self, anatomy: Anatomy) -> Anatomy:
        """Widen the vessels."""
        lungs = anatomy.lungs
        return replace(anatomy, lungs=replace(lungs, calibre=lungs.calibre * self.between(1.12, 1.3)))

    def paint(self, chest: Chest) -> Chest:
        """Lay the haze and draw septal lines."""
        rng, frame, size = self.rng, chest.frame, chest.camera.size
        # A wing round the hilum: highest at 54 % of the height, half a lung wide.
        down = (frame.height - 0.54) / np.where(frame.height < 0.54, np.float32(0.26), np.float32(0.34))
        across = (np.clip(frame.lateral, -0.2, 1.2) - 0.1) / self.between(0.5, 0.62)
        wing = np.exp(-(across**2) - down**2)
        mottle = np.clip(1 + 0.25 * texture(rng, size, 2.6, grain=7), 0.3, 1.7)
        lines = cv2.GaussianBlur(self._septa(chest, rng), (0, 0), 0.35 * size / 320 + 0.05)
        return chest.filled(self.between(*EDEMA) * wing * mottle + SEPTA * lines)

    def _septa(self, chest: Chest, rng: np.random.Generator) -> np.ndarray:
        camera, frame = chest.camera, chest.frame
        points = []
        for side in ("right", "left"):
            for _ in range(round(self.between(6, 14))):  # lines a side, near the wall of the lower zones
                x, y = frame.point(side, rng.uniform(0.90, 0.97), rng.uniform(0.58, 0.86))
                line = np.linspace([x, y, 0], [x - SIDES[side] * rng.uniform(10, 20), y + rng.normal(0, 1.5), 0], 40)
                points.append(camera.pixels(line))
        joined = np.concatenate(points)
        direction = np.tile([1.0, 0.0], (len(joined), 1))
        return tubes(camera.size, joined, direction, np.full(len(joined), 0.6), np.full(len(joined), 0.5))
