"""Pulmonary vessels: trees that branch from the hila and thin out towards the pleura.

At each fork the radii follow Murray's law, ``r0^3 = r1^3 + r2^3`` (Murray, PNAS 1926), times ``TAPER`` for the
smaller branches that are not drawn; the branches lean apart by 20 to 40 degrees. Trees grow in the coordinates of a
standard lung and are laid into the actual one, so that the same tree follows a lung that a finding reshapes.

The eight trunks that leave a hilum, their directions, radii and lengths, and how much all this varies are not measured:
they were chosen by eye after films. The widest, to the lower lobe, is 15 mm across; a right descending pulmonary artery
of up to 16 mm is normal in men and of up to 15 mm in women.
"""

from __future__ import annotations

import numpy as np

from training.simulation.anatomy import SIDES, Anatomy
from training.simulation.camera import Camera
from training.simulation.solids import ellipsoid, tubes
from training.simulation.streams import stream

TAPER = 0.84  # share of the radius that is left at a fork beside Murray's law; chosen by eye
BUNDLE = 1.5  # artery, vein and bronchial wall run together: so much more than one vessel; chosen by eye
STEPS = (16, 14, 12, 10, 8, 7, 6)  # samples along a branch of each generation on a film of `STEPS_SIZE`
STEPS_SIZE = 320  # pixels
STANDARD_LUNG = (135, 270)  # width and height of the lung that trees grow in, mm
HILUM = (0.23, 0.47)  # place of a hilum: share of the way across the lung and down it
HIGHER = 0.02  # how far the left hilum stands above the middle of both, and the right one below, share of the height
# Directions (degrees, 0 lateral, 90 down), radii and lengths (mm) of the trunks.
HEADINGS = [-82, -58, -30, 0, 24, 46, 64, 80]
RADII = [5.2, 5.0, 4.4, 4.2, 5.4, 6.4, 7.6, 5.8]
LENGTHS = [34, 30, 26, 28, 32, 36, 38, 36]
ROOT = (11, 21, 9)  # semi-axes of a lung root, mm: its large vessels and nodes as one body


def grow_tree(rng: np.random.Generator, fine: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Grow one lung's tree from a hilum at the origin, x lateral, y down, in mm of a standard lung.

    Parameters
    ----------
    rng
        Stream of this lung's vessels.
    fine
        Samples along a branch, relative to `STEPS`.

    Returns
    -------
    list of tuple
        For each generation the centre lines (N, M, 2) and the radii (N, M), mm.
    """
    heading = np.deg2rad(HEADINGS) + rng.normal(0, 0.12, 8)
    radius = np.array(RADII) * rng.normal(1, 0.1, 8)
    start = rng.normal([0, 4], 3.0, (8, 2))  # mm from the hilum
    length = np.array(LENGTHS) * rng.normal(1, 0.15, 8)
    generations = []
    for samples in STEPS:
        steps = round(samples * fine)
        t = np.linspace(0, 1, steps)[None, :]
        bend = rng.normal(0, 0.28, len(heading))[:, None]  # radians along a branch
        angle = heading[:, None] + bend * t
        step = length[:, None] / (steps - 1)
        offset = np.cumsum(np.stack([np.cos(angle) * step, np.sin(angle) * step], axis=-1), axis=1)
        line = start[:, None, :] + offset - offset[:, :1]
        ratio = rng.uniform(0.35, 0.65, len(radius))  # share of r0^3 that the first branch takes
        children = np.stack([radius * ratio ** (1 / 3), radius * (1 - ratio) ** (1 / 3)], axis=1)
        generations.append((line, radius[:, None] + (children.max(axis=1)[:, None] - radius[:, None]) * t))
        fork = rng.uniform(0.3, 0.75, len(heading)) * rng.choice([-1, 1], len(heading))  # radians between the branches
        share = children / children.sum(axis=1, keepdims=True)
        heading = (angle[:, -1:] + np.stack([fork * share[:, 1], -fork * share[:, 0]], axis=1)).ravel()
        start = np.repeat(line[:, -1], 2, axis=0)
        length = np.repeat(length, 2) * rng.uniform(0.62, 0.95, 2 * len(length))
        radius = children.ravel() * TAPER
    return generations


def project_vessels(anatomy: Anatomy, camera: Camera, seed: int) -> np.ndarray:
    """Chords (H, W) through the vessels of both lungs, mm."""
    cage, lungs = anatomy.cage, anatomy.lungs
    scale = camera.pixels_per_mm()
    fine = max(1.0, camera.size / STEPS_SIZE)
    layers: list[list] = [[] for _ in STEPS]
    for side in SIDES.values():
        rng = stream(seed, f"vessels {side}")
        hilum = np.array([HILUM[0] + HIGHER * side, HILUM[1] - HIGHER * side])  # the left hilum sits higher
        for layer, (line, radius) in zip(layers, grow_tree(rng, fine), strict=True):
            lateral = hilum[0] + line[..., 0] / STANDARD_LUNG[0]
            down = hilum[1] + line[..., 1] / STANDARD_LUNG[1]
            kept = (lateral.max(axis=1) < 0.97) & (lateral.min(axis=1) > 0.02) & (down.min(axis=1) > 0.03)
            lateral, down, radius = lateral[kept], down[kept], radius[kept]
            depth = np.repeat(rng.uniform(-0.4, 0.4, len(lateral))[:, None], lateral.shape[1], axis=1) * cage.half_depth
            # Vessels stay put when only the diaphragm or the heart moves.
            y = down * cage.height
            inner, outer = cage.inner(y), cage.outer(y)
            x = side * (inner + lateral * (outer - inner))
            far = np.clip((lateral - 0.35) / 0.5, 0, 1)  # the periphery begins a third of the way to the wall
            radius = radius * lungs.calibre * (1 + (lungs.peripheral - 1) * far)
            layer.append((x, y, depth, radius))
    total = np.zeros((camera.size, camera.size), np.float32)
    for layer in layers:
        x, y, z, radius = (np.concatenate([part[k] for part in layer]) for k in range(4))
        shape = x.shape
        pixels = camera.pixels(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)).reshape(*shape, 2)
        tangent = np.gradient(pixels, axis=1)
        tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-6)
        radius = radius.ravel()
        total += tubes(camera.size, pixels.reshape(-1, 2), tangent.reshape(-1, 2), radius * scale, radius)
    for side in SIDES.values():
        x = side * (cage.inner(0.47 * cage.height) + (0.16 + 0.02 * side) * cage.half_width)
        centre = (float(x), (0.48 - 0.02 * side) * cage.height, 0.0)
        root = ellipsoid(
            camera.axes(), centre, (ROOT[0] * lungs.calibre, ROOT[1] * lungs.calibre, ROOT[2]), side * 0.25
        )
        total += root.length
    return BUNDLE * total
