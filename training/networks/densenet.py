"""DenseNet-121 as CheXNet has it: torchvision's network, weight for weight, in Keras.

Huang et al., Densely Connected Convolutional Networks, CVPR 2017; Rajpurkar et al., CheXNet, 2017. Layers bear the
names of ``keras.applications``, whose network differs in the batch normalisation's epsilon and momentum only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from keras import KerasTensor, Layer, Model

BLOCKS = (6, 12, 24, 16)  # dense layers a block
GROWTH = 32  # channels that a dense layer adds
BOTTLENECK = 4 * GROWTH
STEM = 2 * GROWTH
EPSILON = 1e-5  # torch's; keras.applications has 1.001e-5
MOMENTUM = 0.9  # torch calls it 0.1
LAST_NORM, LAST_RELU, POOLED, HEAD = "bn", "relu", "avg_pool", "predictions"


def densenet121(film: KerasTensor, rng: np.random.Generator, final_relu: bool = True) -> KerasTensor:
    """Give the features of a DenseNet-121, 7.0 million weights.

    Parameters
    ----------
    film : KerasTensor, shape (None, size, size, channels)
        1 or 3 channels.
    rng : numpy.random.Generator
        Draws the seeds of the initial weights.
    final_relu : bool
        False for networks of Keras before 2.2.3, which forgot the last ReLU.

    Returns
    -------
    KerasTensor, shape (None, size / 32, size / 32, 1024)
    """
    from keras import layers

    x = layers.ZeroPadding2D(3, name="conv1_pad")(film)
    x = _convolution(x, STEM, 7, "conv1_conv", rng, strides=2, padding="valid")
    x = _normalise_and_cut(x, "conv1_bn", "conv1_relu")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)  # after a ReLU, 0 is as low as torch's minus infinity
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for block, count in enumerate(BLOCKS, start=2):
        for number in range(1, count + 1):
            x = _dense_layer(x, f"conv{block}_block{number}", rng)
        if block <= len(BLOCKS):
            x = _transition(x, f"pool{block}", rng)
    x = _normalisation(LAST_NORM)(x)
    return layers.ReLU(name=LAST_RELU)(x) if final_relu else x


def build_densenet121(
    size: int, channels: int, outputs: int, rng: np.random.Generator, final_relu: bool = True
) -> Model:
    """Build an untrained classifier: features, mean over their places, one logit an output.

    Returns
    -------
    keras.Model
        (films, size, size, channels) to (films, outputs) logits.
    """
    from xai.backend import keras

    film = keras.Input((size, size, channels), name="film")
    features = densenet121(film, rng, final_relu)
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(features)
    start = keras.initializers.GlorotUniform(seed=_seed(rng))
    logits = keras.layers.Dense(outputs, kernel_initializer=start, name=HEAD)(pooled)
    return keras.Model(film, logits, name="densenet121")


def _dense_layer(x: KerasTensor, name: str, rng: np.random.Generator) -> KerasTensor:
    from keras import layers

    added = _normalise_and_cut(x, f"{name}_0_bn", f"{name}_0_relu")
    added = _convolution(added, BOTTLENECK, 1, f"{name}_1_conv", rng)
    added = _normalise_and_cut(added, f"{name}_1_bn", f"{name}_1_relu")
    added = _convolution(added, GROWTH, 3, f"{name}_2_conv", rng)
    return layers.Concatenate(name=f"{name}_concat")([x, added])


def _transition(x: KerasTensor, name: str, rng: np.random.Generator) -> KerasTensor:
    from keras import layers

    x = _normalise_and_cut(x, f"{name}_bn", f"{name}_relu")
    x = _convolution(x, x.shape[-1] // 2, 1, f"{name}_conv", rng)
    return layers.AveragePooling2D(2, name=f"{name}_pool")(x)


def _normalise_and_cut(x: KerasTensor, norm: str, relu: str) -> KerasTensor:
    from keras import layers

    return layers.ReLU(name=relu)(_normalisation(norm)(x))


def _normalisation(name: str) -> Layer:
    from keras import layers

    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=name)


def _convolution(
    x: KerasTensor,
    width: int,
    kernel: int,
    name: str,
    rng: np.random.Generator,
    strides: int = 1,
    padding: str = "same",
) -> KerasTensor:
    from keras import initializers, layers

    return layers.Conv2D(
        width,
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer=initializers.HeNormal(seed=_seed(rng)),
        name=name,
    )(x)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
