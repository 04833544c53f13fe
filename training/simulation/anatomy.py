"""The chest as numbers: what a person looks like inside before any ray is shot.

Lengths are in millimetres in the world of ``camera.py``, angles in radians. What rests on a source: a cardiothoracic
ratio below 0.5 on a PA film (Danzer, Am J Med Sci 1919), the right hemidiaphragm 1 to 2 cm above the left, the left
hilum above the right (Felson, Chest Roentgenology, 1973; Hansell et al., Fleischner glossary, Radiology 2008), a
vascular pedicle 48 +- 5 mm wide (Milne et al., Radiology 1984;152:1), the density of inflated lung (0.26 of water in
ICRP Publication 23, 1975). All other numbers are not measured: they were chosen by eye so that films without finding
look like PA and AP films of adults, with a thorax about 28 cm wide and 27 cm from apex to costophrenic recess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.simulation.camera import Camera
from training.simulation.streams import stream

SIDES = {"right": -1, "left": 1}  # sign of x

# Means of adults by sex, mm, at mean stature; chosen by eye.
HALF_WIDTH = {"M": 139, "F": 126}  # half the inner width of the thorax
HEIGHT = {"M": 282, "F": 262}  # from the apices of the lungs to the costophrenic recess
HALF_DEPTH = {"M": 80, "F": 72}  # half the depth of the lungs from front to back
SHOULDER = {"M": 205, "F": 188}  # from the midline to the outer end of a shoulder


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
        """Half the inner width of the thorax at each height, mm: a dome above, nearly straight walls below."""
        s = np.clip(np.asarray(y, dtype=np.float64) / self.height, 0, 1)
        dome = np.sqrt(np.maximum(1 - (1 - np.minimum(s / self.dome, 1)) ** 2.1, 0))
        return self.half_width * (self.apex + (1 - self.apex) * dome)

    def inner(self, y: np.ndarray | float) -> np.ndarray:
        """Distance of the lungs' medial wall from the midline at each height, mm.

        From the apices it falls over a fifth of the height to 3.5 % of the half-width.
        """
        s = np.clip(np.asarray(y, dtype=np.float64) / self.height, 0, 1)
        dome = np.sqrt(np.maximum(1 - (1 - np.minimum(s / 0.2, 1)) ** 2, 0))
        return self.half_width * (self.apex - (self.apex - 0.035) * dome)

    def depth(self, y: np.ndarray | float) -> np.ndarray:
        """Half the depth of the lungs at each height, mm.

        A fifth of the full depth at the apices, all of it from 55 to 75 % of the height, then the recess closes.
        """
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
    """Tops of the domes, mm below the apices, and how far each falls off towards the wall, mm."""

    right: float
    left: float
    fall_right: float
    fall_left: float


@dataclass(frozen=True)
class Lungs:
    """Density of inflated lung relative to water; calibre of all vessels and of peripheral ones relative to usual."""

    density: float
    calibre: float
    peripheral: float


@dataclass(frozen=True)
class Body:
    """Soft tissue outside the thorax, and bone.

    Girth is 0 (slim) to 1 (obese), bone the mineral relative to a young adult's; breasts, arms and shoulders are in mm.
    """

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
    rng, pose, bed = stream(person, "habitus"), stream(seed, "pose"), view == "AP"
    stature = rng.normal(1.0, 0.045)  # relative to the mean of the sex
    girth = float(rng.beta(1.4, 2.2))  # 0 slim to 1 obese, 0.39 on average
    cage = _draw_cage(rng, sex, stature, girth)
    # How deep the breath is: 0 is usual, each unit lowers the diaphragm by 4 % of the lungs' height; shallow in bed.
    inspiration = pose.normal(0.2 if not bed else -0.9, 0.8)
    diaphragm = _draw_diaphragm(rng, cage, girth, inspiration)
    heart = _draw_heart(stream(person, "heart"), cage, diaphragm, girth, inspiration, age, bed)
    rng = stream(person, "lungs")
    lungs = Lungs(
        density=np.clip(rng.normal(0.25 - 0.02 * inspiration, 0.025), 0.17, 0.34),  # of water's; ICRP 23: 0.26
        calibre=rng.normal(1.0, 0.1),
        peripheral=1.0,
    )
    body = _draw_body(stream(person, "body"), pose, cage, sex, stature, girth, age)
    return Anatomy(cage, heart, diaphragm, lungs, body)


def _draw_cage(rng: np.random.Generator, sex: str, stature: float, girth: float) -> Cage:
    """Draw the thorax: obese people's is a little wider and deeper; spreads are 3 to 5 % beside stature."""
    return Cage(
        half_width=HALF_WIDTH[sex] * stature * (1 + 0.08 * (girth - 0.4)) * rng.normal(1, 0.03),
        height=HEIGHT[sex] * stature * rng.normal(1, 0.04),
        half_depth=HALF_DEPTH[sex] * stature * (1 + 0.12 * girth) * rng.normal(1, 0.05),
        wall=26 + 34 * girth,  # mm: muscle and skin, and fat up to 34 mm more
        apex=rng.uniform(0.33, 0.43),  # share of the half-width
        dome=rng.uniform(0.5, 0.78),  # share of the height
    )


