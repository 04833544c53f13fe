"""The flat graph computes what the model computes, and knows its head and its feature maps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.models.classifier import Classifier
from xai.models.command_card import write_starter_card
from xai.models.feature_maps import find_feature_maps
from xai.models.graph import flatten

L = keras.layers


@pytest.mark.parametrize("name", list(models.ZOO))
def test_the_flat_graph_computes_what_the_model_computes(name, zoo_model):
    spec = models.ZOO[name].card.input
    graph = flatten(zoo_model(name), spec.size, spec.channels)
    x = np.random.default_rng(0).random((2, spec.size, spec.size, spec.channels)).astype(np.float32)
    own = keras.tree.flatten(zoo_model(name)(x, training=False))
    found = keras.Model(graph.inputs, graph.outputs)(x, training=False)
    np.testing.assert_allclose(found, np.concatenate(own, axis=1), atol=1e-6)
    if graph.link == "sigmoid":
        logits = keras.Model(graph.inputs, graph.logits)(x, training=False)
        np.testing.assert_allclose(keras.ops.sigmoid(logits), found, atol=1e-5)
    if graph.link == "softmax":
        logits = keras.Model(graph.inputs, graph.logits)(x, training=False)
        np.testing.assert_allclose(keras.ops.softmax(logits), found, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "link", "opened"),
    [
        ("flat", "sigmoid", True),
        ("softmax of 2", "softmax", True),
        ("softmax layer", "softmax", True),
        ("activation layer", "sigmoid", True),
        ("heads joined", "sigmoid", True),
        ("heads in a list", "sigmoid", True),
        ("convolutional head", "sigmoid", True),
        ("subclassed reloaded", "sigmoid", True),
        ("logits", None, True),
        ("closed head", None, False),
    ],
)
def test_the_head_is_told(name, link, opened, zoo_model):
    graph = flatten(zoo_model(name), models.SIDE, 1)
    assert graph.link == link
    assert (graph.logits is not None) == opened


def pooled(maps):
    return L.GlobalAveragePooling2D(keepdims=True)(maps)


HEADS = {
    "convolution": lambda maps: L.Flatten()(L.Conv2D(4, 1, activation="sigmoid")(pooled(maps))),
    "convolution with a softmax": lambda maps: L.Reshape((4,))(L.Conv2D(4, 1, activation="softmax")(pooled(maps))),
    "of two from four": lambda maps: L.Flatten()(L.Conv2D(2, 1, activation="sigmoid")(pooled(maps))),
    "einsum": lambda maps: L.EinsumDense("ab,bc->ac", 4, activation="sigmoid")(L.Flatten()(pooled(maps))),
    "separable": lambda maps: L.Flatten()(L.SeparableConv2D(4, 1, activation="sigmoid")(pooled(maps))),
    "depthwise": lambda maps: L.Flatten()(L.DepthwiseConv2D((2, 2), activation="sigmoid")(maps)),
    "one axis": lambda maps: L.Flatten()(L.Conv1D(4, 1, activation="sigmoid")(L.Reshape((1, 4))(pooled(maps)))),
    "recurrent": lambda maps: L.SimpleRNN(4, activation="sigmoid")(L.Reshape((4, 4))(maps)),
}


@pytest.mark.parametrize("head", HEADS)
def test_what_a_layer_takes_before_its_own_activation_is_never_its_logits(head, tmp_path):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((16, 16, 1))
    model = keras.Model(inputs, HEADS[head](L.Conv2D(4, 8, strides=8, activation="relu")(inputs)))
    model.save(tmp_path / "model.keras")
    write_starter_card(tmp_path / "model.keras")
    film = np.random.default_rng(0).random((1, 16, 16, 1)).astype(np.float32)
    classifier = Classifier.load(tmp_path / "model.keras")
    found = classifier.card.probabilities(classifier.logits(film[..., 0]))
    np.testing.assert_allclose(found, model.predict(film, verbose=0), atol=1e-6)


def test_the_last_feature_map_comes_first_and_raw_input_never():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            L.Rescaling(2.0, name="scaled"),
            L.Conv2D(2, 3, name="one"),
            L.ReLU(name="two"),
            L.Conv2D(2, 3, name="three"),
            L.GlobalAveragePooling2D(keepdims=True, name="pooled"),
            L.Flatten(),
            L.Dense(2),
        ]
    )
    assert list(find_feature_maps(flatten(model, 16, 1)).by_name) == ["three", "two", "one"]


def test_a_model_of_dense_layers_has_no_feature_map():
    model = keras.Sequential([keras.Input((16, 16, 1)), L.Flatten(), L.Dense(2)])
    assert find_feature_maps(flatten(model, 16, 1)).by_name == {}


def test_dropout_and_batch_statistics_are_those_of_inference():
    model = models.build("nested in sequential")
    x = np.random.default_rng(0).random((4, 24, 24, 3)).astype(np.float32)
    graph = flatten(model, 24, 3)
    flat = keras.Model(graph.inputs, graph.outputs)
    np.testing.assert_allclose(flat(x, training=False), model(x, training=False), atol=1e-6)
    np.testing.assert_array_equal(flat(x, training=False), flat(x, training=False))


def test_a_shared_layer_is_called_as_often_as_the_model_calls_it():
    inputs = keras.Input((16, 16, 1))
    shared = L.Conv2D(1, 3, padding="same", name="shared")
    outputs = L.Dense(1)(L.Flatten()(shared(shared(inputs))))
    model = models.seeded(lambda: keras.Model(inputs, outputs))
    x = np.random.default_rng(0).random((2, 16, 16, 1)).astype(np.float32)
    graph = flatten(model, 16, 1)
    np.testing.assert_allclose(keras.Model(graph.inputs, graph.outputs)(x), model(x), atol=1e-6)


def test_layers_of_the_same_name_inside_and_outside_are_told_apart():
    def backbone():
        inputs = keras.Input((16, 16, 1))
        x = L.Conv2D(3, 3, activation="relu", name="conv2d")(inputs)
        return keras.Model(inputs, L.Conv2D(3, 3, name="dense")(x), name="backbone")

    model = models.seeded(
        lambda: keras.Sequential(
            [
                keras.Input((16, 16, 1)),
                backbone(),
                L.Conv2D(4, 3, activation="relu", name="conv2d"),
                L.GlobalAveragePooling2D(),
                L.Dense(2, activation="sigmoid", name="dense"),
            ]
        )
    )
    x = np.random.default_rng(0).random((2, 16, 16, 1)).astype(np.float32)
    graph = flatten(model, 16, 1)
    np.testing.assert_allclose(keras.Model(graph.inputs, graph.outputs)(x), model(x), atol=1e-6)
    assert graph.link == "sigmoid"
    assert list(find_feature_maps(graph).by_name) == ["conv2d__2", "dense", "conv2d"]
    assert [layer.name for layer in model.layers] == ["backbone", "conv2d", model.layers[2].name, "dense"]


@pytest.mark.parametrize("heads", [1, 3])
def test_any_name_of_a_layer_is_allowed(heads):
    """What is added to the graph must not take a name that the model uses, such as `dense` in a fresh process."""
    keras.backend.clear_session()  # names are counted from the start again, as in a process that loads a file
    inputs = keras.Input((16, 16, 1))
    x = L.Flatten(name="concatenate")(L.Conv2D(2, 3, name="reshape")(inputs))
    x = L.Dense(4, name="dense_1")(L.Dense(4, name="dense")(x))
    outputs = [L.Dense(1, activation="sigmoid", name=f"dense_{k + 2}")(x) for k in range(heads)]
    model = models.seeded(
        lambda: keras.Model(inputs, outputs if heads > 1 else L.Reshape((1,), name="reshape_1")(outputs[0]))
    )
    graph = flatten(model, 16, 1)
    pixels = np.random.default_rng(0).random((2, 16, 16, 1)).astype(np.float32)
    found = keras.ops.sigmoid(keras.Model(graph.inputs, graph.logits)(pixels))
    np.testing.assert_allclose(found, np.concatenate(keras.tree.flatten(model(pixels)), axis=1), atol=1e-6)
