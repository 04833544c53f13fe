"""Films to try a model with: made up, but with the shades, edges and textures of a chest film."""

from __future__ import annotations

import cv2
import numpy as np

from xai.cards.input_spec import Size, sides

LUNGS = ((-0.21, 0.02), (0.21, 0.02))  # centres, in shares of the sides from the middle of the film
LUNG = (0.14, 0.33)  # half-axes of a lung, in shares of the sides
RIBS = 9  # from top to bottom
HIDDEN = 8  # films among those on which single precision is compared
TILES = 6  # a side, of which half are hidden at a time
SEED = 0


def probe_canvases(size: Size) -> np.ndarray:
    """Make canvases on which two engines are compared.

    Parameters
    ----------
    size : int or (int, int)
        Side in pixels, or height and width.

    Returns
    -------
    ndarray of float32, shape (5, height, width)
        In [0, 1]: a chest, one with a dense patch, one of little contrast, one blurred as hidden films are, and noise.
    """
    rng = np.random.default_rng(SEED)
    height, width = shape = sides(size)
    y, x = np.mgrid[:height, :width] / np.reshape(shape, (2, 1, 1)) - 0.5
    lungs = np.zeros(shape)
    for across, down in LUNGS:
        lungs += np.exp(-((((x - across) / LUNG[0]) ** 2 + ((y - down) / LUNG[1]) ** 2) ** 3))
    ribs = 0.06 * np.sin(2 * np.pi * RIBS * (y + 0.6 * x**2)) * lungs
    spine = 0.2 * np.exp(-((x / 0.08) ** 2))
    chest = 0.65 - 0.5 * lungs + ribs + spine + 0.02 * rng.standard_normal(shape)
    patch = 0.35 * np.exp(-(((x + 0.2) / 0.07) ** 2 + ((y - 0.1) / 0.07) ** 2))
    noise = rng.random(shape)
    return np.stack([chest, chest + patch, 0.4 + 0.2 * chest, _blurred(chest), noise]).clip(0, 1).astype(np.float32)


def hidden_probes(size: Size, each: int) -> np.ndarray:
    """Make films of which parts are hidden, as LIME and SHAP send them: the two chests, half of their tiles blurred.

    Parameters
    ----------
    size : int or (int, int)
    each : int
        Films of each chest.

    Returns
    -------
    ndarray of float32, shape (2, each, height, width)
    """
    films, rng = probe_canvases(size)[:2], np.random.default_rng(SEED)
    height, width = films.shape[1:]
    row, column = (np.arange(side) * TILES // side for side in (height, width))
    hidden = (rng.random((2, each, TILES, TILES)) < 0.5)[:, :, row][:, :, :, column]
    blurred = np.stack([_blurred(film) for film in films])
    return np.where(hidden, blurred[:, None], films[:, None])


def all_probes(size: Size) -> np.ndarray:
    """Give `probe_canvases` and a few hidden films, (N, height, width)."""
    hidden = hidden_probes(size, HIDDEN // 2)
    return np.concatenate([probe_canvases(size), hidden.reshape(-1, *hidden.shape[2:])])


def _blurred(film: np.ndarray) -> np.ndarray:
    height, width = film.shape
    blurred: np.ndarray = cv2.GaussianBlur(film, (0, 0), max(1.0, width / 16), sigmaY=max(1.0, height / 16))
    return blurred
