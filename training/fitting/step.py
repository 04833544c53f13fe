"""One step of training, compiled: gradients of a batch, over all workers where there are several."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from training.fitting.losses import Loss

if TYPE_CHECKING:
    from keras import Model, Optimizer
    from tensorflow.distribute import Strategy

Step = Callable[[np.ndarray, np.ndarray, float], Any]  # films, targets, learning rate -> loss
UNDECAYED = ["bias", "gamma", "beta"]


def make_optimizer(network: Model, weight_decay: float, mixed_precision: str = "none") -> Optimizer:
    """Make an AdamW whose variables exist, so that they can be restored; float16 needs its loss scaled up."""
    from xai.backend import keras

    optimizer = keras.optimizers.AdamW(0.0, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    if mixed_precision == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer


def make_step(network: Model, optimizer: Optimizer, loss: Loss, strategy: Strategy | None = None) -> Step:
    """Compile a step.

    Returns
    -------
    callable
        Changes the network by one batch and gives its mean loss. With several workers each gives its own films of
        the batch; the mean is over those of all.
    """
    from xai.backend import tf

    def learn(films: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        weights = network.trainable_variables
        with tf.GradientTape() as tape:
            total, count = loss(targets, network(films, training=True))
            if strategy is not None:
                count = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, count)
            mean = total / tf.maximum(count, 1.0)
            scaled = optimizer.scale_loss(mean)
        optimizer.apply(tape.gradient(scaled, weights), weights)  # adds up the workers' gradients
        return mean

    if strategy is None:
        compiled = tf.function(learn, reduce_retracing=True)
    else:
        together = tf.function(lambda films, targets: strategy.run(learn, args=(films, targets)))

        def compiled(films: np.ndarray, targets: np.ndarray) -> tf.Tensor:
            return strategy.reduce("SUM", together(films, targets), axis=None)

    def step(films: np.ndarray, targets: np.ndarray, rate: float) -> tf.Tensor:
        optimizer.learning_rate = rate
        return compiled(tf.convert_to_tensor(films), tf.convert_to_tensor(targets))

    return step


def scope(strategy: Strategy | None) -> contextlib.AbstractContextManager:
    """Where variables are made that all workers share."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()
