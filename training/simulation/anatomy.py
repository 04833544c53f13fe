"""The chest as numbers: what a person looks like inside before any ray is shot.

Lengths are in millimetres in the world of ``camera.py``. Adult means and spreads follow common radiographic
anatomy: a thorax about 28 cm wide and 27 cm from apex to costophrenic recess, a cardiothoracic ratio below 0.5
on a PA film (Danzer, Am J Med Sci 1919), the right hemidiaphragm 1 to 2 cm above the left, the left hilum above
the right (Felson, Chest Roentgenology, 1973; Hansell et al., Fleischner glossary, Radiology 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.simulation.camera import Camera
from training.simulation.streams import stream

SIDES = {"right": -1, "left": 1}  # sign of x


@dataclass(frozen=True)
class Cage:
    """Inner surface of the thorax.

    Attributes
    ----------
    half_width, height, half_depth
        Of the lungs, mm.
    wall
        Soft tissue around the thorax, mm.
    apex
        Distance of the apices from the midline as a share of the half-width.
    dome
        Share of the height at which the walls turn from dome to straight.
    """

    half_width: float
    height: float
    half_depth: float
    wall: float
    apex: float
    dome: float

    def outer(self, y: np.ndarray | float) -> np.ndarray:
        """Half the inner width of the thorax at each height: a dome above, nearly straight walls below."""
        s = np.clip(np.asarray(y, dtype=np.float64) / self.height, 0, 1)
        dome = np.sqrt(np.maximum(1 - (1 - np.minimum(s / self.dome, 1)) ** 2.1, 0))
        return self.half_width * (self.apex + (1 - self.apex) * dome)

    def inner(self, y: np.ndarray | float) -> np.ndarray:
        """Distance of the lungs' medial wall from the midline at each height."""
        s = np.clip(np.asarray(y, dtype=np.float64) / self.height, 0, 1)
        dome = np.sqrt(np.maximum(1 - (1 - np.minimum(s / 0.2, 1)) ** 2, 0))
        return self.half_width * (self.apex - (self.apex - 0.035) * dome)

    def depth(self, y: np.ndarray | float) -> np.ndarray:
        """Half the depth of the lungs at each height."""
        s = np.clip(np.asarray(y, dtype=np.float64) / self.height, 0, 1)
        top = np.sqrt(np.maximum(1 - (1 - np.minimum(s / 0.55, 1)) ** 2, 0))
        recess = np.sqrt(np.maximum(1 - (np.maximum(s - 0.75, 0) / 0.25) ** 2, 0))
        inside = (np.asarray(y) > 0) & (np.asarray(y) < self.height)
        return self.half_depth * (0.2 + 0.8 * top) * recess * inside


@dataclass(frozen=True)
class Heart:
    """Heart and great vessels.

    Attributes
    ----------
    width
        Transverse diameter of the heart, mm.
    tilt
        Slope of its long axis, radians.
    shift
        Shift of the mediastinum to the patient's left, mm.
    pedicle
        Half the width of the vascular pedicle, mm.
    knob
        Radius of the aortic knob, mm.
    unfolding
        How far the ageing aorta bows out, mm.
    wander
        Unevenness of the superior mediastinum's contour, mm.
    floor
        Level on which the heart rests, mm below the apices.
    """

    width: float
    tilt: float
    shift: float
    pedicle: float
    knob: float
    unfolding: float
    wander: float
    floor: float


@dataclass(frozen=True)
class Diaphragm:
    """Tops of the domes (mm below the apices) and how far each falls off towards the wall."""

    right: float
    left: float
    fall_right: float
    fall_left: float


@dataclass(frozen=True)
class Lungs:
    """Density of inflated lung relative to water, calibre of vessels, and of those in the periphery."""

    density: float
    calibre: float
    peripheral: float


@dataclass(frozen=True)
class Body:
    """Soft tissue outside the thorax: girth 0 (slim) to 1 (obese), breasts (mm), arms and shoulders (mm)."""

    girth: float
    breast: float
    breast_height: float
    shoulder: float
    shoulder_height: float
    abduction: float
    bone: float


