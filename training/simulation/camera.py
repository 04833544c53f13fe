"""Where a point of the chest lands on the film.

World coordinates are in millimetres: x to the patient's left (the image's right), y down from the level of the
lung apices, z from the middle of the chest to the back. Rays are taken as parallel inside one solid, and each solid
is magnified by its own depth (weak perspective). That keeps chord lengths exact and still gives an AP film its
larger heart. Distances are drawn in ``anatomy.draw_camera``, which says where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.simulation.solids import Axes


@dataclass(frozen=True)
class Camera:
    """Film, focus and patient in space.

    Attributes
    ----------
    size
        Side of the film in pixels.
    field
        Width and height of the film at the middle of the chest, mm.
    centre
        World x and y at the middle of the film, mm.
    focus
        Distance from the focus to the middle of the chest, mm.
    posterior
        True for PA (focus behind the patient), False for AP.
    rotation
        Turn of the patient about the body's long axis, radians.
    """

    size: int
    field: tuple[float, float]
    centre: tuple[float, float]
    focus: float
    posterior: bool
    rotation: float

    def magnification(self, z: np.ndarray | float) -> np.ndarray | float:
        """Give the size of things at depth ``z`` relative to the middle of the chest."""
        return self.focus / (self.focus - z if self.posterior else self.focus + z)

    def pixels_per_mm(self, z: float = 0.0) -> float:
        """Pixels a millimetre (mean of x and y) at depth ``z``."""
        return self.size * 0.5 * (1 / self.field[0] + 1 / self.field[1]) * float(self.magnification(z))

    def axes(self, z: float = 0.0) -> Axes:
        """World coordinates of the pixel columns and rows at depth ``z``."""
        unit = ((np.arange(self.size) + 0.5) / self.size - 0.5) / self.magnification(z)
        x = self.centre[0] + unit * self.field[0] - z * np.sin(self.rotation)
        y = self.centre[1] + unit * self.field[1]
        return Axes(x.astype(np.float32), y.astype(np.float32))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Project world points (N, 3) to pixel coordinates (N, 2)."""
        x, y, z = points.T
        m = self.magnification(z)
        u = m * (x + z * np.sin(self.rotation) - self.centre[0]) / self.field[0]
        v = m * (y - self.centre[1]) / self.field[1]
        return (np.stack([u, v], axis=1) + 0.5) * self.size - 0.5
