"""Bones: ribs, spine, clavicles, scapulae and arms, projected as millimetres of cortical bone.

Ribs are tubes with a dense wall that run round the thorax from the spine to the anterior ends, sloping down, so
that posterior and anterior parts cross on the film as they do on a real one. Shapes and angles follow Gray's
Anatomy; what counts for a reader is that ribs are where ribs are.

Lengths are in millimetres, angles in radians. Sizes and slopes, and the density of each kind of bone relative to
cortical bone, are not measured: they were chosen by eye so that bones look as bright and as sharp as on real films.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.simulation.anatomy import Anatomy
from training.simulation.camera import Camera
from training.simulation.solids import curve, ellipsoid, stack, tubes
from training.simulation.streams import stream

Samples = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # what `tubes` is given of tubes
RIBS = 11  # the 12th is short and behind the abdomen
BACK_RIB, FRONT_RIB = 1.0, 0.6  # density of posterior and anterior parts, which turn into cartilage
RIB_WALL, RIB_CORE = 0.24, 0.42  # cortical wall as a share of the half-width; density of the marrow in it
COSTAL_PITCH = 11.6  # ribs from apex to recess: the height of the lungs over the distance from rib to rib
VERTEBRAE = 11.2  # vertebrae over the height of the lungs
CLAVICLE_WALL, CLAVICLE_CORE, CLAVICLE_DENSITY = 0.3, 0.4, 1.05
BORDER_WALL, BORDER_CORE = 0.4, 0.5  # of the scapula's borders
SHAFT_WALL, SHAFT_CORE, SHAFT_DENSITY = 0.3, 0.15, 0.25  # of the humerus, dimmed: it lies deep in the arm
HEAD_CORE, HEAD_SHELL = 0.05, 0.14  # density of the humeral head and of its cortex
SCAPULA_DEPTH = 60.0  # z
SCAPULA_PLATE = 1.5  # thickness of the plate between the borders
STERNUM_DENSITY = 0.05  # cancellous bone with a thin cortex
SOFTENING = 1.0  # standard deviation of the blur that takes off the shoulders' hard edges


def project_skeleton(anatomy: Anatomy, camera: Camera, seed: int) -> np.ndarray:
    """Project all bones (H, W), mm of cortical bone along each ray."""
    bone = _ribs(anatomy, camera, stream(seed, "ribs"))
    bone += _spine(anatomy, camera, stream(seed, "spine"))
    bone += _shoulders(anatomy, camera, stream(seed, "shoulders"))
    bone += _sternum(anatomy, camera)
    return bone * np.float32(anatomy.body.bone)


def _ribs(anatomy: Anatomy, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    cage = anatomy.cage
    # Level of the first rib's neck, distance from rib to rib, slope relative to the mean one.
    first, pitch = rng.normal(7, 3), cage.height / rng.normal(COSTAL_PITCH, 0.35)
    slope = rng.normal(1.0, 0.14)
    parts: dict[str, list[Samples]] = {"posterior": [], "anterior": []}
    for side in (-1, 1):
        for k in range(RIBS):
            angle = np.linspace(0.16, 2.4 - 0.16 * max(k - 5, 0) ** 1.35, 56)  # from the spine round to the cartilage
            # A rib falls by about 26 mm (the first) to 101 mm (from the sixth on) on its way to the front.
            drop = slope * (26 + 15 * min(k, 5)) * (1 + 0.02 * rng.normal())
            start = first + pitch * k + rng.normal(0, 0.8)
            y = start - 3 * np.sin(np.clip(angle, 0, 1.2) / 1.2 * np.pi) + drop * (angle / 2.35) ** 1.5
            # The ribs bow out on the wall of the lungs, a few millimetres outside.
            x = side * (cage.outer(np.clip(y, 8, cage.height)) + 3) * np.sin(np.clip(angle, 0, np.pi)) ** 0.85
            depth = np.clip(cage.depth(np.clip(y, 12, 0.75 * cage.height)), 0.5 * cage.half_depth, None)
            z = depth * np.cos(angle)
            height = (5.2 + 0.7 * np.sin(angle)) * (1.15 if k < 1 else 1.0)  # half of it; the first rib is broader
            thick = 2.9 / np.maximum(np.abs(np.cos(angle)), 0.7)  # rays run along the rib at the side
            sample, tangent, at = curve(camera.pixels(np.stack([x, y, z], axis=1)))
            scale = camera.pixels_per_mm()
            corners = np.arange(len(angle))
            half_width, half_depth = np.interp(at, corners, height) * scale, np.interp(at, corners, thick)
            if k > 6:  # false and floating ribs end in a point
                tip = np.clip((corners[-1] - at) / 20, 0, 1) ** 0.5
                half_width, half_depth = half_width * (0.4 + 0.6 * tip), half_depth * tip
            behind = np.interp(at, corners, angle) < np.pi / 2
            for name, chosen in (("posterior", behind), ("anterior", ~behind)):
                parts[name].append((sample[chosen], tangent[chosen], half_width[chosen], half_depth[chosen]))
    total = np.zeros((camera.size, camera.size), np.float32)
    for name, density in (("posterior", BACK_RIB), ("anterior", FRONT_RIB)):
        total += density * tubes(camera.size, *_joined(parts[name]), wall=RIB_WALL, core=RIB_CORE)
    return total


def _spine(anatomy: Anatomy, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Vertebrae and discs: each vertebra a body with end plates and rim, pedicles, spinous and transverse processes.

    Summands are mm of cortical bone; ``phase`` runs from 0 to 1 from disc to disc, ``edge`` is the distance to a disc.
    """
    cage = anatomy.cage
    depth = 0.75 * cage.half_depth
    axes = camera.axes(depth)
    pitch = cage.height / VERTEBRAE
    y = axes.y[:, None]
    bend = rng.normal(0, 3) * np.sin((y + 50) / cage.height * 2.2) + rng.normal(0, 2) * np.sin(y / cage.height * 5)
    x = axes.x[None, :] - bend
    level = (y - rng.normal(-8, 3)) / pitch
    size = pitch * (0.78 + 0.012 * np.clip(level, -3, 13))  # vertebrae grow downwards
    phase = level - np.floor(level)  # 0 and 1 at the middle of a disc
    half_width = 0.62 * size * (1 - 0.10 * np.sin(np.pi * phase) ** 2)
    body = 17 * np.sqrt(np.maximum(1 - (x / half_width) ** 2, 0))
    edge = np.minimum(phase, 1 - phase) * pitch
    plate = np.exp(-(((edge - 3.2) / 1.1) ** 2))
    solid = 1 / (1 + np.exp(-(edge - 2.4) / 0.5))
    rim = np.exp(-(((np.abs(x) - half_width + 1.2) / 1.3) ** 2))
    bone = body * solid * (0.15 + 0.12 * plate) + 1.2 * rim * solid
    # Pedicles end-on are rings; the spinous process is a drop on the midline.
    across, along = (np.abs(x) - 0.48 * size) / 3.6, (phase - 0.36) * pitch / 4.6
    ring = np.hypot(across, along)
    bone += 1.8 * np.exp(-(((ring - 1.0) / 0.35) ** 2)) + 0.6 * (ring < 1)
    bone += 2.6 * np.exp(-((x / 3.2) ** 2) - (((phase - 0.78) * pitch / 6.5) ** 4))
    transverse = np.exp(-(((phase - 0.36) * pitch / 4.2) ** 4)) * (np.abs(x) < 1.05 * size + 8 * (level < 10))
    bone += 0.9 * transverse * (np.abs(x) > 0.5 * size)
    return bone.astype(np.float32)


