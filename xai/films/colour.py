"""Colour to grey, in the same weights for every format and depth."""

from __future__ import annotations

import numpy as np
from PIL import Image

_WEIGHTS = np.array([0.299, 0.587, 0.114])  # of red, green and blue: ITU-R BT.601, as Pillow and OpenCV weigh them


def luma(colours: np.ndarray) -> np.ndarray:
    """Read colours as the grey that they look like.

    Parameters
    ----------
    colours : ndarray of unsigned int, shape (H, W, 3)
        Red, green and blue.

    Returns
    -------
    ndarray of the same type, shape (H, W)
        Rounded to a whole level; 8 bits as Pillow rounds them.
    """
    if colours.dtype == np.uint8:
        return np.asarray(Image.fromarray(colours).convert("L"))
    grey: np.ndarray = np.rint(colours @ _WEIGHTS).astype(colours.dtype)
    return grey
