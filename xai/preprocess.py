"""A film's way into a model: fit it to the square input, and know which part of the film that square shows."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from xai.model_card import InputSpec, ModelCardError


def prepare(pixels: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Fit a film to the model's square, still grey and still in [0, 1].

    Scaling to the model's own units and repeating the grey channel happen inside the classifier, so that
    explainers can mask this one channel.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W)
        A film in [0, 1].
    spec : InputSpec
        ``fit`` says how: ``stretch`` ignores the aspect ratio, ``crop`` scales the short side and takes the
        centre (torchvision's ``Resize`` and ``CenterCrop``), ``pad`` adds air to the short side.

    Returns
    -------
    ndarray of float32, shape (size, size)
    """
    size = spec.size
    height, width = pixels.shape
    if spec.fit == "pad":
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        square = np.zeros((side, side), np.float32)
        square[top : top + height, left : left + width] = pixels
        return resize(square, size, size)
    if spec.fit == "crop":
        short = min(height, width)
        scaled = resize(pixels, int(size * height / short), int(size * width / short))
        top, left = (round((extent - size) / 2) for extent in scaled.shape)
        return np.ascontiguousarray(scaled[top : top + size, left : left + size])
    return resize(pixels, size, size)


def footprint(height: int, width: int, spec: InputSpec) -> tuple[float, float, float, float]:
    """Part of the film that the model's square shows.

    Returns
    -------
    tuple of float
        (x0, y0, x1, y1) in fractions of the film's width and height; beyond [0, 1] where air was added.
    """
    side = {"stretch": None, "crop": min(height, width), "pad": max(height, width)}[spec.fit]
    if side is None:
        return (0.0, 0.0, 1.0, 1.0)
    half_x, half_y = side / width / 2, side / height / 2
    return (0.5 - half_x, 0.5 - half_y, 0.5 + half_x, 0.5 + half_y)


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a grey picture, antialiased bilinear as Pillow does it, without leaving its range."""
    if pixels.shape == (height, width):
        return pixels.astype(np.float32)
    picture = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
    scaled = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    return np.clip(scaled, pixels.min(), pixels.max())


def decode_mean_film(png: bytes, size: int) -> np.ndarray:
    """Read the mean film of a card.

    Returns
    -------
    ndarray of float32, shape (size, size)
        In [0, 1].

    Raises
    ------
    ModelCardError
        If the bytes are not a small grey PNG.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            if max(picture.size) > 512:
                raise ModelCardError(f"mean_film must be at most 512 px a side; it has {max(picture.size)}.")
            grey = np.asarray(picture.convert("L"), np.float32) / 255
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, ModelCardError):
            raise
        raise ModelCardError("mean_film must be a grey PNG in base64.") from error
    return resize(grey, size, size)
