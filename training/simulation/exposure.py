"""From attenuation to a film: primary beam, scatter, quantum noise, detector response, collimation.

Primary photons follow Beer-Lambert. Scatter is the primary blurred over centimetres, in a share that grows with the
thickness of the patient (Siewerdsen and Jaffray, Med Phys 2001, give the order). The detector answers with the
logarithm of what it counts; a characteristic curve with toe and shoulder (Hurter and Driffield, 1890) maps that to
grey, dense parts white.

Signals are natural logarithms of attenuation, greys run from 0 (black) to 1 (white). Unless a source is named, numbers
are not measured: they were chosen by eye so that films spread as those of ChestX-ray14 do, in blackness, contrast,
sharpness, tilt and collimation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from training.simulation.anatomy import Anatomy
from training.simulation.camera import Camera
from training.simulation.layers import WATER
from training.simulation.organs import project_body, project_lungs
from training.simulation.streams import stream

SCOUT_SIZE = 48  # side of the scout in pixels
REFERENCE_SIZE = 320  # side in pixels of the film that `Exposure.photons` speaks of: a pixel is about 1.3 mm wide
FAINTEST = 1e-5  # share of the open beam below which a detector counts nothing

SCATTER_BLUR = 45.0  # mm, standard deviation of scatter around its primary: order of Siewerdsen and Jaffray 2001
USUAL_ATTENUATION = 4.0  # line integral behind which scatter over primary is `Exposure.scatter`: some 20 cm of water
TRUNK_FROM = 1.0  # line integral, about 5 cm of water: what attenuates more is trunk and not air
LUNG_SHADE, ABDOMEN_SHADE = 8, 92  # percentiles of the trunk's signal that stand for lungs and abdomen
NO_TRUNK = (1.5, 3.5)  # these two signals where a film shows no trunk

MASK_WIDTH = 0.008  # standard deviation of the blur that unsharp masking subtracts, share of the film's side
MIDDLE = 0.45  # where the characteristic curve is steepest, share of the way from black to white


@dataclass(frozen=True)
class Exposure:
    """How one film was exposed, processed and framed."""

    scatter: float  # scatter over primary behind a chest of usual thickness
    photons: float  # per pixel of a film of `REFERENCE_SIZE` in the open beam
    black: float  # black point: distance below the lungs' log signal
    white: float  # white point: distance above the abdomen's log signal
    contrast: float  # steepness of the characteristic curve, per way from black to white
    gamma: float  # exponent of the grey
    edges: float  # unsharp masking, as digital systems apply: share of the detail that is added
    tilt: float  # turn of the film, degrees
    collimation: tuple[float, float, float, float]  # left, top, right, bottom: share of the side outside the beam
    border: float  # grey of what lies outside the beam
    ceiling: float  # grey of full density


def draw_exposure(seed: int, view: str) -> Exposure:
    """Draw exposure and processing as they vary between rooms."""
    rng = stream(seed, "exposure")
    bed = view == "AP"
    # Left, top, right, bottom: how often a collimator is seen, and how far it reaches in, as a share of the side.
    shut = np.where(rng.random(4) < [0.25, 0.2, 0.25, 0.3], rng.gamma(1.3, [0.015, 0.015, 0.015, 0.03], 4), 0.0)
    return Exposure(
        scatter=rng.uniform(0.35, 0.8) * (1.4 if bed else 1.0),  # behind a grid, which is coarser or missing in bed
        photons=float(np.exp(rng.normal(np.log(1.6e5), 0.6))) * (0.6 if bed else 1.0),  # about 1e5 a mm2
        black=float(np.clip(rng.normal(1.6, 0.55), 0.3, 2.9)),
        white=rng.normal(0.12, 0.32),
        contrast=float(np.clip(rng.normal(3.4, 0.7), 2.0, 5.5)),
        gamma=float(np.clip(rng.normal(1.0, 0.12), 0.7, 1.4)),
        edges=rng.uniform(0.1, 0.6),
        tilt=rng.normal(0, 1.3 if not bed else 2.5),
        collimation=tuple(np.minimum(shut, 0.12)),
        border=0.0 if rng.random() < 0.7 else 1.0,  # most digital films are black there, some white
        ceiling=rng.uniform(0.88, 1.0),
    )


@dataclass(frozen=True)
class Scout:
    """What the room knows of the patient before the film: scatter, and the window that fits.

    It is taken from the patient without findings on purpose. Scatter reaches centimetres far and a window reaches
    the whole film; holding both fixed keeps the truth of a finding where the finding is.
    """

    scatter: np.ndarray  # (H, W), relative to the open beam
    low: float  # log signal shown black
    high: float  # log signal shown white


def take_scout(anatomy: Anatomy, camera: Camera, exposure: Exposure) -> Scout:
    """Measure scatter and window on a coarse film of soft tissue alone."""
    coarse = replace(camera, size=SCOUT_SIZE)
    attenuation = WATER * (project_body(anatomy, coarse) - (1 - anatomy.lungs.density) * project_lungs(anatomy, coarse))
    primary = np.exp(-np.maximum(attenuation, 0))
    wide = SCATTER_BLUR * SCOUT_SIZE / camera.field[0]
    share = exposure.scatter * attenuation / USUAL_ATTENUATION
    scatter = cv2.GaussianBlur(primary * share, (0, 0), wide, borderType=cv2.BORDER_REPLICATE)
    signal = -np.log(primary + scatter)
    trunk = signal[attenuation > TRUNK_FROM]
    lung, abdomen = np.percentile(trunk, [LUNG_SHADE, ABDOMEN_SHADE]) if trunk.size else NO_TRUNK
    full = cv2.resize(scatter.astype(np.float32), (camera.size, camera.size), interpolation=cv2.INTER_CUBIC)
    return Scout(np.maximum(full, FAINTEST), float(lung - exposure.black), float(abdomen + exposure.white))


def expose(
    attenuation: np.ndarray, scout: Scout, exposure: Exposure, camera: Camera, seed: int, noise: bool = True
) -> np.ndarray:
    """Expose a film.

    Parameters
    ----------
    attenuation
        (H, W) line integrals, no unit.
    scout, exposure, camera, seed
        Of the film.
    noise
        False leaves quantum noise out, as for the truth.

    Returns
    -------
    numpy.ndarray
        (H, W) float32 in [0, 1], 1 = dense.
    """
    size = camera.size
    counts = np.exp(-attenuation) + scout.scatter
    if noise:
        grain = stream(seed, "noise").standard_normal((size, size), dtype=np.float32)
        photons = exposure.photons * (REFERENCE_SIZE / size) ** 2
        counts = np.maximum(counts + grain * np.sqrt(counts / photons), FAINTEST)
    signal = -np.log(counts)
    if exposure.edges:
        signal = signal + exposure.edges * (signal - cv2.GaussianBlur(signal, (0, 0), size * MASK_WIDTH))
    shown = (turned(signal, exposure.tilt) - scout.low) / (scout.high - scout.low)
    film = characteristic(shown, exposure.contrast) ** exposure.gamma
    return collimate(exposure.ceiling * film, exposure)


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turn an image in its plane; what turns in from outside repeats the edge."""
    size = image.shape[0]
    # A margin of its own: warpAffine's reading beyond the border is not repeatable from run to run.
    margin = int(np.ceil(size * abs(np.sin(np.deg2rad(degrees))))) + 4
    side = size + 2 * margin
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), degrees, 1.0)
    wide = cv2.warpAffine(np.pad(image, margin, mode="edge"), turn, (side, side), flags=cv2.INTER_CUBIC)
    return wide[margin:-margin, margin:-margin]


def characteristic(x: np.ndarray, contrast: float) -> np.ndarray:
    """Map signal to grey by a logistic curve scaled to run from 0 at 0 to 1 at 1."""
    toe, shoulder = 1 / (1 + math.exp(contrast * MIDDLE)), 1 / (1 + math.exp(-contrast * (1 - MIDDLE)))
    return np.clip((1 / (1 + np.exp(-contrast * (x - MIDDLE))) - toe) / (shoulder - toe), 0, 1)


def collimate(film: np.ndarray, exposure: Exposure) -> np.ndarray:
    """Blank what lies outside the collimated beam."""
    size = film.shape[0]
    left, top, right, bottom = (round(share * size) for share in exposure.collimation)
    framed = np.full_like(film, exposure.border)
    framed[top : size - bottom, left : size - right] = film[top : size - bottom, left : size - right]
    return framed
