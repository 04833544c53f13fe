"""A network starts from a trained one."""

from __future__ import annotations

import numpy as np

from training.fitting.start import Start, start_from
from training.networks.architectures import POOLED, build
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
