"""A classifier's numbers are its model's numbers, whatever the model is made of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.xai import made_models as models
from xai.backend import keras
from xai.budget import Budget
from xai.cards.model_card import ModelCardError, card_path, write_card
from xai.explainers import EXPLAINERS
from xai.models.classifier import Classifier
from xai.models.loading import ModelError, file_sha256

NAMES = list(models.ZOO)


def own_input(card, canvases):
    """Scale canvases by the card, by hand."""
    spec = card.input
    x = np.repeat(canvases[..., None] * spec.multiply, spec.channels, axis=-1)
    return ((x - np.array(spec.mean)) / np.array(spec.std)).astype(np.float32)


def own_output(model, card, canvases):
    scores = model(own_input(card, canvases), training=False)
    return np.concatenate([np.asarray(score, np.float64) for score in keras.tree.flatten(scores)], axis=1)


def canvases_for(card, count=3, seed=0):
    return np.random.default_rng(seed).random((count, card.input.size, card.input.size)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_logits_are_the_log_odds_of_the_models_own_output(name, zoo, zoo_model):
    card = models.ZOO[name].card
    canvases = canvases_for(card)
    scores = own_output(zoo_model(name), card, canvases)
    if card.emits == "probabilities":
        expected = np.log(scores) - np.log1p(-scores)
    elif card.link == "sigmoid":
        expected = scores
    else:  # softmax, closed form
        share = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        expected = np.log(share / (1 - share))
    tolerance = 0.02 if name == "mixed precision" else 2e-4
    np.testing.assert_allclose(zoo(name).logits(canvases), expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_are_the_models_own(name, zoo, zoo_model):
    card = models.ZOO[name].card
    if card.emits == "logits":
        pytest.skip("this model gives logits")
    canvases = canvases_for(card)
    expected = own_output(zoo_model(name), card, canvases)
    tolerance = 4e-3 if name == "mixed precision" else 1e-5
    np.testing.assert_allclose(expit(zoo(name).logits(canvases)), expected, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_finds_the_feature_layer(name, zoo):
    assert zoo(name).feature_layer == models.ZOO[name].feature_layer


def test_logits_of_softmax_stay_exact_where_its_probabilities_saturate():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, activation="softmax")]
    )
    model.layers[-1].set_weights([np.array([[300.0, 100.0, 0.0]], np.float32), np.zeros(3, np.float32)])
    classifier = models.classifier(model, models.card(3, "softmax", size=8))
    found = classifier.logits(np.ones((1, 8, 8), np.float32))[0]
    np.testing.assert_allclose(found, [200, -200, -300], rtol=1e-6)


def test_several_softmaxes_in_one_row_are_not_taken_for_one(film):
    layers = keras.layers
    model = models.seeded(
        lambda: keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Flatten(),
                layers.Dense(6),
                layers.Reshape((3, 2)),
                layers.Softmax(),
                layers.Flatten(),
            ]
        )
    )
    card = models.card(6, size=8)
    canvases = canvases_for(card)
    found = expit(models.classifier(model, card).logits(canvases))
    np.testing.assert_allclose(found, own_output(model, card, canvases), atol=1e-5)


def test_a_dense_layer_that_computes_something_else_keeps_doing_so():
    @keras.saving.register_keras_serializable("lightbox_tests")
    class Halved(keras.layers.Dense):
        def call(self, x):
            return 0.5 * super().call(x)

    model = models.seeded(
        lambda: keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), Halved(2, activation="sigmoid")])
    )
    card = models.card(2, size=8)
    canvases = canvases_for(card)
    found = expit(models.classifier(model, card).logits(canvases))
    np.testing.assert_allclose(found, own_output(model, card, canvases), atol=1e-5)


@pytest.mark.parametrize("name", ["flat", "softmax of 3", "densenet"])
def test_a_batch_equals_one_by_one(name, zoo):
    classifier = zoo(name)
    canvases = canvases_for(classifier.card, 35)  # one more than a batch, and a rest
    single = np.concatenate([classifier.logits(one[None]) for one in canvases])
    np.testing.assert_allclose(classifier.logits(canvases), single, atol=1e-5)


def test_no_films_give_no_logits(zoo):
    assert zoo("flat").logits(np.empty((0, models.SIDE, models.SIDE))).shape == (0, 14)


def test_threads_get_the_same_answers_as_one():
    classifier = models.classifier(models.build("nested in functional"), models.card())  # fresh: compiled under way
    films = [models.random_film(seed) for seed in range(8)]
    budget = Budget(evaluations=40)

    def work(k):
        explanation = EXPLAINERS[("gradcam", "lime")[k % 2]]().explain(classifier, films[k], budget=budget)[3]
        return classifier.logits(classifier.prepare(films[k])[None]), explanation.map

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, range(8)))
    for k, (logits, found) in enumerate(together):
        alone_logits, alone = work(k)
        np.testing.assert_array_equal(logits, alone_logits)
        np.testing.assert_allclose(found, alone, atol=1e-6 * np.abs(alone).max())


def test_the_model_is_unchanged_after_everything_ran(film):
    model = models.build("nested in functional")
    canvases = canvases_for(models.card())
    before = [value.copy() for value in model.get_weights()], model.get_config(), np.asarray(model(canvases[..., None]))
    classifier = models.classifier(model, models.card())
    for explainer in EXPLAINERS.values():
        explainer().explain(classifier, film, budget=Budget(evaluations=20))
    for old, new in zip(before[0], model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.get_config() == before[1]
    np.testing.assert_array_equal(np.asarray(model(canvases[..., None])), before[2])


def test_feature_gradients_come_with_the_same_logits(zoo):
    classifier = zoo("densenet")
    canvas = canvases_for(classifier.card, 1)
    found = classifier.feature_gradients(canvas[0], [2, 0])
    np.testing.assert_allclose(found.logits, classifier.logits(canvas)[0], atol=1e-5)
    (layer,) = found.layers
    assert layer.gradients.shape == (2, *layer.features.shape)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outputs": ("A", "B")}, ["names 2 outputs", "gives 14"]),
        ({"link": "softmax"}, ["says softmax", "ends in a sigmoid"]),
        ({"emits": "logits"}, ["emits logits", "ends in a sigmoid", "probabilities"]),
        ({"size": 32}, ["32 x 32 x 1", "24 x 24 x 1"]),
        ({"channels": 3}, ["24 x 24 x 3", "24 x 24 x 1"]),
        ({"feature_layer": "nowhere"}, ["nowhere", "last_features"]),
    ],
)
def test_a_card_that_does_not_match_is_refused(change, words, zoo_model):
    card = models.card()
    spec = {key: value for key, value in change.items() if key in ("size", "channels")}
    rest = {key: value for key, value in change.items() if key not in spec}
    wrong = replace(card, **rest, input=replace(card.input, **spec))
    with pytest.raises(ModelCardError) as error:
        Classifier(zoo_model("flat"), wrong, "id")
    assert all(word in str(error.value) for word in words), error.value


def test_a_linear_head_is_no_probability(zoo_model):
    wrong = replace(models.ZOO["logits"].card, emits="probabilities")
    with pytest.raises(ModelCardError, match=r'linear layer: set head.emits to "logits"'):
        Classifier(zoo_model("logits"), wrong, "id")


def test_a_model_of_two_inputs_is_refused():
    inputs = [keras.Input((24, 24, 1)), keras.Input((3,))]
    flat = keras.layers.Concatenate()([keras.layers.Flatten()(inputs[0]), inputs[1]])
    model = keras.Model(inputs, keras.layers.Dense(14, activation="sigmoid")(flat))
    with pytest.raises(ModelCardError, match="cannot be used with an input of 24 x 24 x 1"):
        Classifier(model, models.card(), "id")


def test_a_model_that_gives_a_picture_is_refused():
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Conv2D(14, 3)])
    with pytest.raises(ModelCardError, match=r"one row of scores a film.*\(None, 22, 22, 14\)"):
        Classifier(model, models.card(), "id")


def test_a_never_called_sequential_model_works(film):
    model = keras.Sequential([keras.layers.Conv2D(3, 3), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(2)])
    classifier = models.classifier(model, models.card(2, emits="logits"))
    canvas = classifier.prepare(film)
    expected = np.asarray(model(canvas[None, ..., None]))
    np.testing.assert_allclose(classifier.logits(canvas[None]), expected, atol=1e-5)


def test_weights_that_are_no_numbers_are_said_to_be_so(film):
    model = models.build("flat")
    model.layers[-1].bias.assign(np.full(14, np.nan))
    classifier = models.classifier(model, models.card())
    for name in ("gradcam", "shap", "lime"):
        with pytest.raises(ModelError, match="not finite"):
            EXPLAINERS[name]().explain(classifier, film, budget=Budget(evaluations=10))


def test_canvases_of_another_shape_are_refused(zoo):
    with pytest.raises(ValueError, match=r"expected canvases \(N, 24, 24\), got \(24, 24\)"):
        zoo("flat").logits(np.zeros((24, 24)))


def test_load_checks_the_file_against_its_card(tmp_path, zoo_model):
    path = tmp_path / "model.keras"
    with pytest.raises(ModelError, match=r"no model file model\.keras"):
        Classifier.load(path)
    zoo_model("flat").save(path)
    with pytest.raises(ModelCardError, match=r"model\.json is missing.*head \(link, emits\)"):
        Classifier.load(path)
    write_card(replace(models.card(), sha256="0" * 64), card_path(path))
    with pytest.raises(ModelCardError, match="not the model that its card was written for"):
        Classifier.load(path)
    write_card(replace(models.card(), sha256=file_sha256(path)), card_path(path))
    assert Classifier.load(path).model_id == file_sha256(path)


def test_a_model_without_spatial_features_says_what_still_works(film):
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    classifier = models.classifier(model, models.card(2, emits="logits"))
    assert classifier.feature_layer is None
    with pytest.raises(ModelError, match=r"no spatial feature map.*SHAP and LIME work"):
        EXPLAINERS["gradcam"]().explain(classifier, film)
