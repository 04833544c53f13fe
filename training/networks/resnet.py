"""ResNets: torchvision's networks, weight for weight, in Keras.

He et al., Deep Residual Learning for Image Recognition, CVPR 2016. Where a bottleneck shrinks the map, its 3 x 3
convolution takes the stride, not the first one as in the paper; NVIDIA calls this version 1.5. The networks of
``keras.applications`` are of the paper's kind. Layers bear torchvision's names, with ``_`` for its dots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.networks.layers import convolution, max_pooling, normalisation

if TYPE_CHECKING:
    from keras import KerasTensor

STEM = 64  # channels after the first convolution, and inside the blocks of the first stage


@dataclass(frozen=True)
class ResNetShape:
    """How deep and wide a ResNet is.

    Attributes
    ----------
    stages : tuple of int
        Blocks a stage.
    bottleneck : bool
        Whether a block has three convolutions, the last of which widens four times, or two.
    widening : int
        Times that a bottleneck's inner channels are more than the paper's; 2 in Wide ResNets.
    """

    stages: tuple[int, ...]
    bottleneck: bool = True
    widening: int = 1

    def inner(self, stage: int) -> int:
        """Channels inside the blocks of a stage, counted from 0."""
        return STEM * 2**stage * self.widening

    def outer(self, stage: int) -> int:
        """Channels that a stage gives, counted from 0."""
        return STEM * 2**stage * (4 if self.bottleneck else 1)

    @property
    def features(self) -> int:
        """Channels of the last feature map."""
        return self.outer(len(self.stages) - 1)

    @property
    def last(self) -> str:
        """Layer that gives the last feature map."""
        return f"layer{len(self.stages)}_{self.stages[-1] - 1}_relu"


RESNETS = {
    "resnet18": ResNetShape((2, 2, 2, 2), bottleneck=False),
    "resnet34": ResNetShape((3, 4, 6, 3), bottleneck=False),
    "resnet50": ResNetShape((3, 4, 6, 3)),
    "resnet101": ResNetShape((3, 4, 23, 3)),
    "resnet152": ResNetShape((3, 8, 36, 3)),
    "wide_resnet50_2": ResNetShape((3, 4, 6, 3), widening=2),
}


def resnet(film: KerasTensor, rng: np.random.Generator, shape: ResNetShape) -> KerasTensor:
    """Give the features of a ResNet.

    Parameters
    ----------
    film : KerasTensor, shape (None, size, size, channels)
        1 or 3 channels.
    rng : numpy.random.Generator
        Draws the seeds of the initial weights.
    shape : ResNetShape

    Returns
    -------
    KerasTensor, shape (None, size / 32, size / 32, shape.features)
    """
    from keras import layers

    x = convolution(film, STEM, 7, "conv1", rng, strides=2)
    x = layers.ReLU(name="relu")(normalisation(x, "bn1"))
    x = max_pooling(x, "maxpool")
    for stage, count in enumerate(shape.stages):
        for number in range(count):
            strides = 2 if stage > 0 and number == 0 else 1
            x = _block(x, f"layer{stage + 1}_{number}", shape, stage, strides, rng)
    return x


def _block(
    x: KerasTensor, name: str, shape: ResNetShape, stage: int, strides: int, rng: np.random.Generator
) -> KerasTensor:
    """Add to a map what its convolutions make of it."""
    from keras import layers

    inner, outer = shape.inner(stage), shape.outer(stage)
    steps = (
        ((inner, 1, 1), (inner, 3, strides), (outer, 1, 1))
        if shape.bottleneck
        else ((inner, 3, strides), (outer, 3, 1))
    )
    change = x
    for number, (width, kernel, stride) in enumerate(steps, start=1):
        change = convolution(change, width, kernel, f"{name}_conv{number}", rng, stride)
        change = normalisation(change, f"{name}_bn{number}")
        if number < len(steps):
            change = layers.ReLU(name=f"{name}_relu{number}")(change)
    if strides > 1 or x.shape[-1] != outer:
        x = convolution(x, outer, 1, f"{name}_downsample_0", rng, strides)
        x = normalisation(x, f"{name}_downsample_1")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, change]))
