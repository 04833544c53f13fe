"""Gradients of logits with respect to the feature maps that Grad-CAM reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from xai.backend import keras, tf
from xai.models.feature_maps import FeatureMap
from xai.models.graph import run
from xai.models.place import Place


@dataclass(frozen=True, eq=False)
class LayerGradients:
    """What Grad-CAM needs of one layer.

    Attributes
    ----------
    layer : str
        The layer's name.
    place : Place
        Where its cells lie on the film.
    features : ndarray of float32, shape (h, w, c)
        Activations.
    gradients : ndarray of float32, shape (K, h, w, c)
        Gradient of each requested logit with respect to them, on the ways past no other layer that is read.
    """

    layer: str
    place: Place
    features: np.ndarray
    gradients: np.ndarray


@dataclass(frozen=True, eq=False)
class FeatureGradients:
    """What Grad-CAM needs of one film.

    Attributes
    ----------
    layers : tuple of LayerGradients
        One, or several that are joined after pooling.
    logits : ndarray of float32, shape (n_outputs,)
        As `Classifier.answer` gives them.
    """

    layers: tuple[LayerGradients, ...]
    logits: np.ndarray


def differentiator(
    scores: keras.Model,
    read: tuple[FeatureMap, ...],
    before: Callable[[tf.Tensor], tf.Tensor],
    behind: Callable[[tf.Tensor], tf.Tensor],
) -> Callable[[tf.Tensor], tuple[list[tf.Tensor], list[tf.Tensor], tf.Tensor]]:
    """Make the function that differentiates a model's logits.

    Parameters
    ----------
    scores : keras.Model
        Flat, from the model's input to its last tensor that can be differentiated.
    read : tuple of FeatureMap
        With respect to which.
    before, behind : callable
        From a canvas to the model's input, and from that last tensor to logits.

    Returns
    -------
    callable
        From one canvas, (1, H, W), to the features of each map, (1, h, w, c), the gradients of each logit with
        respect to them, (K, h, w, c), and the logits, (1, K).
    """
    with_features = keras.Model(scores.inputs, [*(one.tensor for one in read), *scores.outputs])

    def differentiate(canvas: tf.Tensor) -> tuple[list[tf.Tensor], list[tf.Tensor], tf.Tensor]:
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:

            def start_here(one: FeatureMap, features: tf.Tensor) -> tf.Tensor:
                # What lies before would be differentiated once a finding for nothing. And of two maps that are both
                # read, each answers for what reaches the logits past the other.
                features = one.end_here(features)
                tape.watch(features)
                return features

            *found, last = run(with_features, before(canvas), {one.name: partial(start_here, one) for one in read})
            logits = behind(last)
        moved = tape.jacobian(
            logits, found, unconnected_gradients=tf.UnconnectedGradients.ZERO, experimental_use_pfor=False
        )
        features = [tf.cast(one.cells(values), tf.float32) for one, values in zip(read, found, strict=True)]
        gradients = [tf.cast(one.cells(rows[0, :, 0]), tf.float32) for one, rows in zip(read, moved, strict=True)]
        return features, gradients, logits

    return differentiate
