"""Models that Keras 2 wrote: files put together by hand in its words, with the weights of a model that is known."""

from __future__ import annotations

import copy

import pytest

from tests.xai import made_models as models
from tests.xai.old_models import assert_same_answers, input_layer, old_functional, old_layer, write_h5
from xai.__main__ import main
from xai.backend import keras
from xai.explainers.gradcam import GradCAM
from xai.models.card_check import starter_card
from xai.models.keras_2 import modernise

L = keras.layers


@pytest.fixture
def sequential():
    """A small network of the kind that tutorials for chest films build, with every layer that Keras 3 reworded."""
    return models.seeded(
        lambda: keras.Sequential(
            [
                keras.Input((24, 24, 1)),
                L.Conv2D(4, 3, activation="relu", name="conv2d"),
                L.BatchNormalization(name="norm"),
                L.DepthwiseConv2D(3, name="depthwise"),
                L.SeparableConv2D(5, 3, activation="relu", name="separable"),
                L.SpatialDropout2D(0.5, name="spatial_drop"),
                L.Conv2DTranspose(3, 3, name="transposed"),
                L.Flatten(name="flat"),
                L.Dropout(0.5, name="drop"),
                L.Dense(1, activation="sigmoid", name="dense"),
            ]
        )
    )


def old_sequential(model):
    layers = [input_layer("conv2d_input", 1)]
    for layer in model.layers:
        words = {}
        if isinstance(layer, (L.DepthwiseConv2D, L.SeparableConv2D, L.Conv2DTranspose)):
            words["groups"] = 1
        if isinstance(layer, L.SeparableConv2D):
            words |= {"kernel_initializer": None, "kernel_regularizer": None, "kernel_constraint": None}
        if isinstance(layer, L.SpatialDropout2D):
            words |= {"trainable": True, "noise_shape": None}
        if isinstance(layer, L.BatchNormalization):
            words |= {"axis": [3], "dtype": {"class_name": "Policy", "config": {"name": "float32"}}}
        layers.append(old_layer(layer, **words))
    layers[1]["config"]["batch_input_shape"] = [None, 24, 24, 1]
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}


def test_a_sequential_model_loads_with_its_weights(sequential, tmp_path):
    assert_same_answers(write_h5(tmp_path / "cnn.h5", sequential, old_sequential(sequential)), sequential, 1)


def test_it_goes_all_the_way_to_an_explanation(sequential, tmp_path, film, capsys):
    path = write_h5(tmp_path / "cnn.h5", sequential, old_sequential(sequential))
    assert main(["card", str(path), "--outputs", "Pneumonia"]) == 0
    from xai.models.classifier import Classifier

    (found,) = GradCAM().explain(Classifier.load(path), film)
    assert found.finding == "Pneumonia" and found.diagnostics["layer"] == "transposed"


@pytest.fixture
def nested():
    """Transfer learning: a backbone with DenseNet's names, called once inside another functional model."""
    inputs = keras.Input((24, 24, 3))
    x = L.Conv2D(4, 3, name="conv1_conv")(inputs)
    x = L.BatchNormalization(name="conv1_bn")(x)
    backbone = keras.Model(inputs, L.Activation("relu", name="relu")(x), name="backbone")
    outer = keras.Input((24, 24, 3))
    x = L.GlobalAveragePooling2D(name="pool")(backbone(outer))
    return models.seeded(lambda: keras.Model(outer, L.Dense(2, activation="softmax", name="dense")(x)))


def old_nested(model):
    backbone, pool, dense = model.layers[1:]
    conv, norm, relu = backbone.layers[1:]
    inner = old_functional(
        "backbone",
        3,
        [
            old_layer(conv, name="conv1/conv"),
            old_layer(norm, name="conv1/bn", axis=[3]),
            old_layer(relu),
        ],
    )
    return old_functional("model", 3, [inner, old_layer(pool), old_layer(dense)])


def test_a_nested_model_with_slashes_in_its_names_loads(nested, tmp_path):
    path = write_h5(tmp_path / "densenet.h5", nested, old_nested(nested))
    assert_same_answers(path, nested, 3)
    card = starter_card(path)
    assert (card.link, card.emits, card.input.channels) == ("softmax", "probabilities", 3)


def test_a_backbone_in_a_sequential_model_loads(nested, tmp_path):
    backbone, pool, dense = nested.layers[1:]
    model = keras.Sequential([keras.Input((24, 24, 3)), backbone, pool, dense])
    inner = old_nested(nested)["config"]["layers"][1]
    layers = [input_layer("x", 3), {key: inner[key] for key in ("class_name", "config")}]
    layers += [old_layer(pool), old_layer(dense)]
    config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
    assert_same_answers(write_h5(tmp_path / "transfer.h5", model, config), nested, 3)


def test_translation_leaves_its_argument_alone(nested):
    config = old_nested(nested)
    before = copy.deepcopy(config)
    assert modernise(config) != before
    assert config == before