def _draw_diaphragm(rng: np.random.Generator, cage: Cage, girth: float, inspiration: float) -> Diaphragm:
    """Draw the domes: the right one 78 % down the lungs, up to 12 mm higher in the obese; the left 11 +- 6 mm lower."""
    right = cage.height * (0.78 + 0.04 * inspiration) - 12 * girth
    fall = rng.uniform(50, 100)  # mm from top to foot: flat to steep
    return Diaphragm(right, right + rng.normal(11, 6), fall, fall * rng.uniform(0.8, 1.2))


def _draw_heart(
    rng: np.random.Generator, cage: Cage, diaphragm: Diaphragm, girth: float, inspiration: float, age: float, bed: bool
) -> Heart:
    # Cardiothoracic ratio: grows with age (0.006 in ten years) and in bed, and stays below Danzer's 0.5.
    ratio = np.clip(rng.normal(0.44 + 0.0006 * (age - 45) + 0.02 * bed, 0.028), 0.36, 0.49)
    return Heart(
        width=2 * cage.half_width * ratio,
        tilt=np.clip(rng.normal(0.62 + 0.12 * inspiration, 0.1), 0.3, 0.95),  # steeper in a deep breath
        shift=rng.normal(0, 3),
        pedicle=rng.normal(23 + 5 * girth, 2.5),  # Milne 1984: 24 +- 2.5, wider with body weight
        knob=np.clip(rng.normal(13 + 0.06 * (age - 40), 2.0), 9, 21),  # the aorta widens with age
        unfolding=np.clip(rng.normal(0.25 * (age - 45), 4), 0, 16),  # and lengthens
        wander=rng.normal(0, 2.5),
        floor=min(diaphragm.right, diaphragm.left + 4),
    )


def _draw_body(
    rng: np.random.Generator,
    pose: np.random.Generator,
    cage: Cage,
    sex: str,
    stature: float,
    girth: float,
    age: float,
) -> Body:
    # Breasts, mm of tissue: every woman's, and those of obese men, which are flatter.
    man = sex == "M"
    breast = 0.0 if man and girth < 0.75 else rng.uniform(8, 26) + 30 * girth * (0.4 if man else 1.0)
    return Body(
        girth=girth,
        breast=breast,
        breast_height=cage.height * rng.normal(0.75, 0.05),
        shoulder=SHOULDER[sex] * stature * rng.normal(1, 0.03),
        shoulder_height=pose.normal(-1, 14),  # mm below the apices of the lungs
        abduction=pose.gamma(1.6, 50.0),  # mm from the body to the elbow, 80 on average
        # Mineral relative to a young adult's: less from 50 on, by 4 % in ten years.
        bone=np.clip(rng.normal(1.05 - 0.004 * max(age - 50, 0), 0.1), 0.65, 1.25),
    )


def draw_camera(seed: int, view: str, size: int, anatomy: Anatomy) -> Camera:
    """Place the patient before the film: distance, zoom, centring and rotation as technicians vary them.

    The focus is 180 cm from the film for PA, as the European Commission's quality criteria ask (EUR 16260, 1996),
    about 10 cm more than from the middle of the chest, and about 1 m in bed. The field is near that of a 43 cm
    cassette. How far all this varies was chosen by eye.
    """
    rng = stream(seed, "camera")
    bed = view == "AP"
    field = np.clip(rng.normal(412, 32), 340, 495) * (1.03 if bed else 1.0)  # mm at the middle of the chest
    aspect = rng.normal(1.0, 0.035)
    lungs_middle = anatomy.cage.height * 0.5
    spread = 1.8 if bed else 1.0  # a patient in bed is placed less exactly
    return Camera(
        size=size,
        field=(field * aspect, field / aspect),
        centre=(rng.normal(0, 7 * spread), lungs_middle + rng.normal(12, 19 * spread)),  # mm
        focus=rng.normal(1000, 60) if bed else rng.normal(1700, 40),  # mm
        posterior=not bed,
        rotation=rng.normal(0, 0.045 * spread),  # radians, 2.6 degrees
    )
