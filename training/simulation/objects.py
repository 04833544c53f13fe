"""Things on a film that are no finding: markers, tokens, leads, tubes, text, a corner artefact.

They are what a model may lean on instead of the lung (Zech et al., PLoS Med 2018; DeGrave et al., Nat Mach Intell
2021), and so each can be planted at a chosen rate beside a chosen finding. What lies in the beam is metal or plastic
that rays cross; what is burnt in afterwards covers the film.

Places and sizes are shares of the film's side unless millimetres are named; metal and plastic are mm that rays cross.
All of them, and how often each object comes, were chosen by eye after films of ChestX-ray14, not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from scipy.interpolate import make_interp_spline

from training.simulation.camera import Camera
from training.simulation.layers import Frame
from training.simulation.solids import curve, tubes

FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_HEIGHT = 21.0  # pixels of a capital letter of this font at scale 1
# mm of steel that stand for the lead of a marker and the metal of a token: no ray gets through.
MARKER_METAL, TOKEN_METAL = 4.0, 5.0
DRAIN = 5.0  # mm: a chest tube is about 10 mm across outside


class Laid(NamedTuple):
    """An object in the beam: (H, W) mm of steel and of plastic (as water) that rays cross."""

    metal: np.ndarray
    plastic: np.ndarray | float = 0.0


class Burnt(NamedTuple):
    """An object on the finished film: (H, W) share of each pixel that it covers, and its grey."""

    cover: np.ndarray
    grey: float


def _text(size: int, text: str, at: tuple[float, float], height: float, weight: float = 0.16) -> np.ndarray:
    """Coverage (size, size), 0 to 1, of letters of a height; all lengths are shares of the film's side."""
    fine = 4 * size  # cv2 writes in whole pixels
    canvas = np.zeros((fine, fine), np.uint8)
    scale = height * fine / FONT_HEIGHT
    where = (round(at[0] * fine), round(at[1] * fine))
    cv2.putText(canvas, text, where, FONT, scale, 255, max(round(weight * height * fine), 1), cv2.LINE_AA)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _disc(size: int, at: tuple[float, float], radius: float) -> np.ndarray:
    """Coverage (size, size) of a disc; lengths are shares of the film's side."""
    grid = (np.arange(size, dtype=np.float32) + 0.5) / size
    distance = np.hypot(grid[None, :] - float(at[0]), grid[:, None] - float(at[1]))
    return np.clip((radius - distance) * size + 0.5, 0, 1)


def _wire(size: int, corners: np.ndarray, radius: float, depth: float) -> np.ndarray:
    """Chords (size, size) of a wire bent smoothly through corners (N, 2); radius and corners in shares of the side."""
    smooth = make_interp_spline(np.arange(len(corners)), corners, k=2)(np.linspace(0, len(corners) - 1, 40))
    points, directions, _ = curve(smooth * size, 0.8)
    n = len(points)
    return tubes(size, points, directions, np.full(n, radius * size), np.full(n, depth))


def marker(frame: Frame, camera: Camera, rng: np.random.Generator) -> Laid:
    """Put a lead laterality letter beside the left shoulder, often with initials."""
    size = camera.size
    at = (rng.uniform(0.84, 0.93), rng.uniform(0.06, 0.16))
    lead = _text(size, "L", at, rng.uniform(0.025, 0.04))
    if rng.random() < 0.5:
        initials = "".join(rng.choice(list("ABCDGJKMORS"), 2))
        lead = np.maximum(lead, _text(size, initials, (at[0] - 0.01, at[1] + 0.035), 0.018))
    return Laid(metal=MARKER_METAL * lead)


def token(frame: Frame, camera: Camera, rng: np.random.Generator) -> Laid:
    """Put a hospital's metal token, a ringed disc with a letter, into the upper left corner."""
    size = camera.size
    at, radius = (rng.uniform(0.06, 0.11), rng.uniform(0.06, 0.12)), rng.uniform(0.030, 0.036)
    ring = _disc(size, at, radius) - _disc(size, at, 0.78 * radius)
    letter = _text(size, "H", (at[0] - 0.012, at[1] + 0.013), 0.026)
    metal = np.maximum(ring, letter) + 0.1 * _disc(size, at, radius)  # the disc is thin, a tenth
    return Laid(metal=TOKEN_METAL * metal)


