"""DenseNets as CheXNet has one: torchvision's networks, weight for weight, in Keras.

Huang et al., Densely Connected Convolutional Networks, CVPR 2017; Rajpurkar et al., CheXNet, 2017. Layers bear the
names of ``keras.applications``, whose networks differ in the batch normalisation's epsilon and momentum only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.networks.layers import convolution, max_pooling, normalisation

if TYPE_CHECKING:
    from keras import KerasTensor

LAST_NORM, LAST_RELU = "bn", "relu"


@dataclass(frozen=True)
class DenseNetShape:
    """How deep and wide a DenseNet is.

    Attributes
    ----------
    blocks : tuple of int
        Dense layers a block.
    growth : int
        Channels that a dense layer adds.
    """

    blocks: tuple[int, ...]
    growth: int = 32

    @property
    def stem(self) -> int:
        """Channels after the first convolution."""
        return 2 * self.growth

    @property
    def bottleneck(self) -> int:
        """Channels inside a dense layer."""
        return 4 * self.growth

    @property
    def features(self) -> int:
        """Channels of the last feature map."""
        width = self.stem
        for number, count in enumerate(self.blocks, start=1):
            width += count * self.growth
            width = width // 2 if number < len(self.blocks) else width
        return width


DENSENETS = {
    "densenet121": DenseNetShape((6, 12, 24, 16)),
    "densenet161": DenseNetShape((6, 12, 36, 24), growth=48),
    "densenet169": DenseNetShape((6, 12, 32, 32)),
    "densenet201": DenseNetShape((6, 12, 48, 32)),
}


def densenet(film: KerasTensor, rng: np.random.Generator, shape: DenseNetShape, final_relu: bool = True) -> KerasTensor:
    """Give the features of a DenseNet.

    Parameters
    ----------
    film : KerasTensor, shape (None, size, size, channels)
        1 or 3 channels.
    rng : numpy.random.Generator
        Draws the seeds of the initial weights.
    shape : DenseNetShape
    final_relu : bool
        False for networks without the last ReLU: those of Keras before 2.2.3, which forgot it, and of fastai.

    Returns
    -------
    KerasTensor, shape (None, size / 32, size / 32, shape.features)
    """
    from keras import layers

    x = convolution(film, shape.stem, 7, "conv1_conv", rng, strides=2)
    x = _normalise_and_cut(x, "conv1_bn", "conv1_relu")
    x = max_pooling(x, "pool1")
    for block, count in enumerate(shape.blocks, start=2):
        for number in range(1, count + 1):
            x = _dense_layer(x, f"conv{block}_block{number}", rng, shape)
        if block <= len(shape.blocks):
            x = _transition(x, f"pool{block}", rng)
    x = normalisation(x, LAST_NORM)
    return layers.ReLU(name=LAST_RELU)(x) if final_relu else x


def densenet121(film: KerasTensor, rng: np.random.Generator) -> KerasTensor:
    """Give the features of a DenseNet-121, 7.0 million weights."""
    return densenet(film, rng, DENSENETS["densenet121"])


def _dense_layer(x: KerasTensor, name: str, rng: np.random.Generator, shape: DenseNetShape) -> KerasTensor:
    from keras import layers

    added = _normalise_and_cut(x, f"{name}_0_bn", f"{name}_0_relu")
    added = convolution(added, shape.bottleneck, 1, f"{name}_1_conv", rng)
    added = _normalise_and_cut(added, f"{name}_1_bn", f"{name}_1_relu")
    added = convolution(added, shape.growth, 3, f"{name}_2_conv", rng)
    return layers.Concatenate(name=f"{name}_concat")([x, added])


def _transition(x: KerasTensor, name: str, rng: np.random.Generator) -> KerasTensor:
    from keras import layers

    x = _normalise_and_cut(x, f"{name}_bn", f"{name}_relu")
    x = convolution(x, x.shape[-1] // 2, 1, f"{name}_conv", rng)
    return layers.AveragePooling2D(2, name=f"{name}_pool")(x)


def _normalise_and_cut(x: KerasTensor, norm: str, relu: str) -> KerasTensor:
    from keras import layers

    return layers.ReLU(name=relu)(normalisation(x, norm))
