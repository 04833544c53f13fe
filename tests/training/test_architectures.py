from __future__ import annotations

import numpy as np
import pytest

from training.architectures import ARCHITECTURES, FEATURES, build


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def network(request):
    return build(request.param, 64, 3, 0.5, np.random.default_rng(0))


def test_one_grey_channel_to_logits(network):
    assert network.input_shape == (None, 64, 64, 1)
    assert network.output_shape == (None, 3)
    assert network.get_layer(FEATURES).output.shape[1:3] == (4, 4)


def test_feature_map_adds_up_to_the_logit_place_by_place(network):
    from xai.backend import keras

    kernel, bias = network.get_layer("logits").get_weights()
    weights = network.get_layer("place_weights")
    rng = np.random.default_rng(1)
    weights.set_weights([rng.normal(size=weights.kernel.shape) / 16])
    both = keras.Model(network.input, [network.get_layer(FEATURES).output, network.output])
    features, logits = both.predict_on_batch(rng.normal(size=(2, 64, 64, 1)))
    evidence = np.einsum("nhwc,ck->nk", features, kernel) / 16
    np.testing.assert_allclose(evidence + bias, logits, rtol=1e-4, atol=1e-5)


def test_places_start_equal_and_do_not_depend_on_the_film(network):
    from xai.backend import keras

    fresh = build(network.name, 64, 3, 0.5, np.random.default_rng(0))
    places = keras.Model(fresh.input, fresh.get_layer("place_weights").output)
    films = np.random.default_rng(2).normal(size=(2, 64, 64, 1)) * 1000
    np.testing.assert_allclose(places.predict_on_batch(films), 1.0, rtol=1e-6)


def test_same_generator_same_weights(network):
    again, other = (build(network.name, 64, 3, 0.5, np.random.default_rng(seed)) for seed in (0, 1))
    first = again.get_weights()
    twice = build(network.name, 64, 3, 0.5, np.random.default_rng(0)).get_weights()
    assert all((a == b).all() for a, b in zip(first, twice, strict=True))
    assert any((a != b).any() for a, b in zip(first, other.get_weights(), strict=True))
