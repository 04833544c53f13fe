"""The two networks of the study of the shortcut alarm: one whose last cells see little, and one whose see all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.shortcut_films import ALL, FINDINGS, SIDE, Chests, strewn

if TYPE_CHECKING:
    import keras

BATCH, EPOCHS, RATE = 32, 3, 0.003
STARTING = 45  # epochs of what a network starts from
GAIN = 8.0  # of the pooled features: a token fills one cell of 64, and few steps must teach its weight
WIDTHS = (16, 32, 48)  # of the convolutions that halve the film
ARCHITECTURES = {"shallow": 0, "deep": 4}  # residual blocks behind those: a last cell sees 31 pixels of 64, or all


class Student:
    """A network that is taught one thing after the other, each from the same start; it is compiled once."""

    def __init__(self, architecture: str, outputs: int = len(FINDINGS)) -> None:
        import tensorflow as tf

        from xai.backend import keras

        self.architecture = architecture
        self.network = built(architecture, outputs)
        self.optimizer = keras.optimizers.Adam(RATE)
        self.optimizer.build(self.network.trainable_variables)

        @tf.function
        def step(films: Any, labels: Any) -> None:
            with tf.GradientTape() as tape:
                logits = self.network(films, training=True)[0]
                loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
            weights = self.network.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

        self._step = step
        self.answer = tf.function(lambda films: self.network(films, training=False), reduce_retracing=True)

    def begin(self, chests: Chests, path: Path, seed: int) -> None:
        """Learn what findings and objects look like, as a start, or read what was learned before."""
        from xai.backend import keras

        if not path.exists():
            keras.utils.set_random_seed(seed)
            rng = np.random.default_rng(seed)
            start = Student(self.architecture, len(FINDINGS) + len(ALL))
            for _ in range(STARTING // EPOCHS):
                objects = strewn(len(chests), rng)
                labels = np.column_stack([chests.truth, *objects.values()]).astype(np.float32)
                start.fit(chests.composed(objects), labels, rng)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, *start.network.get_weights()[:-2])
        with np.load(path) as kept:
            self.start = [kept[name] for name in kept.files]

    def learn(self, films: np.ndarray, labels: np.ndarray, seed: int) -> None:
        """Forget, and learn from films as they are: nothing moves an object."""
        from xai.backend import keras

        keras.utils.set_random_seed(seed)
        head = built(self.architecture, labels.shape[1]).get_weights()[-2:]
        self.network.set_weights([*self.start, *head])
        self.fit(films, labels, np.random.default_rng(seed))

    def fit(self, films: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
        """Go on learning for a few epochs."""
        for one in self.optimizer.variables:
            one.assign(np.zeros(one.shape))
        for epoch in range(EPOCHS):
            self.optimizer.learning_rate = RATE * (1 - epoch / EPOCHS)
            for rows in batches(rng.permutation(len(films))):
                self._step(films[rows, ..., None], labels[rows])

    def logits(self, films: np.ndarray) -> np.ndarray:
        """Answer (films, outputs) for films (films, SIDE, SIDE), some at a time."""
        parts = [self.answer(some[..., None])[0].numpy() for some in cut(films)]
        return np.concatenate(parts)

    def inside(self, films: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give the last features, finer ones, and the gradients of each answer for those: (outputs, *finer.shape)."""
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as tape:
            logits, features, finer = self.network(films[..., None], training=False)
            answers = [tf.reduce_sum(logits[:, k]) for k in range(logits.shape[1])]
        gradients = np.stack([tape.gradient(one, finer).numpy() for one in answers])
        return features.numpy(), finer.numpy(), gradients


def built(architecture: str, outputs: int) -> keras.Model:
    """Build a network: film to logits, to the 8 x 8 cells of its last feature map, and to 16 x 16 finer ones."""
    from xai.backend import keras

    layers = keras.layers

    def convolved(x: Any, width: int, strides: int) -> Any:
        return layers.BatchNormalization(momentum=0.9)(
            layers.Conv2D(width, 3, strides, padding="same", use_bias=False)(x)
        )

    film = keras.Input((SIDE, SIDE, 1))
    stages = [film]
    for width in WIDTHS:
        stages.append(layers.ReLU()(convolved(stages[-1], width, 2)))
    x = layers.ReLU()(convolved(stages[-1], WIDTHS[-1], 1))
    for _ in range(ARCHITECTURES[architecture]):
        inner = layers.ReLU()(convolved(x, WIDTHS[-1], 1))
        x = layers.ReLU()(layers.Add()([x, convolved(inner, WIDTHS[-1], 1)]))
    pooled = layers.Rescaling(GAIN)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(film, [layers.Dense(outputs)(pooled), x, stages[-2]])


def batches(order: np.ndarray) -> Iterable[np.ndarray]:
    """Cut an order of films into whole batches."""
    return order[: len(order) // BATCH * BATCH].reshape(-1, BATCH)


def cut(films: np.ndarray, most: int = 400) -> Iterable[np.ndarray]:
    """Cut films into pieces that memory holds with all their features."""
    return (films[start : start + most] for start in range(0, len(films), most))
