"""Weights in half precision: half the file, the same answers."""

from __future__ import annotations

import numpy as np
import pytest

from training.networks.architectures import build
from training.weights.half import halve, round_weights
from training.weights.writing import write_model
from xai.cards.model_card import InputSpec, ModelCard
from xai.models.loading import load_model

CARD = ModelCard("half", ("Mass", "Nodule"), "sigmoid", "logits", InputSpec(32, 1))


@pytest.fixture
def network():
    return build("small-resnet", 32, 2, 0.0, np.random.default_rng(1))


def test_a_rounded_model_is_the_same_in_half_the_file(network, tmp_path):
    round_weights(network)
    write_model(network, CARD, tmp_path / "whole.keras")
    write_model(network, CARD, tmp_path / "half.keras", half=True)
    whole, half = (load_model(tmp_path / f"{name}.keras") for name in ("whole", "half"))
    for ours, theirs in zip(half.get_weights(), whole.get_weights(), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)
    films = np.random.default_rng(2).random((2, 32, 32, 1)).astype(np.float32)
    np.testing.assert_array_equal(half(films), whole(films))
    sizes = [(tmp_path / f"{name}.keras").stat().st_size for name in ("whole", "half")]
    assert sizes[1] < 0.6 * sizes[0]


def test_what_would_change_is_refused(network, tmp_path):
    network.save(tmp_path / "whole.keras")
    with pytest.raises(ValueError, match="would change in half precision"):
        halve(tmp_path / "whole.keras")
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([kernel, np.full_like(bias, 1e5)])
    with pytest.raises(ValueError, match="too large"):
        round_weights(network)
