"""Classifiers with several last feature maps, and with one that looks like several: branches, gates, pyramids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.xai.made_models import SIDE, seeded
from xai.backend import keras

L = keras.layers
ops = keras.ops


def conv(name: str, channels: int = 3, size: int = 3, **options: Any) -> Any:
    return L.Conv2D(channels, size, padding="same", activation="relu", name=name, **options)


def pooled(*maps: Any) -> Any:
    """Pool each map by its mean and lay them side by side."""
    return L.Concatenate()([L.GlobalAveragePooling2D()(one) for one in maps])


def forked(head: Callable[[Any], Any], units: int = 2, side: int = SIDE) -> keras.Model:
    """A film into any head, and that into logits."""
    inputs = keras.Input((side, side, 1))
    return seeded(lambda: keras.Model(inputs, L.Dense(units, name="logits")(head(inputs))))


def concatenated(x: Any) -> Any:
    deep = conv("deep", 4)(L.MaxPooling2D(2)(conv("first")(x)))
    return pooled(deep, conv("side")(x))


def summed(x: Any) -> Any:
    branches = [conv("deep")(L.MaxPooling2D(4)(conv("first")(x))), conv("side", strides=2)(x)]
    return L.Add()([L.GlobalAveragePooling2D()(one) for one in branches])


def three(x: Any) -> Any:
    return pooled(conv("fine")(x), conv("middle", strides=2)(x), conv("coarse", strides=5)(x))


def pyramid(x: Any) -> Any:
    c1 = conv("c1")(x)
    c2 = conv("c2", strides=2)(c1)
    return pooled(c1, c2, conv("c3", strides=2)(c2))


def nested(x: Any) -> Any:
    def backbone(name: str) -> keras.Model:
        inputs = keras.Input((SIDE, SIDE, 1))
        return keras.Model(inputs, L.GlobalAveragePooling2D()(conv("features")(inputs)), name=name)

    return L.Concatenate()([backbone("one")(x), backbone("two")(x)])


def two_sizes_of_one_film(x: Any) -> Any:
    return pooled(conv("sharp")(x), conv("blurred")(L.AveragePooling2D(3)(x)))


def mirrored(x: Any) -> Any:
    shared = keras.Sequential([conv("features")], name="shared")
    return pooled(shared(x), shared(ops.flip(x, axis=2)))


def halves(x: Any) -> Any:
    shared = conv("features")
    return pooled(*(shared(half) for half in ops.split(x, 2, axis=2)))


def mean_and_largest(x: Any) -> Any:
    features = conv("features")(x)
    return L.Concatenate()([L.GlobalAveragePooling2D()(features), L.GlobalMaxPooling2D()(features)])


def largest(x: Any) -> Any:
    return L.GlobalMaxPooling2D()(conv("features")(x))


def flattened(x: Any) -> Any:
    return L.Dense(5, activation="relu")(L.Flatten()(conv("features", strides=4)(x)))


def squeezed_and_excited(x: Any) -> Any:
    features = conv("features")(x)
    gate = L.Dense(3, activation="sigmoid")(L.GlobalAveragePooling2D()(features))
    return L.GlobalAveragePooling2D()(L.Multiply(name="excited")([features, L.Reshape((1, 1, 3))(gate)]))


def attention_by_multiplying(x: Any) -> Any:
    features = conv("features")(x)
    weights = L.Conv2D(1, 1, activation="sigmoid", name="attention")(features)
    return L.GlobalAveragePooling2D()(L.Multiply(name="attended")([features, weights]))


def attention_by_a_product(x: Any) -> Any:
    features = L.Reshape((-1, 3))(conv("features", strides=2)(x))
    weights = L.Softmax(axis=1, name="weights")(L.Dense(1, name="scores")(features))
    return L.Flatten()(L.Dot(axes=1)([weights, features]))


def through_rows(x: Any) -> Any:
    """A sequence of rows has no cells; the map before it has."""
    features = conv("features", strides=2)(x)
    return L.GRU(4)(L.Reshape((SIDE // 2, -1))(features))


FORKS: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "concatenated": (concatenated, ("deep", "side")),
    "summed": (summed, ("deep", "side")),
    "three": (three, ("coarse", "fine", "middle")),
    "pyramid": (pyramid, ("c1", "c2", "c3")),
    "nested": (nested, ("features", "features__2")),
    "two sizes of one film": (two_sizes_of_one_film, ("blurred", "sharp")),
    "mirrored": (mirrored, ("features", "features__2")),
    "halves": (halves, ("features", "features__2")),
    "mean and largest": (mean_and_largest, ("features",)),
    "largest": (largest, ("features",)),
    "flattened": (flattened, ("features",)),
    "squeezed and excited": (squeezed_and_excited, ("excited",)),
    "attention by multiplying": (attention_by_multiplying, ("attended",)),
    "attention by a product": (attention_by_a_product, ("features",)),
    "through rows": (through_rows, ("features",)),
}
LINEAR = ("concatenated", "summed", "three", "pyramid", "nested", "two sizes of one film", "mirrored", "halves")


def fork(name: str) -> keras.Model:
    """Build one of the forks."""
    return forked(FORKS[name][0])
