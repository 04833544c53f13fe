"""A network starts from a trained one."""

from __future__ import annotations

import numpy as np
import pytest

from training.fitting.losses import Balance, masked_loss
from training.fitting.start import Start, freeze, start_from
from training.fitting.step import learner, make_optimizer
from training.networks.architectures import POOLED, ArchitectureError, build
from xai.backend import keras
from xai.cards.model_card import InputSpec, ModelCard


def test_a_grey_network_does_to_a_film_what_one_of_three_colours_does_to_it_thrice(tmp_path):
    trained = build("resnet18", 32, 2, 0.0, np.random.default_rng(1), channels=3)
    trained.save(tmp_path / "trained.keras")
    card = ModelCard("trained", ("Mass", "Nodule"), "sigmoid", "logits", InputSpec(32, 3))
    network = build("resnet18", 32, 3, 0.0, np.random.default_rng(2))
    start_from(network, ("Hernia", "Nodule", "Mass"), Start(tmp_path / "trained.keras", card))
    film = np.random.default_rng(3).random((2, 32, 32, 1)).astype(np.float32)
    theirs, ours = (
        keras.Model(model.input, [model.get_layer(POOLED).output, model.output])(film.repeat(model.input_shape[-1], -1))
        for model in (trained, network)
    )
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours[1][:, 2], theirs[1][:, 0], rtol=1e-4, atol=1e-5)


def test_what_is_frozen_keeps_its_weights_and_statistics_and_the_rest_learns():
    network = build("efficientnet-lite0", 32, 2, 0.0, np.random.default_rng(1))
    freeze(network, "block2_1_add")
    last = [layer.name for layer in network.layers].index("block2_1_add")
    before = [[np.array(value) for value in layer.get_weights()] for layer in network.layers]
    loss = masked_loss(Balance(np.ones(2), np.ones(2), np.zeros(2)), "sigmoid")
    step = learner(network, make_optimizer(network, 0.01), loss)
    films = np.random.default_rng(2).random((4, 32, 32, 1)).astype(np.float32)
    step(films, np.eye(2, dtype=np.float32)[[0, 1, 0, 1]], 0.01)
    step.settle()
    for place, (layer, old) in enumerate(zip(network.layers, before, strict=True)):
        same = [np.array_equal(new, was) for new, was in zip(layer.get_weights(), old, strict=True)]
        assert all(same) if place <= last else not any(same), layer.name


def test_a_layer_that_there_is_not_cannot_be_frozen():
    network = build("small-resnet", 32, 2, 0.0, np.random.default_rng(1))
    for name in ("block9", "logits"):
        with pytest.raises(ArchitectureError, match=f"--freeze {name}: small-resnet has no such layer to keep"):
            freeze(network, name)
