"""A film's way into a model: fit it to the input, and know which part of the film that input shows."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from xai.cards.input_spec import InputSpec, Size, sides
from xai.cards.model_card import ModelCardError
from xai.models.contrast import in_shades, in_unit, with_contrast
from xai.models.resample import resize as resize


def prepare(pixels: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Fit a film to the model's input, still grey and still on the scale of [0, 1].

    Scaling to the model's own units and repeating the grey channel happen inside the classifier, so that
    explainers can mask this one channel.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W)
        A film in [0, 1].
    spec : InputSpec
        ``fit`` says how: ``stretch`` ignores the aspect ratio, ``crop`` scales the film until it covers the input and
        takes the centre (torchvision's ``Resize`` and ``CenterCrop``), ``crop-first`` takes the centre in the input's
        proportion and scales it (torchxrayvision's ``XRayCenterCrop`` and ``XRayResizer``), ``pad`` adds air to the
        side that is too short. ``keras-crop`` and ``keras-pad`` are the last two as Keras rounds them
        (``crop_to_aspect_ratio``, ``keep_aspect_ratio`` and ``pad_to_aspect_ratio``). Contrast and rounding to 8 bits
        come before or after, as it says.

    Returns
    -------
    ndarray of float32, shape (height, width)
        Beyond [0, 1] only where ``resample`` is bicubic or Lanczos, which overshoot at edges.
    """
    contrast = spec.contrast
    if contrast is not None and contrast.order == "before":
        pixels = with_contrast(pixels, contrast)
    canvas = _fitted(pixels, spec) if spec.bits is None else in_unit(_fitted(in_shades(pixels), spec))
    if contrast is not None and contrast.order == "after":
        canvas = with_contrast(canvas, contrast)
    return canvas


def footprint(height: int, width: int, spec: InputSpec) -> tuple[float, float, float, float]:
    """Part of the film that the model's input shows.

    Returns
    -------
    tuple of float
        (x0, y0, x1, y1) in fractions of the film's width and height; beyond [0, 1] where air was added.
    """
    if spec.fit == "stretch":
        return (0.0, 0.0, 1.0, 1.0)
    rows, columns = spec.shape
    if spec.fit in ("pad", "keras-pad"):
        tall, wide = max(height, width * rows / columns), max(width, height * columns / rows)
    elif spec.short_side:
        tall, wide = (min(height, width) * extent / spec.short_side for extent in spec.shape)
    else:
        tall, wide = min(height, width * rows / columns), min(width, height * columns / rows)
    half_x, half_y = wide / width / 2, tall / height / 2
    return (0.5 - half_x, 0.5 - half_y, 0.5 + half_x, 0.5 + half_y)


def _fitted(pixels: np.ndarray, spec: InputSpec) -> np.ndarray:
    if spec.fit in ("pad", "keras-pad"):
        padded = _padded(pixels, spec.shape, as_keras=spec.fit == "keras-pad")
        return _scaled(padded, *spec.shape, spec)
    if spec.fit == "crop":
        height, width = _covering(pixels.shape, spec)
        scaled = _scaled(pixels, height, width, spec)
        return np.ascontiguousarray(_centre(scaled, spec.shape, _torchvision_start))
    if spec.fit in ("crop-first", "keras-crop"):
        height, width = pixels.shape
        rows, columns = spec.shape
        part = (min(height, width * rows // columns) or 1, min(width, height * columns // rows) or 1)
        start = _torchxrayvision_start if spec.fit == "crop-first" else _keras_start
        return _scaled(_centre(pixels, part, start), *spec.shape, spec)
    return _scaled(pixels, *spec.shape, spec)


def _scaled(pixels: np.ndarray, height: int, width: int, spec: InputSpec) -> np.ndarray:
    # torchxrayvision scales the shades before the size: around its films lies what the model calls 0.
    white = 255 if pixels.dtype == np.uint8 else 1
    return resize(pixels, height, width, spec.resample, white * spec.mean[0] / spec.multiply)


def _padded(pixels: np.ndarray, shape: tuple[int, int], as_keras: bool) -> np.ndarray:
    """Put air around a film, as much on either side, until it has the proportion of an input."""
    height, width = pixels.shape
    rows, columns = shape
    tall, wide = max(height, round(width * rows / columns)), max(width, round(height * columns / rows))
    if as_keras:  # rounds down, and adds the same to either side
        tall, wide = max(height, width * rows // columns), max(width, height * columns // rows)
        tall, wide = tall - (tall - height) % 2, wide - (wide - width) % 2
    top, left = (tall - height) // 2, (wide - width) // 2
    film = np.zeros((tall, wide), pixels.dtype)
    film[top : top + height, left : left + width] = pixels
    return film


def _covering(film: tuple[int, ...], spec: InputSpec) -> tuple[int, int]:
    """Height and width that a film is scaled to, in its own proportion, before an input is cut from its middle."""
    (height, width), (rows, columns) = film, spec.shape
    if spec.short_side:
        short, target = min(height, width), spec.short_side
    elif rows * width >= columns * height:
        short, target = height, rows
    else:
        short, target = width, columns
    return int(target * height / short), int(target * width / short)


def _centre(pixels: np.ndarray, shape: tuple[int, int], start: Callable[[int, int], int]) -> np.ndarray:
    top, left = (start(whole, part) for whole, part in zip(pixels.shape, shape, strict=True))
    return pixels[top : top + shape[0], left : left + shape[1]]


def _torchvision_start(whole: int, part: int) -> int:
    return round((whole - part) / 2)


def _keras_start(whole: int, part: int) -> int:
    return (whole - part) // 2


def _torchxrayvision_start(whole: int, part: int) -> int:
    return whole // 2 - part // 2


def decode_mean_film(png: bytes, size: Size) -> np.ndarray:
    """Read the mean film of a card.

    Returns
    -------
    ndarray of float32, shape (height, width)
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
    return resize(grey, *sides(size))
