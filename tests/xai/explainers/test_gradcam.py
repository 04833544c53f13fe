"""Grad-CAM against gradients that were computed without this project's code, and against closed forms."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.xai import made_models as models
from xai.backend import keras
from xai.explainers.gradcam import GradCAM, upsample

L = keras.layers


def gradient_maps(first, rest, canvas, outputs):
    """Grad-CAM cells (K, h, w) by the paper's formula: eager, one tape a finding, two halves called one by one."""
    maps = []
    features = first(canvas[None, ..., None])
    for k in range(outputs):
        with tf.GradientTape() as tape:
            tape.watch(features)
            score = rest(features)[:, k]
        weights = tf.reduce_mean(tape.gradient(score, features), axis=(1, 2), keepdims=True)
        maps.append(tf.nn.relu(tf.reduce_sum(weights * features, axis=-1)).numpy()[0])
    return np.stack(maps)


def assert_same_cells(found, expected):
    assert np.abs(expected).max() > 0
    for explanation, cells in zip(found, expected, strict=True):
        np.testing.assert_allclose(explanation.cells, cells, rtol=1e-4, atol=1e-4 * max(cells.max(), 1e-6))


def through(layers):
    def call(x):
        for layer in layers:
            x = layer(x, training=False) if isinstance(layer, L.Dropout) else layer(x)
        return x

    return call


def without_activation(dense):
    kernel, bias = dense.get_weights()
    return lambda x: x @ kernel + bias


def test_flat_with_sigmoid_equals_an_independent_gradient(zoo, zoo_model, film):
    model, classifier = zoo_model("flat"), zoo("flat")
    layers = model.layers[1:]
    first, pool, dense = layers[:3], layers[3], layers[4]
    expected = gradient_maps(through(first), through([pool, without_activation(dense)]), classifier.prepare(film), 14)
    assert_same_cells(GradCAM().explain(classifier, film), expected)


def test_flatten_head_equals_an_independent_gradient(zoo, zoo_model, film):
    model, classifier = zoo_model("flatten"), zoo("flatten")
    layers = model.layers[1:]
    expected = gradient_maps(
        through(layers[:3]), through([layers[3], without_activation(layers[-1])]), classifier.prepare(film), 14
    )
    assert_same_cells(GradCAM().explain(classifier, film), expected)


def test_nested_equals_an_independent_gradient(zoo, zoo_model, film):
    model, classifier = zoo_model("nested in functional"), zoo("nested in functional")
    middle, pool, dense = model.layers[1:]
    expected = gradient_maps(
        lambda x: middle(x, training=False), through([pool, without_activation(dense)]), classifier.prepare(film), 14
    )
    assert_same_cells(GradCAM().explain(classifier, film), expected)


@pytest.mark.parametrize("name", ["sequential", "sequential reloaded"])
def test_sequential_with_one_sigmoid_equals_an_independent_gradient(name, zoo, zoo_model, film):
    model, classifier = zoo_model(name), zoo(name)
    layers = model.layers
    expected = gradient_maps(
        through(layers[:3]), through([*layers[3:-1], without_activation(layers[-1])]), classifier.prepare(film), 1
    )
    assert_same_cells(GradCAM().explain(classifier, film), expected)


def test_softmax_explains_the_log_odds(zoo, zoo_model, film):
    model, classifier = zoo_model("softmax of 3"), zoo("softmax of 3")
    layers = model.layers[1:]

    def log_odds(features):
        share = layers[4](layers[3](features))  # with its softmax
        return tf.math.log(share) - tf.math.log(1 - share)

    expected = gradient_maps(through(layers[:3]), log_odds, classifier.prepare(film), 3)
    assert_same_cells(GradCAM().explain(classifier, film), expected)


def test_with_global_average_pooling_the_weights_are_the_heads_columns(zoo, zoo_model, film):
    model, classifier = zoo_model("flat"), zoo("flat")
    features = through(model.layers[1:4])(classifier.prepare(film)[None, ..., None]).numpy()[0]
    kernel = model.layers[-1].get_weights()[0]
    expected = np.maximum(features @ kernel / (features.shape[0] * features.shape[1]), 0)
    assert_same_cells(GradCAM().explain(classifier, film), np.moveaxis(expected, -1, 0))


@pytest.mark.parametrize("name", ["flat", "flatten", "densenet", "heads in a list", "closed head"])
def test_all_findings_at_once_equal_one_by_one(name, zoo, film):
    classifier = zoo(name)
    together = GradCAM().explain(classifier, film)
    for finding, expected in zip(classifier.card.outputs, together, strict=True):
        (alone,) = GradCAM().explain(classifier, film, [finding])
        assert alone.finding == finding
        np.testing.assert_array_equal(alone.map, expected.map)


def test_an_empty_map_says_so(film):
    model = keras.Sequential(
        [keras.Input((24, 24, 1)), L.Conv2D(2, 3, activation="relu"), L.GlobalAveragePooling2D(), L.Dense(2)]
    )
    model.layers[0].set_weights([np.full((3, 3, 1, 2), 0.1, np.float32), np.ones(2, np.float32)])
    model.layers[-1].set_weights([np.array([[-1, 1], [-2, 1]], np.float32), np.zeros(2, np.float32)])
    against, for_it = GradCAM().explain(models.classifier(model, models.card(2, emits="logits")), film)
    assert against.diagnostics["empty"] and not against.map.any()
    assert not for_it.diagnostics["empty"] and for_it.map.min() > 0


def test_densenet_is_read_at_its_last_activation_not_its_last_convolution(zoo, zoo_model, film):
    model, classifier = zoo_model("densenet"), zoo("densenet")
    last_convolution = [layer for layer in model.layers if isinstance(layer, L.Conv2D)][-1]
    assert last_convolution.name != classifier.feature_layer == "relu"
    explanation = GradCAM().explain(classifier, film, ["Mass"])[0]
    assert explanation.diagnostics["layer"] == "relu" and explanation.diagnostics["cells"] == [2, 2]


def test_the_card_may_name_another_feature_layer(zoo_model, film):
    from dataclasses import replace

    model = zoo_model("flat")
    classifier = models.classifier(model, replace(models.card(), feature_layer=model.layers[1].name))
    layers = model.layers[1:]
    expected = gradient_maps(
        layers[0], through([*layers[1:4], without_activation(layers[4])]), classifier.prepare(film), 14
    )
    found = GradCAM().explain(classifier, film)
    assert found[0].cells.shape == (24, 24)
    assert_same_cells(found, expected)


def test_upsampling_is_bilinear_between_the_centres_of_cells():
    cells = np.array([[0, 4], [8, 12]], np.float32)
    expected_line = np.array([0, 0, 1, 2, 3, 4, 4, 4], np.float32)  # centres of two cells over eight pixels: 1.5, 5.5
    found = upsample(cells, (8, 8))
    position = np.clip((np.arange(8) + 0.5) / 4 - 0.5, 0, 1)
    np.testing.assert_allclose(found, 8 * position[:, None] + 4 * position[None, :], atol=1e-6)
    assert found[0, 0] == expected_line[0] and found[0, -1] == expected_line[-1]
    np.testing.assert_array_equal(found, cv2.resize(cells, (8, 8)))
