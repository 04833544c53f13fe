"""Randomness by name: every component of a film draws from its own stream.

A stream depends on the film's seed and the component's name alone, so that taking one component away leaves
every other one exactly as it was. That is what makes two films differ in one thing only.
"""

from __future__ import annotations

import zlib

import numpy as np
from scipy import fft


def stream(seed: int, name: str) -> np.random.Generator:
    """Give the random stream of one component of one film.

    Parameters
    ----------
    seed
        Seed of the film, 0 or more.
    name
        Name of the component, such as ``"ribs"`` or ``"Effusion"``.
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def texture(rng: np.random.Generator, size: int, slope: float, grain: float = 0.0) -> np.ndarray:
    """Draw a random field with a power-law spectrum.

    Parameters
    ----------
    rng
        Stream that the field is drawn from.
    size
        Side of the field in pixels.
    slope
        Power falls as ``frequency ** -slope``; 0 is white, 3 is close to the clouds of soft tissue.
    grain
        Frequencies below this (cycles a field) are held flat, so that the field has no structure wider than
        ``size / grain`` pixels.

    Returns
    -------
    numpy.ndarray
        (size, size) float32, mean 0, standard deviation 1.
    """
    white = fft.rfft2(rng.standard_normal((size, size), dtype=np.float32))
    fy = fft.fftfreq(size, 1 / size).astype(np.float32)[:, None]
    fx = fft.rfftfreq(size, 1 / size).astype(np.float32)[None, :]
    frequency = np.maximum(np.hypot(fy, fx), max(grain, 1.0))
    field = fft.irfft2(white * frequency ** np.float32(-slope / 2), s=(size, size))
    field -= field.mean()
    return (field / field.std()).astype(np.float32)
