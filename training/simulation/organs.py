"""Soft tissue and air: lungs, mediastinum, diaphragm, trunk, trachea and gut, as simple solids.

Lengths are in millimetres: x to the patient's left, y down from the lung apices, z to the back, 0 at the middle of the
chest. Where no source is named, places and sizes are not measured: they follow the outlines that anatomy atlases and
films show (Gray's Anatomy; Felson 1973) and were moved by eye until the mean simulated film looked like the mean film
of ChestX-ray14. Shares are of the thorax's half-width, height or half-depth, or of the heart's width, as they stand.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.simulation.anatomy import SIDES, Anatomy
from training.simulation.camera import Camera
from training.simulation.solids import Interval, capsule, ellipsoid, stack
from training.simulation.streams import stream

LUNG_DEPTH, LUNG_BOXINESS = 6.0, 2.2  # z of the lungs' middle, mm; exponent of their horizontal section
ARCH = 0.27  # level of the aortic arch, share of the height
AORTA_RADIUS = 13.0  # mm: a descending aorta of 26 mm
CARINA = 0.36  # level at which the trachea divides, share of the height
# Half the coronal diameter of the trachea, mm. 18 mm lie within the normal 13 to 25 mm of men and 10 to 21 mm of women
# (Breatnach et al., AJR 1984;142:903); the sagittal one is a tenth more.
TRACHEA_RADIUS, TRACHEA_DEEPER = 9.0, 1.1
BRONCHUS_RADII = (7.0, 5.0)  # mm, of a main bronchus at its two ends
BRONCHUS_SHARE = 0.7  # of their gas that is counted: they run obliquely in front of the spine


def project_lungs(anatomy: Anatomy, camera: Camera) -> np.ndarray:
    """Length (H, W) inside the lungs, with heart, mediastinum and diaphragm cut away, mm."""
    mediastinum, aorta = _mediastinum(anatomy, camera), _descending_aorta(anatomy, camera)
    axes = camera.axes()
    cage = anatomy.cage
    inner, outer, depth = cage.inner(axes.y), cage.outer(axes.y), cage.depth(axes.y)
    total = np.zeros((camera.size, camera.size), np.float32)
    for side in SIDES.values():
        middle, half_width = side * (inner + outer) / 2, (outer - inner) / 2 * (depth > 0)
        lung = stack(axes, middle, half_width, depth, LUNG_DEPTH, exponent=LUNG_BOXINESS)
        dome = _dome(anatomy, camera, side)
        total += lung.length_outside(mediastinum, dome)
        total -= lung.intersection(aorta).length_outside(mediastinum, dome)
    return total


def _dome(anatomy: Anatomy, camera: Camera, side: int) -> Interval:
    """One half of the diaphragm and what lies below it: an ellipsoid 8 mm in front of the middle of the chest."""
    cage, diaphragm = anatomy.cage, anatomy.diaphragm
    top, fall = (diaphragm.right, diaphragm.fall_right) if side < 0 else (diaphragm.left, diaphragm.fall_left)
    centre = (side * 0.50 * cage.half_width, top + fall, -8.0)
    return ellipsoid(camera.axes(-8.0), centre, (0.66 * cage.half_width, fall, 1.12 * cage.half_depth))


def _mediastinum(anatomy: Anatomy, camera: Camera) -> Interval:
    """Heart and great vessels: ventricle, right atrium, outflow tract, aortic knob, and the column above them.

    The heart is built of ellipsoids in shares of its width, so that together they are as wide as that; it lies in
    front, a third of the half-depth from the middle. Tilts are in radians.
    """
    cage, heart = anatomy.cage, anatomy.heart
    width, shift = heart.width, heart.shift
    z = -0.35 * cage.half_depth
    near = camera.axes(z)
    middle_y = heart.floor - 0.23 * width
    deep = 0.5 * width
    ventricle = ellipsoid(near, (shift + 0.215 * width, middle_y, z), (0.52 * width, 0.36 * width, deep), heart.tilt)
    atrium = ellipsoid(near, (shift - 0.08 * width, middle_y + 2, z), (0.235 * width, 0.37 * width, 0.7 * deep), -0.12)
    outflow = ellipsoid(
        near, (shift + 0.13 * width, middle_y - 0.34 * width, z), (0.21 * width, 0.42 * width, 0.3 * width), -0.38
    )
    axes = camera.axes(0.0)
    knob_y = ARCH * cage.height
    knob_x = 0.62 * heart.pedicle + 0.5 * heart.unfolding
    knob = ellipsoid(axes, (knob_x, knob_y, 5.0), (heart.knob + 4, heart.knob + 3, 26))  # 3 to 4 mm of wall and fat
    y = axes.y
    # Half-widths of the column from neck to diaphragm, relative to the vascular pedicle's; it is 120 mm deep.
    widths = np.interp(y / cage.height, [-1, 0.0, 0.15, 0.3, 0.5, 1], [2.2, 1.9, 1.4, 1.3, 1.15, 1.1])
    wander = heart.wander * np.sin(y / cage.height * 4.5 + 3 * heart.wander)  # superior vena cava, azygos
    column = stack(axes, wander, heart.pedicle * widths, np.full_like(y, 60), 10.0, exponent=1.15)
    hull = ventricle
    for solid in (atrium, outflow, knob, column):
        hull = hull.hull(solid)
    return hull


def _descending_aorta(anatomy: Anatomy, camera: Camera) -> Interval:
    """The aorta from arch to diaphragm, in front of the spine: with age it bows out to the left."""
    cage, heart = anatomy.cage, anatomy.heart
    z = 0.55 * cage.half_depth
    axes = camera.axes(z)
    arch = ARCH * cage.height
    way = np.clip((axes.y - arch) / (0.8 * cage.height), 0, 1)
    x = 0.35 * heart.pedicle + heart.unfolding * np.sin(way * np.pi)
    radius = np.where(axes.y > arch, AORTA_RADIUS, 0.0)
    return stack(axes, x, radius, radius, z)


def project_body(anatomy: Anatomy, camera: Camera) -> np.ndarray:
    """Length (H, W) inside trunk, neck, arms and breasts, as if there were no air in them, mm."""
    total = _trunk(anatomy, camera)
    for side in SIDES.values():
        total = np.maximum(total, _arm(anatomy, camera, side))
    for side in SIDES.values() if anatomy.body.breast > 0 else ():
        total = total + _breast(anatomy, camera, side)
    return total


def _trunk(anatomy: Anatomy, camera: Camera) -> np.ndarray:
    """Thickness (H, W) of neck, shoulders and trunk, mm: half-widths and half-depths at levels, all in mm.

    ``top`` is the level of the shoulders, ``reach`` the half-width there with 36 mm of muscle beside the joint.
    """
    cage, body, axes = anatomy.cage, anatomy.body, camera.axes()
    top, reach, chest = body.shoulder_height, body.shoulder + 36, cage.half_width + 1.35 * cage.wall
    neck, deep = 52 + 14 * body.girth, cage.half_depth + 0.75 * cage.wall
    half_width = np.interp(
        axes.y,
        [-200, top - 62, top - 42, top - 22, top - 6, top + 12, top + 40, top + 80, top + 125, 200, 300, 420],
        [neck, neck + 3, neck + 22, 0.62 * reach, 0.84 * reach, 0.95 * reach, reach, 0.97 * reach,
         chest + 22, chest, chest - 2, chest + 8 * body.girth],
    )  # fmt: skip
    half_depth = np.interp(
        axes.y,
        [-200, top - 60, top - 10, top + 30, 80, 130, 190, 300, 420],
        [74, 76, 79, 82, 0.88 * deep, 0.96 * deep, deep, deep + 8, deep + 10],
    )
    half_width = gaussian_filter1d(half_width, 10 * camera.size / camera.field[1], mode="nearest")  # over 10 mm
    return stack(axes, np.zeros_like(axes.y), half_width, half_depth, exponent=2.5).length


def _arm(anatomy: Anatomy, camera: Camera, side: int) -> np.ndarray:
    """Thickness (H, W) of an upper arm, mm: some 250 mm from shoulder to elbow, radii of 46 to 80 mm."""
    body = anatomy.body
    joint = (side * (body.shoulder - 18), body.shoulder_height + 52)
    elbow = (side * (body.shoulder + 5 + body.abduction), body.shoulder_height + 300)
    radius = 50 + 22 * body.girth
    return capsule(camera.axes(), joint, elbow, (radius + 8, radius - 4))


def _breast(anatomy: Anatomy, camera: Camera, side: int) -> np.ndarray:
    """Thickness (H, W) of a breast, mm: it fades into the chest wall above, only the fold below has an edge."""
    cage, body, axes = anatomy.cage, anatomy.body, camera.axes(-anatomy.cage.half_depth)
    # Half the height and width, mm: a thicker breast is larger.
    tall, wide = 46 + 0.9 * body.breast, 0.46 * cage.half_width + 0.5 * body.breast
    across = (axes.x - side * 0.56 * cage.half_width)[None, :] / wide
    down = (axes.y - body.breast_height + tall)[:, None] / tall
    above = down < 0
    cup = np.maximum(1 - across**2 - np.where(above, 0.4 * down, down) ** 2, 0) ** 0.45
    return body.breast * cup * np.where(above, np.exp(-((down / 0.6) ** 2)), 1.0)


def project_gas(anatomy: Anatomy, camera: Camera, seed: int) -> np.ndarray:
    """Length (H, W) inside trachea, main bronchi, stomach bubble and bowel gas, mm."""
    cage, rng = anatomy.cage, stream(seed, "gas")
    axes = camera.axes(10.0)
    carina = CARINA * cage.height
    y = axes.y
    trachea = np.where(y < carina, TRACHEA_RADIUS, 0.0)
    x = np.interp(y, [-60, carina], [0, -2.0])  # the arch pushes it 2 mm to the right
    gas = stack(axes, x, trachea, trachea * TRACHEA_DEEPER).length
    for side, drop in ((-1, 34), (1, 24)):  # the right main bronchus runs down more steeply
        end = (side * 40, carina + drop)
        gas = np.maximum(gas, BRONCHUS_SHARE * capsule(axes, (-2, carina - 4), end, BRONCHUS_RADII))
    near = camera.axes(-20.0)
    dome = anatomy.diaphragm.left
    if rng.random() < 0.75:  # a stomach bubble is seen on three films in four
        width, depth = rng.uniform(18, 42), rng.uniform(10, 26)
        centre = (0.52 * cage.half_width + rng.normal(0, 8), dome + 7 + depth, -20.0)
        bubble = ellipsoid(near, centre, (width, depth, 0.9 * width)).length
        level = centre[1] + rng.uniform(-0.3, 0.9) * depth  # upright films show a fluid level
        gas = gas + bubble * (1 / (1 + np.exp(np.clip((near.y - level) / 0.7, -30, 30))))[:, None]
    for _ in range(rng.poisson(2.2)):  # loops of bowel with gas, from the diaphragm down
        centre = (rng.uniform(-60, 100), cage.height * rng.uniform(1.0, 1.35), -20.0)
        size = rng.uniform([8, 7, 8], [24, 15, 22])
        gas = gas + ellipsoid(near, centre, tuple(size), rng.normal(0, 0.6)).length
    return gas