@dataclass(frozen=True)
class Anatomy:
    """One person in one pose."""

    cage: Cage
    heart: Heart
    diaphragm: Diaphragm
    lungs: Lungs
    body: Body


def draw_anatomy(person: int, seed: int, view: str, age: float, sex: str) -> Anatomy:
    """Draw a healthy chest.

    Parameters
    ----------
    person
        Seed of the person: build, heart, shoulders.
    seed
        Seed of the film: how deep the breath was and where the arms are.
    view
        ``"PA"`` (standing) or ``"AP"`` (in bed).
    age
        Years.
    sex
        ``"M"`` or ``"F"``.
    """
    rng, pose = stream(person, "habitus"), stream(seed, "pose")
    man, bed = sex == "M", view == "AP"
    stature = rng.normal(1.0, 0.045)
    girth = float(rng.beta(1.4, 2.2))
    half_width = (139 if man else 126) * stature * (1 + 0.08 * (girth - 0.4)) * rng.normal(1, 0.03)
    height = (282 if man else 262) * stature * rng.normal(1, 0.04)
    half_depth = (80 if man else 72) * stature * (1 + 0.12 * girth) * rng.normal(1, 0.05)
    cage = Cage(half_width, height, half_depth, 26 + 34 * girth, rng.uniform(0.33, 0.43), rng.uniform(0.5, 0.78))

    inspiration = pose.normal(0.2 if not bed else -0.9, 0.8)  # spreads about a usual breath hold
    right = height * (0.78 + 0.04 * inspiration) - 12 * girth
    fall = rng.uniform(50, 100)
    diaphragm = Diaphragm(right, right + rng.normal(11, 6), fall, fall * rng.uniform(0.8, 1.2))

    rng = stream(person, "heart")
    ratio = np.clip(rng.normal(0.44 + 0.0006 * (age - 45) + 0.02 * bed, 0.028), 0.36, 0.49)
    heart = Heart(
        width=2 * half_width * ratio,
        tilt=np.clip(rng.normal(0.62 + 0.12 * inspiration, 0.1), 0.3, 0.95),
        shift=rng.normal(0, 3),
        pedicle=rng.normal(23 + 5 * girth, 2.5),
        knob=np.clip(rng.normal(13 + 0.06 * (age - 40), 2.0), 9, 21),
        unfolding=np.clip(rng.normal(0.25 * (age - 45), 4), 0, 16),
        wander=rng.normal(0, 2.5),
        floor=min(diaphragm.right, diaphragm.left + 4),
    )
    rng = stream(person, "lungs")
    lungs = Lungs(np.clip(rng.normal(0.25 - 0.02 * inspiration, 0.025), 0.17, 0.34), rng.normal(1.0, 0.1), 1.0)

    rng = stream(person, "body")
    breast = 0.0 if man and girth < 0.75 else rng.uniform(8, 26) + 30 * girth * (0.4 if man else 1.0)
    body = Body(
        girth=girth,
        breast=breast,
        breast_height=height * rng.normal(0.75, 0.05),
        shoulder=(205 if man else 188) * stature * rng.normal(1, 0.03),
        shoulder_height=pose.normal(-1, 14),
        abduction=pose.gamma(1.6, 50.0),
        bone=np.clip(rng.normal(1.05 - 0.004 * max(age - 50, 0), 0.1), 0.65, 1.25),
    )
    return Anatomy(cage, heart, diaphragm, lungs, body)


def draw_camera(seed: int, view: str, size: int, anatomy: Anatomy) -> Camera:
    """Place the patient before the film: distance, zoom, centring and rotation as technicians vary them."""
    rng = stream(seed, "camera")
    bed = view == "AP"
    field = np.clip(rng.normal(412, 32), 340, 495) * (1.03 if bed else 1.0)
    aspect = rng.normal(1.0, 0.035)
    lungs_middle = anatomy.cage.height * 0.5
    spread = 1.8 if bed else 1.0
    return Camera(
        size=size,
        field=(field * aspect, field / aspect),
        centre=(rng.normal(0, 7 * spread), lungs_middle + rng.normal(12, 19 * spread)),
        focus=rng.normal(1000, 60) if bed else rng.normal(1700, 40),
        posterior=not bed,
        rotation=rng.normal(0, 0.045 * spread),
    )