def _shoulders(anatomy: Anatomy, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    body, scale = anatomy.body, camera.pixels_per_mm()
    top, reach = body.shoulder_height, body.shoulder
    total = np.zeros((camera.size, camera.size), np.float32)
    swing = rng.uniform(0, 28) * (1 if camera.posterior else 0.3)  # shoulders rolled forward clear the lungs, mm
    clavicle: list[Samples] = []
    border: list[Samples] = []
    for side in (-1, 1):
        tilt = rng.normal(0, 3)
        t = np.linspace(0, 1, 24)  # from the sternum to the shoulder
        x = side * (11 + (reach - 38) * t)
        y = 24 + (top - 16 - 24 + tilt) * t + 3 * np.sin(2 * np.pi * t)
        z = -0.6 * anatomy.cage.half_depth * (1 - t) + 15 * t
        sample, tangent, at = curve(camera.pixels(np.stack([x, y, z], axis=1)))
        width = np.interp(at / 23, [0, 0.12, 0.5, 1], [8.5, 6.2, 5.6, 7.5])  # half-widths
        clavicle.append((sample, tangent, width * scale, width * 0.8))

        # Scapula: a thin plate between three thick borders, its spine and the glenoid. Places are measured inwards from
        # the outer end of the shoulder and down from its top.
        medial = np.array([side * (reach - 92 + swing), top + 22])
        tip = np.array([side * (reach - 66 + 1.3 * swing), top + 148 + rng.normal(0, 6)])
        glenoid = np.array([side * (reach - 32 + 0.2 * swing), top + 44])
        acromion = np.array([side * (reach - 10), top + 2])
        coracoid = np.array([side * (reach - 55 + 0.3 * swing), top + 26])
        plate = np.stack([medial, tip, glenoid])
        canvas = np.zeros((camera.size, camera.size), np.uint8)
        corners = camera.pixels(np.column_stack([plate, np.full(3, SCAPULA_DEPTH)]))
        cv2.fillConvexPoly(canvas, np.rint(corners * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        total += cv2.GaussianBlur(canvas, (0, 0), 0.8 * scale + 0.3).astype(np.float32) * (SCAPULA_PLATE / 255)
        for (start, end), half, thick in (  # half the width and half the depth of each border
            ((glenoid, tip), 3.4, 2.8),
            ((medial, tip), 2.0, 1.5),
            ((medial + np.array([0, 12]), acromion), 4.0, 3.2),
            ((glenoid - [0, 10], coracoid), 5.5, 4.0),
            ((glenoid - np.array([side * 2, 16]), glenoid + np.array([-side * 2, 16])), 4.5, 3.8),
        ):
            line = np.linspace(start, end, 12)
            line[:, 0] += -side * 4 * np.sin(np.linspace(0, np.pi, 12))
            sample, tangent, _ = curve(camera.pixels(np.column_stack([line, np.full(12, SCAPULA_DEPTH)])))
            border.append((sample, tangent, np.full(len(sample), half * scale), np.full(len(sample), thick)))

        axes = camera.axes(20.0)
        joint = (side * (reach - 2), top + 40, 20.0)
        outer = ellipsoid(axes, joint, (24, 25, 22)).length
        inner = ellipsoid(axes, joint, (21.5, 22.5, 20)).length
        total += HEAD_CORE * inner + HEAD_SHELL * (outer - inner)
        elbow = np.array([side * (reach + 5 + body.abduction), top + 300])
        shaft = np.linspace([joint[0] + side * 4, joint[1] + 8], elbow, 12)
        sample, tangent, _ = curve(camera.pixels(np.column_stack([shaft, np.full(12, 20.0)])))
        radius = np.full(len(sample), 11.5)
        total += SHAFT_DENSITY * tubes(
            camera.size, sample, tangent, radius * scale, radius, wall=SHAFT_WALL, core=SHAFT_CORE
        )
    total += tubes(camera.size, *_joined(clavicle), wall=CLAVICLE_WALL, core=CLAVICLE_CORE) * CLAVICLE_DENSITY
    total += tubes(camera.size, *_joined(border), wall=BORDER_WALL, core=BORDER_CORE)
    return cv2.GaussianBlur(total, (0, 0), SOFTENING * scale)


def _joined(parts: list[Samples]) -> Samples:
    points, directions, half_width, half_depth = (np.concatenate(values) for values in zip(*parts, strict=True))
    return points, directions, half_width, half_depth


def _sternum(anatomy: Anatomy, camera: Camera) -> np.ndarray:
    depth = -anatomy.cage.half_depth
    axes = camera.axes(depth)
    # Manubrium, narrowing and body: half-widths at levels below the apices; 11 mm deep.
    half_width = np.interp(axes.y, [26, 32, 58, 72, 80, 180, 190], [0, 27, 22, 14, 15, 17, 0])
    return (
        STERNUM_DENSITY * stack(axes, np.zeros_like(axes.y), half_width, np.full_like(axes.y, 5.5), exponent=4.0).length
    )
