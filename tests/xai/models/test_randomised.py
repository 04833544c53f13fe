"""A model made random layer by layer: on copies, with weights as large as before and statistics that fit them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.cards.model_card import card_path, write_card
from xai.models import randomised
from xai.models.classifier import Classifier
from xai.models.loading import file_sha256, load_model

L = keras.layers
CANVASES = np.random.default_rng(0).random((16, 32, 32)).astype(np.float32)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Two convolutions, each with batch normalisation, the second inside a model of its own; dropout; a head."""
    inputs, inner = keras.Input((32, 32, 1)), keras.Input((32, 32, 4))
    x = L.BatchNormalization(momentum=0.9, name="norm_2")(L.Conv2D(5, 3, padding="same", name="conv_2")(inner))
    block = keras.Model(inner, L.ReLU()(x), name="block")
    x = L.ReLU()(L.BatchNormalization(name="norm_1")(L.Conv2D(4, 3, padding="same", name="conv_1")(inputs)))
    x = L.Dropout(0.5)(L.GlobalAveragePooling2D()(block(x)))
    model = models.seeded(lambda: keras.Model(inputs, L.Dense(3, activation="sigmoid", name="head")(x)))
    path = tmp_path_factory.mktemp("models") / "small.keras"
    model.save(path)
    write_card(models.card(("A", "B", "C"), size=32), card_path(path))
    return path


def weights(model) -> dict[str, np.ndarray]:
    return {variable.path: np.asarray(variable) for variable in model.weights}


@pytest.fixture(scope="module")
def stages(path):
    """What the cascade gives, and the weights of each stage."""
    seen = []

    class Watched(Classifier):
        def __init__(self, model, *rest):
            seen.append(weights(model))
            super().__init__(model, *rest)

    before = file_sha256(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(randomised, "Classifier", Watched)
        found = list(randomised.cascade(path, CANVASES, stages=3, engine="tensorflow"))
    assert file_sha256(path) == before
    return found, seen


def changed(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> set[str]:
    return {name.split("/")[-2] for name in one if not np.array_equal(one[name], other[name])}


def test_layers_become_random_from_the_head_down_and_stay_as_they_became(path, stages):
    found, seen = stages
    assert [count for count, _ in found] == [1, 2, 3]
    stock = weights(load_model(path))
    assert changed(seen[0], stock) == {"head"}
    assert changed(seen[1], stock) == {"head", "conv_2", "norm_2"}
    assert changed(seen[2], stock) == {"head", "conv_2", "norm_2", "conv_1", "norm_1"}
    kernels = [name for name in stock if name.endswith("kernel")]
    assert all(np.array_equal(np.sort(seen[2][name], None), np.sort(stock[name], None)) for name in kernels)
    assert all(np.array_equal(seen[0][name], seen[2][name]) for name in kernels if "head" in name)
    assert len({classifier.model_id for _, classifier in found}) == 3


def test_batch_normalisation_behind_random_weights_fits_what_they_give(stages):
    _, seen = stages
    last = {name.split("/", 1)[-1] if name.startswith("block") else name: values for name, values in seen[2].items()}
    first = keras.layers.Conv2D(4, 3, padding="same")
    first.build((None, 32, 32, 1))
    first.set_weights([last["conv_1/kernel"], last["conv_1/bias"]])
    given = np.asarray(first(CANVASES[..., None]))
    np.testing.assert_allclose(last["norm_1/moving_mean"], given.mean(axis=(0, 1, 2)), atol=1e-4)
    np.testing.assert_allclose(last["norm_1/moving_variance"], given.var(axis=(0, 1, 2)), rtol=1e-2)


def test_the_same_seed_gives_the_same_answers_and_they_still_depend_on_the_film(path, stages):
    found, _ = stages
    logits = [classifier.logits(CANVASES) for _, classifier in found]
    again = dict(randomised.cascade(path, CANVASES, stages=2, engine="tensorflow"))
    np.testing.assert_allclose([again[1].logits(CANVASES), again[3].logits(CANVASES)], logits[::2], atol=1e-6)
    (_, other), *_ = randomised.cascade(path, CANVASES, stages=1, seed=1, engine="tensorflow")
    assert not np.allclose(other.logits(CANVASES), logits[0])
    assert all(np.isfinite(one).all() and one.std(axis=0).min() > 1e-4 for one in logits)
