from __future__ import annotations

import numpy as np
import pytest

from training.demo.overcaller import SLOPE, overcall
from training.networks.architectures import build
from xai.cards.model_card import InputSpec, ModelCard


@pytest.fixture(scope="module")
def made():
    model = build("small-resnet", 32, 2, 0.0, np.random.default_rng(0), 1)
    card = ModelCard(
        "able", ("Mass", "Hernia"), "sigmoid", "logits", InputSpec(32, 1), prevalence={"Mass": 0.2, "Hernia": 0.01},
        performance={"test": {}}, sha256="0" * 64,
        provenance={"data": {"name": "made"}, "recipe": {"epochs": 3}, "used": [{"for": ["fit"]}]},
    )  # fmt: skip
    return model, card, *overcall(model, card)


def test_each_logit_is_shrunk_and_lifted_by_the_logarithm_of_the_weight(made):
    model, _, wrong, _ = made
    films = np.random.default_rng(1).normal(size=(5, 32, 32, 1)).astype(np.float32)
    found, before = (np.asarray(one(films, training=False)) for one in (wrong, model))
    np.testing.assert_allclose(found, SLOPE * before + np.log([4, 99]), atol=1e-5)


def test_the_card_says_that_it_was_made_from_what_and_keeps_no_measurement(made):
    _, card, _, told = made
    assert told.provenance["positive_weight"] == {"Mass": 4.0, "Hernia": 99.0}
    assert told.provenance["started_from"] == {"file": "able.keras", "sha256": card.sha256} | card.provenance
    assert told.provenance["data"] == {"name": "made"} and told.provenance["used"] == card.provenance["used"]
    assert "recipe" not in told.provenance
    assert "not trained" in told.provenance["made"]
    assert {name: cut.value for name, cut in told.thresholds.items()} == {"Mass": 0.5, "Hernia": 0.5}
    assert (told.performance, told.calibration, told.sha256) == ({}, {}, None)
