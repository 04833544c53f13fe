"""LIME against the stock library, and against a model whose weights are known."""

from __future__ import annotations

import numpy as np
import pytest
from lime import lime_image

from tests.xai import made_models as models
from xai.backend import keras
from xai.explainers.baselines import baseline_canvas
from xai.explainers.lime import LIME, sample_neighbourhood
from xai.explainers.regions import superpixels

SAMPLES, SEED = 150, 11


def stock_weights(classifier, canvas, regions, hide, outputs):
    """Weights (K, regions) and R² by `lime`'s own call: stock sampling, composing, batches and regression."""
    grey = np.repeat(canvas[..., None], 3, axis=-1).astype(np.float64)
    # with a random_seed for the segmentation, random_state draws nothing before the samples
    explanation = lime_image.LimeImageExplainer(random_state=SEED).explain_instance(
        grey,
        lambda pictures: classifier.logits(pictures[..., 0]).astype(np.float64),
        labels=range(outputs),
        top_labels=None,
        hide_color=None if hide is None else np.repeat(hide[..., None], 3, axis=-1),
        num_samples=SAMPLES,
        segmentation_fn=lambda _: regions,
        random_seed=0,
    )
    weights = np.zeros((outputs, regions.max() + 1))
    for k in range(outputs):
        for region, weight in explanation.local_exp[k]:
            weights[k, region] = weight
    return weights, explanation


@pytest.mark.parametrize("name", ["flat", "softmax of 3", "sequential reloaded"])
@pytest.mark.parametrize("baseline", ["region mean", "blurred film"])
def test_weights_equal_the_stock_librarys(name, baseline, zoo, film, capsys):
    classifier = zoo(name)
    canvas = classifier.prepare(film)
    regions = superpixels(canvas, 20)
    hide = None if baseline == "region mean" else baseline_canvas(baseline, classifier, canvas, regions)
    outputs = len(classifier.card.outputs)
    expected, stock = stock_weights(classifier, canvas, regions, hide, outputs)
    found = LIME(samples=SAMPLES, regions=20, baseline=baseline, design="lime").explain(classifier, film, seed=SEED)
    for k, explanation in enumerate(found):
        np.testing.assert_array_equal(explanation.pieces, regions)
        np.testing.assert_allclose(explanation.map, expected[k][regions], rtol=1e-5, atol=1e-5 * np.ptp(expected[k]))
        assert explanation.diagnostics["intercept"] == pytest.approx(stock.intercept[k], abs=1e-4)
    assert found[-1].diagnostics["r2"] == pytest.approx(stock.score, abs=1e-4)  # stock keeps the last output's only


def test_a_linear_model_gets_back_its_own_weights(film):
    kernel = np.random.default_rng(3).normal(0, 1, (24, 24)).astype(np.float32)
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.set_weights([kernel.reshape(-1, 1), np.array([0.7], np.float32)])
    classifier = models.classifier(model, models.card(1, emits="logits"))
    (found,) = LIME(samples=600, regions=16, design="lime").explain(classifier, film, seed=1)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, found.pieces)
    by_pixel = (canvas - baseline) * kernel
    expected = np.bincount(found.pieces.ravel(), by_pixel.ravel())
    # Exact up to the ridge penalty of 1, which weighs little against 600 samples.
    np.testing.assert_allclose(found.map, expected[found.pieces], atol=0.05 * np.abs(expected).max())
    assert found.diagnostics["r2"] > 0.99
    assert found.diagnostics["predicted_logit"] == pytest.approx(found.logit, abs=0.05 * np.abs(expected).sum())


def test_samples_are_the_stock_librarys_first_draw():
    shown = sample_neighbourhood(50, 7, SEED)
    expected = np.random.RandomState(SEED).randint(0, 2, 350).reshape(50, 7)
    np.testing.assert_array_equal(shown[1:], expected[1:])
    np.testing.assert_array_equal(shown[0], np.ones(7))


@pytest.mark.parametrize("design", ["pairs", "lime"])
def test_a_model_that_ignores_the_film_gets_an_empty_map(design, film):
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.set_weights([np.zeros((576, 2), np.float32), np.array([0.5, -1], np.float32)])
    found = LIME(samples=60, design=design).explain(models.classifier(model, models.card(2, emits="logits")), film)
    for explanation in found:
        assert np.abs(explanation.map).max() < 1e-6
        assert np.isfinite(explanation.diagnostics["r2"])
