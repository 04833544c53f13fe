from __future__ import annotations

import numpy as np
import pytest

from training.networks.architectures import ARCHITECTURES, FEATURES, build

# Of torchvision's network and of Keras's, without a head; batch statistics count in the latter only.
# Of EfficientNet-Lite0: 4,652,008 without the 1000 classes' 1,281,000, as its authors publish it.
TRAINABLE = {
    "efficientnet-lite0": 3_371_008,
    "densenet121": 6_953_856,
    "resnet18": 11_176_512,
    "resnet34": 21_284_672,
    "resnet50": 23_508_032,
}
ALL = {"efficientnetv2-b0": 5_919_312}


@pytest.fixture(scope="module")
def network():
    return build("small-resnet", 64, 3, 0.5, np.random.default_rng(0))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_grey_channels_to_logits(name, channels):
    network = build(name, 64, 3, 0.5, np.random.default_rng(0), channels)
    assert network.input_shape == (None, 64, 64, channels)
    assert network.output_shape == (None, 3)
    cells = 4 if name in ("small-resnet", "efficientnet-lite0") else 2
    assert network.get_layer(FEATURES).output.shape[1:3] == (cells, cells)
    assert [layer.name for layer in network.layers[-4:]] == [FEATURES, "pool", "dropout", "logits"]
    if channels == 3:
        head = 3 * (network.get_layer(FEATURES).output.shape[-1] + 1)
        trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
        assert trainable - head == TRAINABLE.get(name, trainable - head)
        assert network.count_params() - head == ALL.get(name, network.count_params() - head)


def test_mixed_precision_ends_with_the_network(network):
    from xai.backend import keras

    mixed = build("small-resnet", 64, 3, 0.5, np.random.default_rng(0), dtype="mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"
    assert mixed.get_layer(FEATURES).compute_dtype == "bfloat16"
    assert mixed.output.dtype == "float32"
    for one, two in zip(mixed.get_weights(), network.get_weights(), strict=True):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, two)


def test_batch_statistics_are_shared_by_workers_where_asked_for():
    from xai.backend import keras

    both = [build("small-resnet", 32, 1, 0.0, np.random.default_rng(0), synchronized=one) for one in (False, True)]
    norms = [[x for x in one.layers if isinstance(x, keras.layers.BatchNormalization)] for one in both]
    assert [{norm.synchronized for norm in one} for one in norms] == [{False}, {True}]


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


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_same_generator_same_variables(name):
    first, again, other = (
        [np.asarray(one) for one in build(name, 32, 3, 0.5, np.random.default_rng(seed)).variables]
        for seed in (0, 0, 1)
    )  # random states of dropout included
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
