"""EfficientNets and EfficientNet-Lites, weight for weight those that PyTorch's libraries have, in Keras.

Tan and Le, EfficientNet: Rethinking Model Scaling, ICML 2019. The Lite ones have no squeeze and excitation, ReLU6 for
SiLU, and a stem and a last convolution that do not grow. Two kinds share all shapes: torch's own pads both sides alike;
those that were brought over from TensorFlow pad as it does, and have its epsilon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from training.networks.layers import EPSILON, TENSORFLOW_EPSILON, convolution, depthwise, normalisation, seed

if TYPE_CHECKING:
    from keras import KerasTensor

LAST = "top_activation"  # the layer that gives the last feature map


class Block(NamedTuple):
    """One inverted bottleneck: its place, kernel and stride, and the channels that come, are inside and go."""

    stage: int
    number: int
    kernel: int
    strides: int
    before: int
    inside: int
    after: int

    @property
    def name(self) -> str:
        """What its layers begin with."""
        return f"block{self.stage}_{self.number}"

    @property
    def squeezed(self) -> int:
        """Channels that the squeeze leaves."""
        return max(1, self.before // 4)


@dataclass(frozen=True)
class EfficientNetShape:
    """How deep and wide an EfficientNet is, beside the smallest.

    Attributes
    ----------
    width, depth : float
        Times the channels and the blocks of B0.
    lite : bool
    last_strides : int
        Of the last stage that shrinks the map: 2, or 1 for one that is twice as fine, with the same weights.
    """

    width: float = 1.0
    depth: float = 1.0
    lite: bool = False
    last_strides: int = 2

    @property
    def stem(self) -> int:
        """Channels after the first convolution."""
        return 32 if self.lite else self._channels(32)

    @property
    def features(self) -> int:
        """Channels of the last feature map."""
        return 1280 if self.lite else self._channels(1280)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in order."""
        found: list[Block] = []
        before = self.stem
        for stage, (kernel, count, after, expansion, strides) in enumerate(STAGES):
            fixed = self.lite and stage in (0, len(STAGES) - 1)
            after = self._channels(after)
            for number in range(count if fixed else math.ceil(count * self.depth)):
                first = number == 0
                strides = min(strides, self.last_strides) if stage == LAST_SHRINKING else strides
                found.append(Block(stage, number, kernel, strides if first else 1, before, before * expansion, after))
                before = after
        return tuple(found)

    def _channels(self, count: int) -> int:
        """Scale a number of channels to a multiple of 8 that is not a tenth too few."""
        wanted = count * self.width
        near = max(8, int(wanted + 4) // 8 * 8)
        return near + 8 if near < 0.9 * wanted else near


# Kernel, blocks, channels that go, expansion, stride of the first block.
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
LAST_SHRINKING = 5  # stage
_SCALES = ((1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8))
EFFICIENTNETS = {
    f"efficientnet_{'lite' if lite else 'b'}{number}": EfficientNetShape(width, depth, lite)
    for lite in (False, True)
    for number, (width, depth) in enumerate(_SCALES)
}


def efficientnet(
    film: KerasTensor, rng: np.random.Generator, shape: EfficientNetShape, tensorflow: bool = False
) -> KerasTensor:
    """Give the features of an EfficientNet.

    Parameters
    ----------
    film : KerasTensor, shape (None, size, size, channels)
        1 or 3 channels.
    rng : numpy.random.Generator
        Draws the seeds of the initial weights.
    shape : EfficientNetShape
    tensorflow : bool
        Whether it pads and normalises as TensorFlow's does.

    Returns
    -------
    KerasTensor, shape (None, size / 32, size / 32, shape.features)
        Twice as fine with ``last_strides`` of 1.
    """
    build = _Builder(rng, shape.lite, tensorflow)
    x = build.cut(build.convolved(film, shape.stem, 3, "stem", 2), "stem")
    for block in shape.blocks:
        x = build.block(x, block)
    return build.cut(build.convolved(x, shape.features, 1, "top"), "top")


@dataclass(frozen=True)
class _Builder:
    """What all blocks of one network share."""

    rng: np.random.Generator
    lite: bool
    tensorflow: bool

    def convolved(self, x: KerasTensor, width: int, kernel: int, name: str, strides: int = 1) -> KerasTensor:
        x = convolution(x, width, kernel, f"{name}_conv", self.rng, strides, self.tensorflow)
        return self.normalised(x, name)

    def normalised(self, x: KerasTensor, name: str) -> KerasTensor:
        return normalisation(x, f"{name}_bn", TENSORFLOW_EPSILON if self.tensorflow else EPSILON)

    def cut(self, x: KerasTensor, name: str) -> KerasTensor:
        from keras import layers

        name = f"{name}_activation"
        return layers.ReLU(6.0, name=name)(x) if self.lite else layers.Activation("silu", name=name)(x)

    def block(self, x: KerasTensor, block: Block) -> KerasTensor:
        from keras import layers

        name, change = block.name, x
        if block.inside != block.before:
            change = self.cut(self.convolved(change, block.inside, 1, f"{name}_expand"), f"{name}_expand")
        change = depthwise(change, block.kernel, f"{name}_depth_conv", self.rng, block.strides, self.tensorflow)
        change = self.cut(self.normalised(change, f"{name}_depth"), f"{name}_depth")
        if not self.lite:
            change = self.squeezed(change, block)
        change = self.convolved(change, block.after, 1, f"{name}_project")
        passes = block.strides == 1 and block.before == block.after
        return layers.Add(name=f"{name}_add")([x, change]) if passes else change

    def squeezed(self, x: KerasTensor, block: Block) -> KerasTensor:
        """Weigh the channels by what all of them hold in the mean."""
        from keras import initializers, layers

        weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{block.name}_squeeze")(x)
        for name, width, kind in (("reduce", block.squeezed, "silu"), ("excite", block.inside, "sigmoid")):
            start = initializers.HeNormal(seed=seed(self.rng))
            weights = layers.Conv2D(
                width, 1, activation=kind, kernel_initializer=start, name=f"{block.name}_{name}_conv"
            )(weights)
        return layers.Multiply(name=f"{block.name}_scale")([x, weights])
