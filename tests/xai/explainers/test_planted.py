"""A model that looks at one square only: the maps must find it, and a random map must not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.explainers import EXPLAINERS
from xai.explainers.shap import SHAP
from xai.films.film import Film

L = keras.layers
SIDE = 64
TOP, LEFT, SQUARE = 32, 12, 16  # on no boundary of a halved film from left to right
INSIDE = np.s_[TOP : TOP + SQUARE, LEFT : LEFT + SQUARE]


@pytest.fixture(scope="module")
def classifier():
    """Logit 0 = 40 * mean shade in the square - 1; logit 1 is its negative; nothing outside is seen."""
    below, right = SIDE - TOP - SQUARE, SIDE - LEFT - SQUARE
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            L.Cropping2D(((TOP, below), (LEFT, right))),
            L.ZeroPadding2D(((TOP, below), (LEFT, right))),
            L.Conv2D(1, 1, activation="relu"),
            L.GlobalAveragePooling2D(),
            L.Dense(2),
        ]
    )
    weight = 40 * (SIDE / SQUARE) ** 2
    model.layers[2].set_weights([np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)])
    model.layers[-1].set_weights([np.array([[weight, -weight]], np.float32), np.array([-1, 1], np.float32)])
    return models.classifier(model, models.card(2, emits="logits", size=SIDE))


@pytest.fixture(scope="module")
def planted_film():
    """Soft noise with an opacity where the model looks, and a brighter one where it does not."""
    shades = 0.3 + 0.1 * models.random_film(1, SIDE, SIDE).pixels
    shades[INSIDE] += 0.3
    shades[8:24, 40:56] += 0.5
    return Film.from_pixels(np.clip(shades, 0, 1))


def share_inside(values, grow=0):
    positive = np.maximum(values, 0)
    square = positive[TOP - grow : TOP + SQUARE + grow, LEFT - grow : LEFT + SQUARE + grow]
    return square.sum() / positive.sum()


def test_the_model_is_what_it_is_said_to_be(classifier, planted_film):
    mean = planted_film.pixels[INSIDE].mean()
    logits = classifier.logits(classifier.prepare(planted_film)[None])[0]
    np.testing.assert_allclose(logits, [40 * mean - 1, 1 - 40 * mean], rtol=1e-5)


def test_gradcam_finds_the_square_exactly(classifier, planted_film):
    """Its cells are pixels here, so nothing may lie outside."""
    found, against = EXPLAINERS["gradcam"]().explain(classifier, planted_film)
    assert share_inside(found.map) == pytest.approx(1)
    assert against.diagnostics["empty"]


def test_shap_finds_the_square(classifier, planted_film):
    """At the default budget; what lies outside is rectangles across the border that were not halved to the end."""
    found, against = EXPLAINERS["shap"]().explain(classifier, planted_film)
    assert share_inside(found.map) >= 0.9
    np.testing.assert_allclose(against.map, -found.map, atol=1e-6)


def test_shap_finds_the_square_exactly_with_a_large_budget(classifier, planted_film):
    found = SHAP(evaluations=60_000, grid=16).explain(classifier, planted_film)[0]
    assert share_inside(found.map) == pytest.approx(1, abs=1e-4)  # the square lies on the grid of 16


def test_lime_finds_the_square(classifier, planted_film):
    """A region is never cut: those that touch the square hold the evidence, and reach a little beyond it."""
    found, against = EXPLAINERS["lime"]().explain(classifier, planted_film)
    touching = np.isin(found.pieces, np.unique(found.pieces[INSIDE]))
    positive = np.maximum(found.map, 0)
    assert positive[touching].sum() / positive.sum() >= 0.9
    assert share_inside(found.map, grow=2) >= 0.9
    np.testing.assert_allclose(against.map, -found.map, atol=1e-4)


@pytest.mark.parametrize("method", ["gradcam", "shap", "lime"])
def test_the_strongest_point_lies_in_the_square(method, classifier, planted_film):
    found = EXPLAINERS[method]().explain(classifier, planted_film)[0]
    strongest = found.map == found.map.max()
    assert strongest[INSIDE].sum() >= 0.9 * strongest.sum()


def test_a_random_map_does_not_find_it(classifier, planted_film):
    area = (SQUARE / SIDE) ** 2
    shares = [
        share_inside(EXPLAINERS["random"]().explain(classifier, planted_film, seed=seed)[0].map) for seed in range(20)
    ]
    assert max(shares) < 0.2
    assert np.mean(shares) == pytest.approx(area, abs=0.02)
