"""What some models' makers did to the contrast of a film before the model saw it."""

from __future__ import annotations

import cv2
import numpy as np

from xai.cards.input_spec import Contrast


def with_contrast(pixels: np.ndarray, contrast: Contrast) -> np.ndarray:
    """Change a film's contrast.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W)
        In [0, 1].
    contrast : Contrast

    Returns
    -------
    ndarray of float32, shape (H, W)
        In [0, 1]; a film of a single shade stays as it is where it is stretched.
    """
    if contrast.how == "stretch":
        return _stretched(pixels, contrast.low, contrast.high)
    shades = in_shades(pixels)
    if contrast.how == "equalise":
        return in_unit(cv2.equalizeHist(shades))
    return in_unit(cv2.createCLAHE(contrast.clip, (contrast.tiles, contrast.tiles)).apply(shades))


def in_shades(pixels: np.ndarray) -> np.ndarray:
    """Round a film of [0, 1] to 256 shades: uint8."""
    shades: np.ndarray = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return shades


def in_unit(shades: np.ndarray) -> np.ndarray:
    """Give pictures of 0 to 255 in [0, 1]: float32."""
    return shades.astype(np.float32) / np.float32(255)


def _stretched(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    black, white = np.percentile(pixels, (low, high)).astype(np.float32)
    if white <= black:
        return pixels
    spread: np.ndarray = np.clip((pixels - black) / (white - black), 0, 1)
    return spread
