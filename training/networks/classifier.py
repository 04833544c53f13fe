"""A classifier around a body: the body's features, pooled, through a head to one logit an output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from training.networks.layers import normalisation, seed

if TYPE_CHECKING:
    from keras import KerasTensor, Model

POOLED, HEAD = "avg_pool", "predictions"
Body: TypeAlias = "Callable[[KerasTensor, np.random.Generator], KerasTensor]"


class Step(NamedTuple):
    """One layer of a head.

    Attributes
    ----------
    kind : {"dense", "norm", "relu"}
    name : str
        Of the layer; that of the last dense layer is `HEAD`.
    width : int
        Of a dense layer: how many values it gives; elsewhere 0.
    bias : bool
        Whether a dense layer has one.
    """

    kind: Literal["dense", "norm", "relu"]
    name: str
    width: int = 0
    bias: bool = True


def linear_head(outputs: int) -> tuple[Step, ...]:
    """Give the head that most networks have: one dense layer."""
    return (Step("dense", HEAD, outputs),)


def build_classifier(
    name: str,
    body: Body,
    size: int,
    channels: int,
    head: tuple[Step, ...],
    rng: np.random.Generator,
    maxima: bool = False,
) -> Model:
    """Build an untrained classifier.

    Parameters
    ----------
    name : str
        Of the model.
    body : callable
        (film, generator) to the feature map.
    size, channels : int
        Of the square input.
    head : tuple of Step
        From pooled features to logits.
    rng : numpy.random.Generator
        Draws the seeds of the initial weights.
    maxima : bool
        Whether the head reads the highest value of each channel before its mean, as fastai's does, or the mean alone.

    Returns
    -------
    keras.Model
        (films, size, size, channels) to (films, outputs) logits.
    """
    from xai.backend import keras

    film = keras.Input((size, size, channels), name="film")
    features = body(film, rng)
    x = keras.layers.GlobalAveragePooling2D(name=POOLED)(features)
    if maxima:
        x = keras.layers.Concatenate(name="pooled")([keras.layers.GlobalMaxPooling2D(name="max_pool")(features), x])
    for step in head:
        x = _step(x, step, rng)
    return keras.Model(film, x, name=name)


def _step(x: KerasTensor, step: Step, rng: np.random.Generator) -> KerasTensor:
    from xai.backend import keras

    if step.kind == "dense":
        start = keras.initializers.GlorotUniform(seed=seed(rng))
        return keras.layers.Dense(step.width, use_bias=step.bias, kernel_initializer=start, name=step.name)(x)
    return normalisation(x, step.name) if step.kind == "norm" else keras.layers.ReLU(name=step.name)(x)
