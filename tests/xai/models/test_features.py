"""What a network has made of a film before its head, and how far that is from its training films."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.xai import made_forks as forks
from tests.xai import made_models as models
from xai.cards.model_card import ModelCardError
from xai.cards.seen import fit_seen
from xai.models.classifier import Classifier
from xai.models.errors import ModelError


@pytest.mark.parametrize("name", ["logits", "nested in sequential", "convolutional head"])
def test_features_are_the_means_of_what_grad_cam_reads(name, zoo):
    classifier = zoo(name)
    canvases = np.random.default_rng(0).random((3, *classifier.shape), np.float32)
    features = classifier.features(canvases)
    for one, row in zip(canvases, features, strict=True):
        (layer,) = classifier.feature_gradients(one, [0]).layers
        np.testing.assert_allclose(row, layer.features.mean(axis=(0, 1)), atol=1e-5)


def test_layers_that_are_joined_stand_side_by_side():
    classifier = models.classifier(forks.fork("concatenated"), models.card(2, emits="logits"), "forked")
    canvas = np.random.default_rng(1).random(classifier.shape, np.float32)
    layers = classifier.feature_gradients(canvas, [0]).layers
    expected = np.concatenate([one.features.mean(axis=(0, 1)) for one in layers])
    np.testing.assert_allclose(classifier.features(canvas[None])[0], expected, atol=1e-5)


def test_a_card_without_figures_says_nothing_of_the_distance(zoo, film):
    assert zoo("logits").distance(film) is None


def test_the_distance_is_that_of_the_films_features(zoo, zoo_model, film):
    plain = zoo("logits")
    canvases = np.random.default_rng(2).random((60, *plain.shape), np.float32)
    seen = fit_seen({"noise": plain.features(canvases)}, plain.features(canvases), directions=2)
    card = dataclasses.replace(plain.card, seen=seen)
    classifier = Classifier(zoo_model("logits"), card, "seen")
    expected = seen.distances(plain.features(plain.prepare(film)[None]))[0]
    assert classifier.distance(film) == pytest.approx(expected, rel=1e-4)
    assert card.fingerprint == plain.card.fingerprint  # no map and no probability is another


def test_figures_of_another_network_are_refused(zoo_model, film):
    seen = fit_seen({"noise": np.random.default_rng(3).random((60, 9))}, np.zeros((1, 9)), directions=2)
    card = dataclasses.replace(models.ZOO["logits"].card, seen=seen)
    with pytest.raises(ModelCardError, match="of 9 features, but its feature layer has 6"):
        Classifier(zoo_model("logits"), card, "other").distance(film)


def test_a_model_without_a_feature_map_has_no_features():
    keras = models.keras
    inputs = keras.Input((models.SIDE, models.SIDE, 1))
    flat = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))
    classifier = models.classifier(flat, models.card(2, emits="logits"), "flat")
    with pytest.raises(ModelError, match="no spatial feature map"):
        classifier.features(np.zeros((1, models.SIDE, models.SIDE), np.float32))
