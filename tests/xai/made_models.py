"""A zoo of small classifiers: every way of building one that is met in the wild, each with its card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from xai.backend import keras
from xai.cards.model_card import InputSpec, ModelCard
from xai.films.film import Film
from xai.findings import FINDINGS
from xai.models.classifier import Classifier

L = keras.layers
SIDE = 24
RECTANGLE = (slice(24, 48), slice(20, 44))  # rows and columns of the input that `rectangle_model` sees
Builder = Callable[[], keras.Model]


def first_is_fast(runs: list[Callable], films: np.ndarray) -> np.ndarray:
    """Stand in for timing engines: how they agree is left to choose, whatever else the machine does."""
    return np.zeros((len(runs), 2))


def card(outputs: int | tuple[str, ...] = 14, link: str = "sigmoid", emits: str = "probabilities", **spec: Any):
    names = outputs if isinstance(outputs, tuple) else FINDINGS[:outputs]
    return ModelCard("zoo", names, link, emits, InputSpec(**({"size": SIDE, "channels": 1} | spec)))


def features(x: Any, channels: int = 6) -> Any:
    x = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = L.MaxPooling2D()(x)
    return L.Conv2D(channels, 3, padding="same", activation="relu", name="last_features")(x)


def with_head(head: Callable[[Any], Any], before: Callable[[Any], Any] = lambda x: x) -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, 1))
    return keras.Model(inputs, head(features(before(inputs))))


def dense(units: int, activation: str | None = "sigmoid") -> Any:
    return L.Dense(units, activation=activation)


def _flat(units: int = 14, activation: str | None = "sigmoid", channels: int = 1) -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, channels))
    return keras.Model(inputs, dense(units, activation)(L.GlobalAveragePooling2D()(features(inputs))))


def _flatten_head() -> keras.Model:
    return with_head(lambda x: dense(14)(L.Dropout(0.3)(L.Flatten()(x))))


def _backbone(channels: int = 1) -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, channels))
    x = L.BatchNormalization(moving_variance_initializer=keras.initializers.RandomUniform(0.5, 2))(features(inputs))
    return keras.Model(inputs, L.Activation("relu", name="inner_features")(x), name="backbone")


def _nested_in_sequential() -> keras.Model:
    return keras.Sequential([_backbone(3), L.GlobalAveragePooling2D(), L.Dropout(0.5), dense(14)])


def _nested_in_functional() -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, 1))
    x = keras.Sequential([_backbone(), L.Conv2D(5, 1, name="neck")], name="middle")(inputs)
    return keras.Model(inputs, dense(14)(L.GlobalAveragePooling2D()(x)))


def _sequential() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            L.Conv2D(4, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Conv2D(6, 3, activation="relu", name="last_features"),
            L.Flatten(),
            L.Dense(8, activation="relu"),
            dense(1),
        ]
    )


def _activation_layer() -> keras.Model:
    return with_head(lambda x: L.Activation("sigmoid")(dense(14, None)(L.GlobalMaxPooling2D()(x))))


def _softmax_layer() -> keras.Model:
    return with_head(lambda x: L.Softmax()(dense(3, None)(L.GlobalAveragePooling2D()(x))))


def _separate_heads(join: bool) -> keras.Model:
    def head(x: Any) -> Any:
        pooled = L.GlobalAveragePooling2D()(x)
        heads = [dense(1)(pooled) for _ in range(4)]
        return L.Concatenate()(heads) if join else heads

    return with_head(head)


def _rescaling_inside() -> keras.Model:
    return with_head(lambda x: dense(14)(L.GlobalAveragePooling2D()(x)), L.Rescaling(1 / 127.5, offset=-1))


def _normalization_inside() -> keras.Model:
    return with_head(lambda x: dense(14)(L.GlobalAveragePooling2D()(x)), L.Normalization(mean=[0.4], variance=[0.05]))


def _convolutional_head() -> keras.Model:
    return with_head(
        lambda x: L.Activation("sigmoid")(L.GlobalAveragePooling2D()(L.Conv2D(3, 1, name="conv2d_head")(x)))
    )


def _closed_head() -> keras.Model:
    """Means of sigmoids: there is no logit in this graph to be found."""
    return with_head(lambda x: L.GlobalAveragePooling2D()(L.Conv2D(3, 1, activation="sigmoid", name="conv2d_head")(x)))


def _two_branches() -> keras.Model:
    return with_head(lambda x: dense(14)(L.Concatenate()([L.GlobalAveragePooling2D()(x), L.GlobalMaxPooling2D()(x)])))


def _mixed_precision() -> keras.Model:
    inputs = keras.Input((SIDE, SIDE, 1))
    x = L.Conv2D(6, 3, activation="relu", dtype="mixed_bfloat16", name="last_features")(inputs)
    x = L.GlobalAveragePooling2D(dtype="mixed_bfloat16")(x)
    return keras.Model(inputs, L.Dense(14, activation="sigmoid", dtype="float32")(x))


def _mobilenet() -> keras.Model:
    base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(64, 64, 3), alpha=0.35)
    return keras.Sequential([base, L.GlobalAveragePooling2D(), dense(1)])


def densenet_like(side: int = 64) -> keras.Model:
    """DenseNet's plan, small: its last convolution only adds a few channels, its features are the `relu` after it."""
    inputs = keras.Input((side, side, 3))
    x = L.Conv2D(8, 7, strides=4, padding="same", use_bias=False)(inputs)
    for _ in range(3):
        for _ in range(2):
            growth = L.Activation("relu")(L.BatchNormalization()(x))
            x = L.Concatenate()([x, L.Conv2D(4, 3, padding="same", use_bias=False)(growth)])
        x = L.AveragePooling2D(2)(x)
    growth = L.Activation("relu")(L.BatchNormalization()(x))
    x = L.Concatenate()([x, L.Conv2D(4, 3, padding="same", use_bias=False)(growth)])
    x = L.Activation("relu", name="relu")(L.BatchNormalization()(x))
    return keras.Model(inputs, dense(14)(L.GlobalAveragePooling2D()(x)))


