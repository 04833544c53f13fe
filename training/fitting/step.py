"""One step of training, compiled: gradients of a batch, over all workers where there are several."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from training.fitting.losses import Loss

if TYPE_CHECKING:
    from keras import Model, Optimizer
    from tensorflow.distribute import Strategy

Held = tuple[list, list, list]  # weights, other state, optimizer
UNDECAYED = ["bias", "gamma", "beta"]


class Step(Protocol):
    """Changes a network by one batch."""

    def __call__(self, films: np.ndarray, targets: np.ndarray, rate: float) -> Any:
        """Give the mean loss of the batch before the change.

        With several workers each gives its own films of the batch; the mean is over those of all.
        """

    def settle(self) -> None:
        """Have network and optimizer hold what was learned."""


def make_optimizer(network: Model, weight_decay: float, mixed_precision: str = "none") -> Optimizer:
    """Make an AdamW whose variables exist, so that they can be restored; float16 needs its loss scaled up."""
    from xai.backend import keras

    optimizer = keras.optimizers.AdamW(0.0, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    if mixed_precision == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer


def learner(network: Model, optimizer: Optimizer, loss: Loss, strategy: Strategy | None = None) -> Step:
    """Compile what learns from a batch, for whatever Keras runs on."""
    from xai.backend import BACKEND

    return OnJax(network, optimizer, loss) if BACKEND == "jax" else OnTensorFlow(network, optimizer, loss, strategy)


class OnTensorFlow:
    """Learns from batches on TensorFlow, over all workers where there are several."""

    def __init__(self, network: Model, optimizer: Optimizer, loss: Loss, strategy: Strategy | None) -> None:
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

        self._optimizer = optimizer
        if strategy is None:
            self._learn = tf.function(learn, reduce_retracing=True)
        else:
            together = tf.function(lambda films, targets: strategy.run(learn, args=(films, targets)))
            self._learn = lambda films, targets: strategy.reduce("SUM", together(films, targets), axis=None)

    def __call__(self, films: np.ndarray, targets: np.ndarray, rate: float) -> Any:
        """Change the network by one batch."""
        from xai.backend import tf

        self._optimizer.learning_rate = rate
        return self._learn(tf.convert_to_tensor(films), tf.convert_to_tensor(targets))

    def settle(self) -> None:
        """Nothing is held back."""


class OnJax:
    """Learns from batches on JAX, which has no variables: network and optimizer are up to date after `settle` only."""

    def __init__(self, network: Model, optimizer: Optimizer, loss: Loss) -> None:
        import jax
        import jax.numpy as jnp

        def learn(held: Held, films: Any, targets: Any, rate: Any) -> tuple[Held, Any]:
            weights, state, moments = held
            moments = [rate if place == rate_place else one for place, one in enumerate(moments)]

            def mean_loss(weights: list) -> tuple[Any, tuple[Any, list]]:
                logits, changed = network.stateless_call(weights, state, films, training=True)
                total, count = loss(targets, logits)
                mean = total / jnp.maximum(count, 1.0)
                return mean, (mean, changed)

            gradients, (mean, changed) = jax.grad(mean_loss, has_aux=True)(weights)
            weights, moments = optimizer.stateless_apply(moments, gradients, weights)
            return (weights, changed, moments), mean

        rate_place = next(k for k, one in enumerate(optimizer.variables) if one.path.endswith("learning_rate"))
        self._groups = (network.trainable_variables, network.non_trainable_variables, optimizer.variables)
        self._learn = jax.jit(learn, donate_argnums=0)
        self._held: Held | None = None

    def __call__(self, films: np.ndarray, targets: np.ndarray, rate: float) -> Any:
        """Change what is held by one batch."""
        held = self._held or tuple([one.value + 0 for one in group] for group in self._groups)
        self._held, mean = self._learn(held, films, targets, np.float32(rate))
        return mean

    def settle(self) -> None:
        """Bring network and optimizer up to date."""
        for group, values in zip(self._groups, self._held or ([], [], []), strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        self._held = None


def scope(strategy: Strategy | None) -> contextlib.AbstractContextManager:
    """Where variables are made that all workers share."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()
