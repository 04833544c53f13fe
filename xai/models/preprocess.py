"""A film's way into a model: fit it to the square input, and know which part of the film that square shows."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from xai.cards.model_card import InputSpec, ModelCardError


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
        centre (torchvision's ``Resize`` and ``CenterCrop``), ``crop-first`` takes the centre square and scales it
        (torchxrayvision's ``XRayCenterCrop`` and ``XRayResizer``), ``pad`` adds air to the short side.

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
        return _fit(square, size, size, spec)
    if spec.fit == "crop":
        short, target = min(height, width), spec.short_side or size
        scaled = _fit(pixels, int(target * height / short), int(target * width / short), spec)
        top, left = (round((extent - size) / 2) for extent in scaled.shape)
        return np.ascontiguousarray(scaled[top : top + size, left : left + size])
    if spec.fit == "crop-first":
        side = min(height, width)
        top, left = (extent // 2 - side // 2 for extent in (height, width))
        return _fit(pixels[top : top + side, left : left + side], size, size, spec)
    return _fit(pixels, size, size, spec)


def footprint(height: int, width: int, spec: InputSpec) -> tuple[float, float, float, float]:
    """Part of the film that the model's square shows.

    Returns
    -------
    tuple of float
        (x0, y0, x1, y1) in fractions of the film's width and height; beyond [0, 1] where air was added.
    """
    if spec.fit == "stretch":
        return (0.0, 0.0, 1.0, 1.0)
    side = max(height, width) if spec.fit == "pad" else min(height, width) * spec.size / (spec.short_side or spec.size)
    half_x, half_y = side / width / 2, side / height / 2
    return (0.5 - half_x, 0.5 - half_y, 0.5 + half_x, 0.5 + half_y)


def resize(pixels: np.ndarray, height: int, width: int, how: str = "pillow", border: float = 0.0) -> np.ndarray:
    """Scale a grey picture without leaving its range.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W)
    height, width : int
        The new extent in pixels.
    how : {"pillow", "gaussian", "linear", "area"}
        ``pillow``: antialiased bilinear, as Pillow and torchvision do it. ``gaussian``: blurred, then bilinear, the
        default of scikit-image since 0.15. ``linear``: bilinear without antialiasing, scikit-image before that.
        ``area``: mean of what a new pixel covers, OpenCV's ``INTER_AREA``.
    border : float
        What lies around the picture, for the blur of ``gaussian``.

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    pixels = np.ascontiguousarray(pixels, np.float32)
    if pixels.shape == (height, width):
        return pixels.copy()
    if how == "area":
        scaled = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    elif how == "pillow":
        scaled = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
    else:
        scaled = _scikit_image_resize(pixels, height, width, how == "gaussian", border)
    return np.clip(scaled, pixels.min(), pixels.max())


def _fit(pixels: np.ndarray, height: int, width: int, spec: InputSpec) -> np.ndarray:
    # torchxrayvision scales the shades before the size: around its films lies what the model calls 0.
    return resize(pixels, height, width, spec.resample, spec.mean[0] / spec.multiply)


def _scikit_image_resize(pixels: np.ndarray, height: int, width: int, blur: bool, border: float) -> np.ndarray:
    from skimage.transform import resize as scikit_image_resize

    scaled: np.ndarray = scikit_image_resize(  # type: ignore[no-untyped-call] # scikit-image types little of itself
        pixels, (height, width), order=1, mode="constant", cval=border, anti_aliasing=blur, preserve_range=True
    )
    return scaled.astype(np.float32)


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