def rectangle_model(size: tuple[int, int]) -> keras.Model:
    """Logit = 40 * mean shade in `RECTANGLE` - 1; nothing outside is seen."""
    (height, width), (rows, columns) = size, RECTANGLE
    around = ((rows.start, height - rows.stop), (columns.start, width - columns.stop))
    model = keras.Sequential(
        [
            keras.Input((height, width, 1)),
            L.Cropping2D(around),
            L.ZeroPadding2D(around),
            L.Conv2D(1, 1, activation="relu"),
            L.GlobalAveragePooling2D(),
            L.Dense(1),
        ]
    )
    seen = (rows.stop - rows.start) * (columns.stop - columns.start)
    model.layers[2].set_weights([np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)])
    model.layers[-1].set_weights([np.array([[40 * height * width / seen]], np.float32), np.float32([-1])])
    return model


def straight_model(size: tuple[int, int]) -> keras.Model:
    """Logit = a sum of shades by random weights, alike in neighbours."""
    model = keras.Sequential([keras.Input((*size, 1)), L.Flatten(), L.Dense(1)])
    weights = gaussian_filter(np.random.default_rng(0).normal(size=size), 3)
    model.layers[-1].set_weights([weights.reshape(-1, 1).astype(np.float32), np.float32([-1])])
    return model


@keras.saving.register_keras_serializable("lightbox_tests")
class Subclassed(keras.Model):
    """The style of a PyTorch user: layers as attributes, the graph in `call`."""

    def __init__(self, units: int = 14, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.first = L.Conv2D(4, 3, activation="relu")
        self.norm = L.BatchNormalization()
        self.last = L.Conv2D(6, 3, activation="relu", name="last_features")
        self.pool = L.GlobalAveragePooling2D()
        self.drop = L.Dropout(0.5)
        self.head = L.Dense(units, activation="sigmoid")

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.last(self.norm(self.first(x), training=training))
        return self.head(self.drop(self.pool(x), training=training))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


def _subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, SIDE, SIDE, 1), np.float32))
    return model


