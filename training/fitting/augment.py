"""Changes to a training film that leave its findings what they are.

No left-right flip unless it is asked for: it puts the heart on the right and teaches that side does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """How far a training film may be changed; each change is drawn evenly from minus to plus its limit.

    Attributes
    ----------
    degrees : float
        Rotation.
    shift : float
        Translation along each axis, as a share of the side.
    scale, aspect : float
        Logarithm of the zoom, and of the stretch of width against height.
    gamma : float
        Logarithm of the exponent put on the film.
    contrast, brightness : float
        ``0.5 + (film - 0.5) * (1 + contrast) + brightness``.
    noise : float
        Largest standard deviation of Gaussian noise, in film units; half of the films get some.
    flip : float
        Share of the films that is mirrored.
    """

    degrees: float = 8.0
    shift: float = 0.08
    scale: float = 0.13
    aspect: float = 0.05
    gamma: float = 0.35
    contrast: float = 0.25
    brightness: float = 0.10
    noise: float = 0.03
    flip: float = 0.0


def augment(film: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Change one film at random.

    Parameters
    ----------
    film : float32 array (size, size)
        In [0, 1].
    settings : Augmentation
    rng : numpy.random.Generator

    Returns
    -------
    float32 array (size, size)
        In [0, 1]; what comes in from outside the film is air.
    """
    side = film.shape[0]
    if settings.flip and rng.random() < settings.flip:
        film = np.ascontiguousarray(film[:, ::-1])
    moved = cv2.warpAffine(film, _affine(side, settings, rng), (side, side), flags=cv2.INTER_LINEAR)
    toned = cv2.pow(moved, np.exp(_within(settings.gamma, rng)))
    gain = 1 + _within(settings.contrast, rng)
    changed = (toned - 0.5) * np.float32(gain) + np.float32(0.5 + _within(settings.brightness, rng))
    if rng.random() < 0.5:
        sigma = np.float32(settings.noise * rng.random())
        changed += sigma * rng.standard_normal(film.shape, dtype=np.float32)
    return np.clip(changed, 0, 1, out=changed)


def _affine(side: int, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Give the 2 x 3 matrix that turns and scales about the centre, then shifts."""
    turn = np.deg2rad(_within(settings.degrees, rng))
    scale = np.exp(_within(settings.scale, rng))
    aspect = np.exp(_within(settings.aspect, rng))
    shift = rng.uniform(-settings.shift, settings.shift, 2) * side
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = rotation @ np.diag([scale * aspect, scale / aspect])
    centre = np.full(2, (side - 1) / 2)
    return np.column_stack([linear, centre - linear @ centre + shift])


def _within(limit: float, rng: np.random.Generator) -> float:
    return rng.uniform(-limit, limit)