def ecg_leads(frame: Frame, camera: Camera, rng: np.random.Generator) -> Laid:
    """Stick three to five electrodes on the chest, with wires that leave the film."""
    size = camera.size
    places = np.array([[0.27, 0.26], [0.73, 0.26], [0.70, 0.72], [0.30, 0.72], [0.58, 0.50]])
    total = np.zeros((size, size), np.float32)
    exit_ = np.array([rng.choice([0.0, 1.0]), rng.uniform(0.75, 0.95)])
    for place in places[: rng.integers(3, 6)]:
        at = place + rng.normal(0, 0.03, 2)
        bend = (at + exit_) / 2 + rng.normal(0, 0.09, 2)
        total = np.maximum(total, _wire(size, np.stack([at, bend, exit_]), 0.0018, 0.55))
        # The pad counts as 0.12 mm of steel, the snap in its middle as 2 mm.
        total = np.maximum(total, 0.12 * _disc(size, at, 0.016) + 2.0 * _disc(size, at, 0.006))
    return Laid(metal=total)


def chest_tube(frame: Frame, camera: Camera, rng: np.random.Generator) -> Laid:
    """Lay a chest drain from the lateral wall up to the apex: two plastic walls and a dense stripe."""
    size = camera.size
    side = rng.choice(["right", "left"])
    outside = frame.point(side, rng.uniform(1.35, 1.6), rng.uniform(0.70, 0.85))
    way = [outside, frame.point(side, 0.98, 0.62), frame.point(side, 0.75, 0.38), frame.point(side, 0.55, 0.13)]
    corners = camera.pixels(np.array([[x, y, 0.0] for x, y in way])) / size
    width = DRAIN / camera.field[0]
    plastic = _wire(size, corners, width, DRAIN) - 0.8 * _wire(size, corners, 0.6 * width, 3.4)
    stripe = _wire(size, corners + np.array([0.4 * width, 0]), 0.0022, 0.5)
    return Laid(metal=0.6 * stripe, plastic=1.2 * plastic)


def portable_text(size: int, rng: np.random.Generator) -> Burnt:
    """Burn in what portable units print: ``AP PORTABLE``."""
    words, x, y = rng.choice(["PORTABLE", "AP PORTABLE", "AP SUPINE"]), rng.uniform(0.05, 0.7), rng.uniform(0.03, 0.06)
    return Burnt(_text(size, str(words), (x, y if rng.random() < 0.6 else 0.97), 0.02), 1.0)


def corner(size: int, rng: np.random.Generator) -> Burnt:
    """Cut the lower left corner off bright, as a film holder's clip does."""
    grid = (np.arange(size, dtype=np.float32) + 0.5) / size
    reach = rng.uniform(0.07, 0.12)
    return Burnt(np.clip((reach - grid[None, :] - 0.7 * (1 - grid[:, None])) * size, 0, 1), 0.97)


IN_BEAM: dict[str, Callable[[Frame, Camera, np.random.Generator], Laid]] = {
    "marker": marker,
    "token": token,
    "ecg_leads": ecg_leads,
    "chest_tube": chest_tube,
}
ON_FILM: dict[str, Callable[[int, np.random.Generator], Burnt]] = {
    "portable_text": portable_text,
    "corner": corner,
}
OBJECTS: tuple[str, ...] = (*IN_BEAM, *ON_FILM)

# How often each is on a film where no correlation was asked for, share of films: (PA, AP).
USUAL_RATES: dict[str, tuple[float, float]] = {
    "marker": (0.85, 0.7),
    "token": (0.03, 0.03),
    "ecg_leads": (0.02, 0.35),
    "chest_tube": (0.01, 0.05),
    "portable_text": (0.0, 0.3),
    "corner": (0.02, 0.02),
}
