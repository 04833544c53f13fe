"""LayerCAM against its formula, written again with a tape of its own, and which layer it reads."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from xai.explainers.gradcam import GradCAM
from xai.explainers.layercam import LayerCAM, layer_weighted
from xai.models.gradients import LayerGradients


def test_cells_are_those_of_the_papers_formula(zoo, zoo_model, film):
    """M = relu(sum over channels of relu(gradient) times activation), with the two halves called one by one."""
    model, classifier = zoo_model("flat"), zoo("flat")
    layers = model.layers[1:]
    features = classifier.prepare(film)[None, ..., None]
    for layer in layers[:3]:
        features = layer(features)
    kernel, bias = layers[4].get_weights()
    found = LayerCAM("last_features").explain(classifier, film)
    for k, one in enumerate(found):
        with tf.GradientTape() as tape:
            tape.watch(features)
            score = (layers[3](features) @ kernel + bias)[:, k]
        gradient = tape.gradient(score, features)
        expected = tf.nn.relu(tf.reduce_sum(tf.nn.relu(gradient) * features, axis=-1)).numpy()[0]
        np.testing.assert_allclose(one.cells, expected, rtol=1e-4, atol=1e-6)
        assert one.evaluations == 1


def test_what_lowers_a_logit_is_left_out_channel_by_channel():
    features = np.array([[[2.0, 3.0], [1.0, -1.0]]], np.float32)
    gradients = np.array([[[[1.0, -1.0], [0.5, 2.0]]]], np.float32)
    found = layer_weighted(LayerGradients("made", None, features, gradients))
    np.testing.assert_array_equal(found, [[[2.0, 0.0]]])  # 2·1 + 3·0, and 1·0.5 − 1·2 below zero


def test_it_reads_a_finer_layer_than_grad_cam_where_there_is_one(zoo, film):
    classifier = zoo("densenet")
    coarse, fine = (method().explain(classifier, film, ["Mass"])[0] for method in (GradCAM, LayerCAM))
    assert all(side >= 2 * other for side, other in zip(fine.cells.shape, coarse.cells.shape, strict=True))
    assert fine.diagnostics["layer"] != coarse.diagnostics["layer"]
    (asked,) = LayerCAM(coarse.diagnostics["layer"]).explain(classifier, film, ["Mass"])
    assert asked.cells.shape == coarse.cells.shape


@pytest.mark.parametrize("kind", ["two branches", "flatten"])
def test_without_a_finer_layer_it_reads_what_grad_cam_reads(kind, zoo, film):
    read = [method().explain(zoo(kind), film, ["Mass"])[0].diagnostics["layer"] for method in (GradCAM, LayerCAM)]
    finer = LayerCAM().layer_of(zoo(kind).feature_maps)
    assert finer or read[0] == read[1]
