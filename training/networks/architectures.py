"""Networks that `fit` trains: flat functional Keras models from grey channels to one logit an output.

What brings a film into a network's units (``(film - mean) / std``) is said by the model card and done outside the
network, for every architecture alike.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.networks.densenet import densenet121
from training.networks.efficientnet import EFFICIENTNETS, efficientnet
from training.networks.resnet import RESNETS, resnet

if TYPE_CHECKING:
    from keras import KerasTensor, Model


FEATURES = "features"  # the layer that Grad-CAM reads
POOLED = "pool"  # the layer that the head reads
HEAD = "logits"


class ArchitectureError(ValueError):
    """A network that cannot be built; the message is one sentence."""


def build(
    name: str,
    size: int,
    outputs: int,
    dropout: float,
    rng: np.random.Generator,
    channels: int = 1,
    dtype: str = "float32",
    synchronized: bool = False,
) -> Model:
    """Build an untrained network.

    Parameters
    ----------
    name : str
        One of `ARCHITECTURES`.
    size : int
        Side of the square input in pixels.
    outputs : int
        Number of logits.
    dropout : float
        Share of the pooled features that is left out while training.
    rng : numpy.random.Generator
        Draws the seeds of the initial weights and of the dropout.
    channels : int
        1, or 3.
    dtype : str
        What the layers compute in, a policy of Keras such as ``mixed_bfloat16``; the logits are float32.
    synchronized : bool
        Whether batch statistics are over the films of all workers.

    Returns
    -------
    keras.Model
        (films, size, size, channels) to (films, outputs) logits.
    """
    from xai.backend import keras

    film = keras.Input((size, size, channels), name="film")
    with _computing_in(dtype):
        features = keras.layers.Activation("linear", name=FEATURES)(ARCHITECTURES[name](film, rng))
        pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(features)
        kept = keras.layers.Dropout(dropout, seed=_seed(rng), name="dropout")(pooled)
    small = keras.initializers.RandomNormal(stddev=0.01, seed=_seed(rng))
    logits = keras.layers.Dense(outputs, kernel_initializer=small, name=HEAD, dtype="float32")(kept)
    network = keras.Model(film, logits, name=name)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = synchronized
    return network


def small_resnet(film: KerasTensor, rng: np.random.Generator) -> KerasTensor:
    """Give the features of a residual network of three short stages, 0.3 million weights.

    Basic blocks as in He et al., Deep Residual Learning, CVPR 2016, with average pooling on the way past a
    stride (He et al., Bag of Tricks, CVPR 2019). The last grid has a sixteenth of the input's side.
    """
    from keras import layers

    x = _convolution(film, 16, 3, rng, strides=2)
    x = layers.MaxPooling2D(2)(x)
    for width, strides in ((32, 1), (64, 2), (128, 2)):
        x = _residual_block(x, width, strides, rng)
    return _weigh_by_place(film, x)


def efficientnet_v2_b0(film: KerasTensor, rng: np.random.Generator) -> KerasTensor:
    """Give the features of EfficientNetV2-B0, 5.9 million weights (Tan and Le, EfficientNetV2, ICML 2021).

    That of ``keras.applications``, untrained and without its own scaling of the input.
    """
    from xai.backend import keras

    body = keras.applications.EfficientNetV2B0(
        include_top=False, weights=None, input_tensor=film, include_preprocessing=False
    )
    # Its initial weights and its dropout draw from a global seed: they are drawn again from ours.
    for layer in body.layers:
        start = getattr(layer, "depthwise_initializer", getattr(layer, "kernel_initializer", None))
        if start is not None:
            again = type(start).from_config(start.get_config() | {"seed": _seed(rng)})
            layer.kernel.assign(again(layer.kernel.shape))
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([_seed(rng), 0])
    return body.output


ARCHITECTURES: dict[str, Callable[[KerasTensor, np.random.Generator], KerasTensor]] = {
    "small-resnet": small_resnet,
    "densenet121": densenet121,
    **{name: functools.partial(resnet, shape=RESNETS[name]) for name in ("resnet18", "resnet34", "resnet50")},
    "efficientnetv2-b0": efficientnet_v2_b0,
    # As the published weights have it, but for the last stride: a map of 8 x 8 cells at 128 pixels, not 4 x 4.
    "efficientnet-lite0": functools.partial(
        efficientnet, shape=replace(EFFICIENTNETS["efficientnet_lite0"], last_strides=1), tensorflow=True
    ),
}


@contextlib.contextmanager
def _computing_in(dtype: str) -> Iterator[None]:
    """Give layers made inside this the policy; Keras knows no other way to reach all of them."""
    from xai.backend import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _weigh_by_place(film: KerasTensor, features: KerasTensor) -> KerasTensor:
    """Multiply each channel's map by a learned weight for every place, the same for all films.

    The mean that follows forgets where on the film a feature lies, and few films cannot make up for that. With these
    weights it becomes a global depthwise convolution (Chen et al., MobileFaceNets, 2018), yet Grad-CAM, which reads
    the weighted maps, still adds up to the logit place by place.
    """
    from keras import initializers, layers

    height, width, channels = features.shape[1:]
    places = height * width
    # Keras has no layer that is just a weight: a constant made from the film feeds one. It is the number of places
    # rather than 1 so that a step of the optimizer moves a weight as far as one of a convolution that sums.
    constant = layers.Rescaling(0.0, places, name="constant")(layers.GlobalAveragePooling2D()(film))
    start = initializers.Constant(1 / places)
    weights = layers.Dense(places * channels, use_bias=False, kernel_initializer=start, name="place_weights")(constant)
    return layers.Multiply()([features, layers.Reshape((height, width, channels))(weights)])


def _residual_block(x: KerasTensor, width: int, strides: int, rng: np.random.Generator) -> KerasTensor:
    from keras import layers

    change = _convolution(x, width, 3, rng, strides=strides)
    change = _convolution(change, width, 3, rng, activate=False)
    if strides > 1:
        x = layers.AveragePooling2D(strides)(x)
    if x.shape[-1] != width:
        x = _convolution(x, width, 1, rng, activate=False)
    return layers.ReLU()(layers.Add()([x, change]))


def _convolution(
    x: KerasTensor, width: int, kernel: int, rng: np.random.Generator, strides: int = 1, activate: bool = True
) -> KerasTensor:
    """Convolve, normalise the batch, and cut at zero."""
    from keras import initializers, layers

    x = layers.Conv2D(
        width,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=initializers.HeNormal(seed=_seed(rng)),
    )(x)
    # Few films make few steps: the running statistics must follow within tens of them.
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x) if activate else x


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
