"""Small vision transformers whose first channel is the brightness of a patch, so that a bright one must stand out."""

from __future__ import annotations

from typing import Any

import numpy as np

from xai.backend import keras

L = keras.layers
ops = keras.ops
SIDE, PATCH, WIDTH = 32, 8, 4
GRID = SIDE // PATCH


@keras.saving.register_keras_serializable("lightbox_tests")
class ExtraTokens(L.Layer):
    """Class and register tokens as a layer of somebody's own: which are which cannot be seen from outside."""

    def __init__(self, before: int = 1, behind: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.before, self.behind = before, behind

    def build(self, shape: Any) -> None:
        self.tokens = self.add_weight(shape=(1, self.before + self.behind, shape[-1]), initializer="ones")

    def call(self, x: Any) -> Any:
        tokens = ops.repeat(self.tokens, ops.shape(x)[0], axis=0)
        return ops.concatenate([tokens[:, : self.before], x, tokens[:, self.before :]], axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"before": self.before, "behind": self.behind}


@keras.saving.register_keras_serializable("lightbox_tests")
class Patches(L.Layer):
    """Patches cut out and projected by a layer of somebody's own, with no map to be seen before it."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(PATCH * PATCH * shape[-1], WIDTH), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(WIDTH,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        cut = ops.reshape(x, (-1, GRID, PATCH, GRID, PATCH, x.shape[-1]))
        cut = ops.reshape(ops.transpose(cut, (0, 1, 3, 2, 4, 5)), (-1, GRID * GRID, PATCH * PATCH * x.shape[-1]))
        return ops.matmul(cut, self.kernel) + self.bias


@keras.saving.register_keras_serializable("lightbox_tests")
class Block(L.Layer):
    """A whole transformer block as one layer, as most tutorials write it."""

    def build(self, shape: Any) -> None:
        self.norm = L.LayerNormalization(name="norm")
        self.attention = L.MultiHeadAttention(1, WIDTH, name="attention")

    def call(self, x: Any) -> Any:
        normed = self.norm(x)
        return x + self.attention(normed, normed)


def as_tokens(x: Any) -> Any:
    """Cut a film into patches by a convolution, and put them in a row."""
    return L.Reshape((-1, WIDTH), name="row")(L.Conv2D(WIDTH, PATCH, PATCH, name="patches")(x))


def joined_tokens(x: Any, before: int = 1, behind: int = 0) -> Any:
    """Put constant tokens before and behind, by layers of Keras alone."""
    constant = ops.zeros_like(x[:, :1])
    extra = [L.Dense(WIDTH)(constant) for _ in range(before + behind)]
    return L.Concatenate(axis=1, name="all_tokens")([*extra[:before], x, *extra[before:]])


def block(x: Any, name: str) -> Any:
    normed = L.LayerNormalization(name=f"{name}_norm")(x)
    x = L.Add(name=f"{name}_added")([x, L.MultiHeadAttention(1, WIDTH, name=f"{name}_attention")(normed, normed)])
    narrow = L.Dense(WIDTH, activation="gelu")(L.LayerNormalization()(x))
    return L.Add(name=f"{name}_out")([x, narrow])


def windows(x: Any, side: int) -> Any:
    """Attend within windows of the grid, as Swin does, and put them back in place."""
    count = GRID // side
    normed = L.Reshape((count, side, count, side, WIDTH))(L.LayerNormalization(name="windows_norm")(x))
    rows = ops.reshape(ops.transpose(normed, (0, 1, 3, 2, 4, 5)), (-1, side * side, WIDTH))
    attended = L.MultiHeadAttention(1, WIDTH)(rows, rows)
    back = ops.transpose(ops.reshape(attended, (-1, count, count, side, side, WIDTH)), (0, 1, 3, 2, 4, 5))
    return L.Add(name="windows_out")([x, ops.reshape(back, (-1, GRID * GRID, WIDTH))])


def bright(model: keras.Model) -> keras.Model:
    """Set the weights such that channel 0 carries how bright a patch is, and everything passes it on."""
    rng = np.random.default_rng(0)
    for variable in model.variables:
        shape, path = variable.shape, variable.path
        if "attention" in path and variable.name == "kernel":
            is_seen = "value" in path or "output" in path  # queries and keys are 0: all tokens are seen alike
            variable.assign(np.eye(WIDTH).reshape(shape) if is_seen else np.zeros(shape))
        elif variable.name == "kernel" and shape[-1] == WIDTH:
            kernel = rng.normal(0, 0.01, shape) + (np.eye(WIDTH) if "map_again" in path else 0)
            if int(np.prod(shape[:-1])) >= PATCH * PATCH:  # the patches
                kernel[..., 0] = 4 / PATCH**2
            variable.assign(kernel)
        elif variable.name == "bias" and shape == (WIDTH,):
            variable.assign([0, 1, -1, 0.5])
        elif variable.name == "kernel":
            variable.assign(np.r_[1, np.zeros(shape[0] - 1)][:, None])
    return model


def transformer(body: Any, head: Any) -> keras.Model:
    """A film into tokens, through a body, and out of a head into one logit."""
    inputs = keras.Input((SIDE, SIDE, 1))
    return bright(keras.Model(inputs, L.Dense(1, name="logit")(head(body(inputs)))))
