"""How far an answer depends on how the film was prepared."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.cards.input_spec import InputSpec
from xai.models.recipes import AS_THE_CARD_SAYS, under_recipes, usual_recipes

FILM = models.random_film(5, 90, 70)


def test_each_recipe_differs_from_the_card_in_one_step():
    spec = InputSpec(24, 3, resample="opencv-linear", bits=8)
    recipes = usual_recipes(spec)
    assert recipes[0].name == AS_THE_CARD_SAYS and recipes[0].spec == spec
    assert len({recipe.spec for recipe in recipes}) == len(recipes)
    fields = {"size": {"resample", "bits"}, "fit": {"fit"}, "contrast": {"contrast"}}
    fields["shades"] = {"multiply", "mean", "std", "standardise"}
    for recipe in recipes[1:]:
        named = [field.name for field in dataclasses.fields(InputSpec)]
        changed = {name for name in named if getattr(recipe.spec, name) != getattr(spec, name)}
        assert changed and changed <= fields[recipe.step]
    assert "OpenCV: linear" not in [recipe.name for recipe in recipes]


def test_a_recipe_of_three_colours_is_not_tried_on_one_channel():
    names = [recipe.name for recipe in usual_recipes(InputSpec(24, 1))]
    assert "imagenet" not in names and "caffe" not in names and "per film" in names


@pytest.mark.parametrize("name", ["three channels", "softmax of 3", "closed head"])
def test_every_row_is_what_a_model_with_that_card_answers(name, zoo_model):
    card = models.ZOO[name].card
    classifier = models.classifier(zoo_model(name), card)
    recipes = usual_recipes(card.input)
    found = under_recipes(classifier, FILM, recipes)
    assert found.shape == (len(recipes), len(card.outputs))
    for recipe, row in list(zip(recipes, found, strict=True))[::5]:
        other = models.classifier(zoo_model(name), dataclasses.replace(card, input=recipe.spec))
        np.testing.assert_allclose(row, card.probabilities(other.answer(other.prepare(FILM))), atol=1e-4)
    np.testing.assert_array_equal(found[0], card.probabilities(classifier.answer(classifier.prepare(FILM))))


def test_an_answer_that_is_not_finite_is_left_open():
    layers = keras.layers
    model = keras.Sequential([keras.Input((24, 24, 1)), layers.GlobalAveragePooling2D(), layers.Dense(1)])
    model.layers[-1].set_weights([np.float32([[3e37]]), np.float32([0])])  # too large for shades of 0 to 255
    classifier = models.classifier(model, models.card(1, emits="logits"))
    found = dict(zip([r.name for r in usual_recipes(classifier.card.input)],
                     under_recipes(classifier, FILM, usual_recipes(classifier.card.input)), strict=True))  # fmt: skip
    assert np.isnan(found["0 to 255"]).all() and np.isfinite(found[AS_THE_CARD_SAYS]).all()


def test_a_recipe_of_another_shape_is_refused(zoo_model):
    classifier = models.classifier(zoo_model("flat"), models.card())
    with pytest.raises(ValueError, match="expected inputs of"):
        classifier.logits_under([InputSpec(32, 1)], FILM)
