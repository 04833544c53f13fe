"""DenseNet-121 against the one of ``keras.applications``, which nobody here wrote."""

from __future__ import annotations

import numpy as np
import pytest

from training.networks.classifier import build_classifier, linear_head
from training.networks.densenet import DENSENETS, densenet, densenet121
from training.networks.layers import EPSILON
from xai.backend import keras

SIZE = 64
KERAS_EPSILON = 1.001e-5


@pytest.fixture(scope="module")
def ours():
    model = build_classifier("densenet121", densenet121, SIZE, 3, linear_head(5), np.random.default_rng(3))
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            gamma, beta, mean = rng.uniform(0.5, 1.2, shape), rng.normal(0, 0.1, shape), rng.normal(0, 0.1, shape)
            layer.set_weights([gamma, beta, mean, rng.uniform(0.5, 2, shape)])
    return model


@pytest.fixture(scope="module")
def theirs():
    return keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))


@pytest.mark.parametrize("layer", ["relu", "bn"])
def test_features_are_keras_applications(ours, theirs, layer):
    for source in ours.layers:
        if not source.weights or source.name == "predictions":
            continue
        weights = source.get_weights()
        if isinstance(source, keras.layers.BatchNormalization):
            weights[3] = weights[3] + EPSILON - KERAS_EPSILON  # the same sum under the root
        theirs.get_layer(source.name).set_weights(weights)
    films = np.random.default_rng(5).normal(size=(3, SIZE, SIZE, 3)).astype(np.float32)
    found = keras.Model(ours.input, ours.get_layer(layer).output)(films, training=False)
    expected = keras.Model(theirs.input, theirs.get_layer(layer).output)(films, training=False)
    assert np.asarray(expected).std() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_it_has_the_weighted_layers_of_keras_applications(ours, theirs):
    assert [layer.name for layer in ours.layers if layer.weights] == [
        *(layer.name for layer in theirs.layers if layer.weights),
        "predictions",
    ]
    assert ours.count_params() == 7_037_504 + 1024 * 5 + 5


def test_one_channel_and_no_last_relu():
    film = keras.Input((SIZE, SIZE, 1))
    features = densenet(film, np.random.default_rng(0), DENSENETS["densenet121"], final_relu=False)
    assert features.shape == (None, 2, 2, 1024)
    model = keras.Model(film, features)
    assert model.layers[-1].name == "bn" and model.get_layer("conv1_conv").kernel.shape == (7, 7, 1, 64)


def test_the_same_seed_gives_the_same_network():
    first, second = (
        build_classifier("densenet121", densenet121, 32, 1, linear_head(2), np.random.default_rng(9)) for _ in range(2)
    )
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
