"""Run a network from canvases to logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from training.fitting.canvases import Canvases
from training.fitting.input import standardise
from xai.cards.model_card import InputSpec

if TYPE_CHECKING:
    from keras import Model

Forward = Callable[[np.ndarray], np.ndarray]  # float32 (films, size, size, channels) to logits (films, outputs)
PREDICTION_BATCH = 64


def forward(network: Model) -> Forward:
    """Compile a network's way from inputs to logits, once for any number of films.

    Keras's own ``predict_on_batch`` compiles anew for each number of films, and TensorFlow complains of it. With JAX,
    which compiles for one number, films are filled up to whole batches.
    """
    from xai.backend import BACKEND, tf

    if BACKEND == "jax":
        return _forward_on_jax(network)
    films = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
    run_graph = tf.function(lambda films: network(films, training=False)).get_concrete_function(films)
    return lambda films: run_graph(tf.constant(films)).numpy()


def predict(network: Forward, canvases: np.ndarray | Canvases, spec: InputSpec) -> np.ndarray:
    """Give the logits of canvases, float32 (films, outputs)."""
    if not len(canvases):
        return predict(network, np.zeros((1, *spec.shape), np.float32), spec)[:0]
    starts = range(0, len(canvases), PREDICTION_BATCH)
    parts = [standardise(canvases[start : start + PREDICTION_BATCH], spec) for start in starts]
    return np.concatenate([network(part) for part in parts])


def _forward_on_jax(network: Model) -> Forward:
    import jax

    run = jax.jit(lambda weights, state, films: network.stateless_call(weights, state, films, training=False)[0])

    def logits(films: np.ndarray) -> np.ndarray:
        filled = np.zeros((-len(films) % PREDICTION_BATCH, *films.shape[1:]), films.dtype)
        groups = (network.trainable_variables, network.non_trainable_variables)
        weights, state = ([one.value for one in group] for group in groups)
        return np.asarray(run(weights, state, np.concatenate([films, filled])))[: len(films)]

    return logits
