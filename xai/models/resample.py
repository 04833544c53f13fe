"""Scale a grey picture as Pillow, OpenCV, TensorFlow or scikit-image does, by calling the library itself.

What people write, and what it is called here:

============================================================  =====================================================
``keras.utils.load_img``, Keras' ``ImageDataGenerator``       ``nearest`` (its default), ``pillow-...``, 8 bits
``image_dataset_from_directory``, ``keras.layers.Resizing``,  ``bilinear`` (its default), ``tensorflow-...``
``tf.image.resize``                                           with ``antialias=True`` ``tensorflow-...-antialias``
``PIL.Image.resize``                                          ``bicubic`` (its default), ``pillow-...``, 8 bits
torchvision's ``Resize`` of a Pillow picture                  ``antialiased`` (its default), ``pillow-...``, 8 bits
torchvision's ``Resize`` of a tensor, antialiased             ``antialiased``, ``bicubic``
torchvision's ``Resize`` of a tensor, not antialiased         ``bilinear``, ``opencv-cubic``, ``opencv-nearest``
``cv2.resize``                                                ``opencv-linear`` (its default), ``opencv-...``, 8 bits
``skimage.transform.resize``                                  ``gaussian`` (its default), ``linear``
============================================================  =====================================================

A film is grey: whether it is made grey before or after scaling is the same, since three equal channels stay equal.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from xai.cards.input_spec import InputSpec

OPENCV = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}
KEPT_IN_RANGE = (
    "pillow",
    "gaussian",
    "linear",
    "area",
)  # the first names; rounding takes none beyond its film's shades


def resize(pixels: np.ndarray, height: int, width: int, how: str = "pillow", border: float = 0.0) -> np.ndarray:
    """Scale a grey picture.

    Parameters
    ----------
    pixels : ndarray of float32 or uint8, shape (H, W)
        In [0, 1], or in 256 shades.
    height, width : int
        The new extent in pixels.
    how : str
        One of `xai.cards.input_spec.RESAMPLES`: ``nearest``, ``bilinear``, ``antialiased``, ``bicubic``, ``lanczos``,
        ``area``, or a library and what it calls it, as ``tensorflow-bicubic``. Bicubic and Lanczos may go a little
        beyond the picture's range, as they do in the library.
    border : float
        What lies around the picture, for the blur of ``gaussian``.

    Returns
    -------
    ndarray, shape (height, width)
        Of 256 shades again (uint8) where the library gives that, else float32, on the scale of ``pixels``.
    """
    pixels = np.ascontiguousarray(pixels, np.uint8 if pixels.dtype == np.uint8 else np.float32)
    if pixels.shape == (height, width):
        return pixels.copy()
    spec = InputSpec(8, 1, resample=how)
    if spec.library == "scikit-image":
        scaled = _scikit_image(pixels, height, width, spec.kernel, border)
    else:
        scaled = _LIBRARIES[spec.library](pixels, height, width, spec.kernel)
    return np.clip(scaled, pixels.min(), pixels.max()) if how in KEPT_IN_RANGE else scaled


def _pillow(pixels: np.ndarray, height: int, width: int, kernel: str) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling[kernel.upper()]))


def _opencv(pixels: np.ndarray, height: int, width: int, kernel: str) -> np.ndarray:
    return cv2.resize(pixels, (width, height), interpolation=OPENCV[kernel])


def _tensorflow(pixels: np.ndarray, height: int, width: int, kernel: str) -> np.ndarray:
    from xai.backend import tf  # seconds to import, and most models need it for nothing else

    method, _, antialias = kernel.partition("-")
    scaled: np.ndarray = tf.image.resize(pixels[..., None], (height, width), method, antialias=bool(antialias)).numpy()
    return scaled[..., 0]


def _scikit_image(pixels: np.ndarray, height: int, width: int, kernel: str, border: float) -> np.ndarray:
    from skimage.transform import resize as scikit_image_resize

    blur = kernel == "gaussian"
    scaled: np.ndarray = scikit_image_resize(  # type: ignore[no-untyped-call] # scikit-image types little of itself
        pixels, (height, width), order=1, mode="constant", cval=border, anti_aliasing=blur, preserve_range=True
    )
    return scaled.astype(np.float32)


_LIBRARIES: dict[str, Callable[[np.ndarray, int, int, str], np.ndarray]] = {
    "pillow": _pillow,
    "opencv": _opencv,
    "tensorflow": _tensorflow,
}
