"""What a network looks at on some films shows as a group of their maps."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from tests.xai import made_models as models
from training.evaluate.evidence import evidence_shares
from training.evaluate.map_groups import NONE, group_maps
from xai.backend import keras
from xai.explainers import EXPLAINERS
from xai.films.film import Film


def test_what_a_network_looks_at_on_some_films_shows_as_a_group_and_without_it_there_is_none():
    """A network of two channels, one of which answers to nothing but a white token in the corner."""
    inputs = keras.Input((32, 32, 1))
    seen = keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="last_features")
    head = keras.layers.Dense(1)
    network = keras.Model(inputs, head(keras.layers.GlobalAveragePooling2D()(seen(inputs))))
    seen.set_weights([np.full((3, 3, 1, 2), 1 / 9), np.array([-0.8, -0.4])])
    head.set_weights([np.array([[400.0], [1.0]]), np.zeros(1)])
    classifier = models.classifier(network, models.card(1, emits="logits", size=32))
    rng = np.random.default_rng(0)
    maps = {False: [], True: []}
    for number in range(80):
        film = gaussian_filter(rng.random((32, 32)), 3)
        film = 0.7 * (film - film.min()) / np.ptp(film)
        for token in (False, True):
            if token and number < 24:
                film[2:6, 2:6] = 1
            (found,) = EXPLAINERS["gradcam"]().explain(classifier, Film.from_pixels(film))
            maps[token].append(evidence_shares(found.map))
    assert group_maps(np.stack(maps[False])).count == 0
    of = group_maps(np.stack(maps[True])).of
    group = of[0]
    assert group != NONE
    assert np.flatnonzero(of == group).tolist() == list(range(24))
