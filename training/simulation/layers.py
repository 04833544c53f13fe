"""What rays cross, layer by layer, and the coordinates in which findings are placed.

Layers are in millimetres, so that a finding can say what it is (40 mm of water here, no air there) and only
``Layers.attenuation`` knows about X-rays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.simulation.anatomy import SIDES, Anatomy
from training.simulation.camera import Camera

# Linear attenuation, 1/mm, of one energy that stands for the spectrum of a 120 kV chest beam: 60 to 75 keV. NIST's
# tables (NISTIR 5632) give, for the densities in brackets:
WATER = 0.0205  # water (1.00 g/cm3) has 0.0206 at 60 keV; soft tissue, fluid and blood count as water
BONE = 0.050  # ICRU 44 cortical bone (1.92 g/cm3) has 0.0604 at 60 keV and 0.0494 at 70 keV
METAL = 0.60  # iron (7.87 g/cm3) has 0.64 at 70 keV and 0.54 at 75 keV

HELD_BY = 25  # mm of lung that hold a vessel whole, chosen by eye so that vessels fade out at the lung's edge


@dataclass(frozen=True)
class Layers:
    """What rays cross, (H, W) each.

    Attributes
    ----------
    body
        Soft tissue of the whole trunk as if there were no air in it, mm.
    lung
        Length inside inflated lung, mm.
    density
        Density of that lung relative to water, 0 to 1.
    fill
        Share of the lung's air that fluid or cells replaced, 0 to 1.
    vessels
        Length inside pulmonary vessels, mm; seen only where there is air around them.
    gas
        Length inside trachea, stomach and bowel gas, mm.
    bone, metal
        mm of cortical bone and of steel.
    added
        Soft tissue or fluid that a finding adds, mm.
    """

    body: np.ndarray
    lung: np.ndarray
    density: np.ndarray
    fill: np.ndarray
    vessels: np.ndarray
    gas: np.ndarray
    bone: np.ndarray
    metal: np.ndarray
    added: np.ndarray

    def attenuation(self) -> np.ndarray:
        """Line integral of attenuation along each ray (Beer-Lambert exponent), no unit."""
        tissue = self.density + (1 - self.density) * self.fill
        # A vessel near the lung's edge is only there as far as there is lung to hold it.
        held = np.minimum(self.lung * (1 / HELD_BY), 1) * (1 - tissue)
        water = self.body + self.added - self.gas - self.lung * (1 - tissue) + self.vessels * held
        return WATER * np.maximum(water, 0) + BONE * self.bone + METAL * self.metal


class Frame:
    """Coordinates in which findings are placed: across and down the lungs of one thorax on one film.

    They belong to the thorax alone, not to heart or diaphragm, so that a finding which moves those moves no other.

    Attributes
    ----------
    x, y
        (1, W) and (H, 1) world coordinates at the middle of the chest, mm.
    lateral
        (H, W) position across a lung: 0 at its medial wall, 1 at the chest wall.
    height
        (H, 1) position down the thorax: 0 at the apices, 1 at the lowest recess.
    wall
        (H, W) distance from the chest wall, mm, positive inside.
    """

    def __init__(self, anatomy: Anatomy, camera: Camera):
        axes, cage = camera.axes(), anatomy.cage
        self.cage = cage
        self.x, self.y = axes.x[None, :], axes.y[:, None]
        inner, outer = (f(axes.y).astype(np.float32)[:, None] for f in (cage.inner, cage.outer))
        self.lateral = (np.abs(self.x) - inner) / np.maximum(outer - inner, 1e-3)
        self.height = self.y / np.float32(cage.height)
        self.wall = outer - np.abs(self.x)

    def on(self, side: str) -> np.ndarray:
        """(1, W) True on the patient's ``"right"`` or ``"left"`` half, or on both."""
        return np.full(self.x.shape, True) if side == "both" else self.x * SIDES[side] > 0

    def point(self, side: str, lateral: float, height: float) -> tuple[float, float]:
        """World x and y (mm) of a position across and down one lung."""
        y = height * self.cage.height
        inner, outer = float(self.cage.inner(y)), float(self.cage.outer(y))
        return SIDES[side] * (inner + lateral * (outer - inner)), y


@dataclass(frozen=True)
class Chest:
    """A projected chest: its layers, and the coordinates that findings are placed in."""

    anatomy: Anatomy
    camera: Camera
    frame: Frame
    layers: Layers

    def with_layers(self, **layers: np.ndarray) -> Chest:
        """Give the same chest with some layers replaced."""
        return replace(self, layers=replace(self.layers, **layers))

    def filled(self, fill: np.ndarray) -> Chest:
        """Give the same chest with a share of the air that is left replaced by fluid or cells."""
        return self.with_layers(fill=1 - (1 - self.layers.fill) * (1 - np.clip(fill, 0, 1)))

    def inside_lung(self, full: float = 15.0) -> np.ndarray:
        """(H, W) 0 outside the lungs, rising to 1 where rays run ``full`` mm in them."""
        return np.minimum(self.layers.lung * np.float32(1 / full), 1)