@dataclass(frozen=True)
class Kind:
    """One way of building a classifier."""

    build: Builder
    card: ModelCard
    feature_layer: str
    saved: bool = False  # write it to a file first and read it back, as a user's model arrives


ZOO: dict[str, Kind] = {
    "flat": Kind(_flat, card(), "last_features"),
    "flatten": Kind(_flatten_head, card(), "last_features"),
    "nested in sequential": Kind(_nested_in_sequential, card(channels=3), "inner_features"),
    "nested in functional": Kind(_nested_in_functional, card(), "neck"),
    "sequential": Kind(_sequential, card(1), "last_features"),
    "sequential reloaded": Kind(_sequential, card(1), "last_features", saved=True),
    "three channels": Kind(
        partial(_flat, channels=3), card(channels=3, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)), "last_features"
    ),
    "logits": Kind(partial(_flat, 5, None), card(5, emits="logits"), "last_features"),
    "softmax of 2": Kind(partial(_flat, 2, "softmax"), card(2, "softmax"), "last_features"),
    "softmax of 3": Kind(partial(_flat, 3, "softmax"), card(3, "softmax"), "last_features"),
    "softmax of 3, logits": Kind(partial(_flat, 3, None), card(3, "softmax", "logits"), "last_features"),
    "softmax layer": Kind(_softmax_layer, card(3, "softmax"), "last_features"),
    "activation layer": Kind(_activation_layer, card(), "last_features"),
    "heads joined": Kind(partial(_separate_heads, True), card(4), "last_features"),
    "heads in a list": Kind(partial(_separate_heads, False), card(4), "last_features"),
    "rescaling inside": Kind(_rescaling_inside, card(multiply=255.0), "last_features"),
    "normalization inside": Kind(_normalization_inside, card(), "last_features"),
    "convolutional head": Kind(_convolutional_head, card(3), "conv2d_head"),
    "closed head": Kind(_closed_head, card(3), "conv2d_head"),
    "two branches": Kind(_two_branches, card(), "last_features"),
    "mixed precision": Kind(_mixed_precision, card(), "last_features"),
    "subclassed": Kind(_subclassed, card(), "last_features"),
    "subclassed reloaded": Kind(_subclassed, card(), "last_features", saved=True),
    "mobilenet": Kind(_mobilenet, card(1, size=64, channels=3), "out_relu", saved=True),
    "densenet": Kind(densenet_like, card(size=64, channels=3), "relu"),
}


def build(name: str, seed: int = 0) -> keras.Model:
    """Build a model of the zoo from a seed."""
    return seeded(ZOO[name].build, seed)


def seeded(builder: Builder, seed: int = 0) -> keras.Model:
    """Build a model and draw its weights from a seed, leaving the global generators alone."""
    model = builder()
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if variable.name in ("kernel", "depthwise_kernel", "bias") and variable.shape:
            fan_in = max(1, int(np.prod(variable.shape[:-1])))
            scale = 0.3 if variable.name == "bias" else (2 / fan_in) ** 0.5
            variable.assign(rng.normal(0, scale, variable.shape))
        elif variable.name in ("moving_variance", "gamma"):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.name in ("moving_mean", "beta"):
            variable.assign(rng.normal(0, 0.1, variable.shape))
    return model


def classifier(model: keras.Model, model_card: ModelCard, name: str = "test") -> Classifier:
    return Classifier(model, replace(model_card, name=name), model_id=name)


def random_film(seed: int = 0, height: int = 60, width: int = 52) -> Film:
    """A smooth random film, of no particular shape."""
    from scipy.ndimage import gaussian_filter

    shades = gaussian_filter(np.random.default_rng(seed).random((height, width)), 3)
    shades = (shades - shades.min()) / np.ptp(shades)
    return Film.from_pixels(shades.astype(np.float32))
