"""Layers of Keras that pad, normalise and count as PyTorch's do, so that its weights mean the same here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from keras import KerasTensor

EPSILON = 1e-5  # torch's; keras.applications has 1.001e-5
TENSORFLOW_EPSILON = 1e-3
MOMENTUM = 0.9  # torch calls it 0.1


def convolution(
    x: KerasTensor, width: int, kernel: int, name: str, rng: np.random.Generator, strides: int = 1, same: bool = False
) -> KerasTensor:
    """Convolve without a bias.

    Parameters
    ----------
    x : KerasTensor, shape (None, h, w, c)
    width : int
        Channels that come out.
    kernel : int
        Side of the kernel, odd.
    name : str
    rng : numpy.random.Generator
        Draws the seed of the initial weights.
    strides : int
    same : bool
        Pad as TensorFlow does, where a stride above 1 pads the far side more than the near one; torch pads both alike.

    Returns
    -------
    KerasTensor, shape (None, ceil(h / strides), ceil(w / strides), width)
    """
    from keras import initializers, layers

    x, padding = _padded(x, kernel, name, strides, same)
    start = initializers.HeNormal(seed=seed(rng))
    return layers.Conv2D(
        width, kernel, strides=strides, padding=padding, use_bias=False, kernel_initializer=start, name=name
    )(x)


def depthwise(
    x: KerasTensor, kernel: int, name: str, rng: np.random.Generator, strides: int = 1, same: bool = False
) -> KerasTensor:
    """Convolve each channel by itself; parameters as in `convolution`."""
    from keras import initializers, layers

    x, padding = _padded(x, kernel, name, strides, same)
    start = initializers.HeNormal(seed=seed(rng))
    return layers.DepthwiseConv2D(
        kernel, strides=strides, padding=padding, use_bias=False, depthwise_initializer=start, name=name
    )(x)


def normalisation(x: KerasTensor, name: str, epsilon: float = EPSILON) -> KerasTensor:
    """Normalise by batch statistics."""
    from keras import layers

    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=epsilon, name=name)(x)


def max_pooling(x: KerasTensor, name: str) -> KerasTensor:
    """Take the highest of 3 x 3 values at every other place; they must not be below 0, as after a ReLU."""
    from keras import layers

    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)  # after a ReLU, 0 is as low as torch's minus infinity
    return layers.MaxPooling2D(3, strides=2, name=name)(x)


def seed(rng: np.random.Generator) -> int:
    """Draw a seed for an initializer."""
    return int(rng.integers(2**31))


def _padded(x: KerasTensor, kernel: int, name: str, strides: int, same: bool) -> tuple[KerasTensor, str]:
    from keras import layers

    if same or strides == 1:
        return x, "same"
    return layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x), "valid"
