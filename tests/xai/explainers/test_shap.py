"""SHAP against the stock library, and against models whose shares are known."""

from __future__ import annotations

import numpy as np
import pytest
import shap

from tests.xai import made_models as models
from xai.backend import keras
from xai.explainers.baselines import baseline_canvas
from xai.explainers.halving import cell_index
from xai.explainers.regions import superpixels
from xai.explainers.shap import SHAP
from xai.models.engine import BATCH_SIZE


def linear_classifier(kernel, bias=0.7):
    side = kernel.shape[0]
    model = keras.Sequential([keras.Input((side, side, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.set_weights([kernel.reshape(-1, 1).astype(np.float32), np.array([bias], np.float32)])
    return models.classifier(model, models.card(1, emits="logits", size=side))


@pytest.mark.parametrize(("name", "evaluations"), [("flat", 100), ("flatten", 304), ("softmax of 3", 500)])
@pytest.mark.parametrize(("context", "stock_contexts"), [("all", [None]), ("ends", [0, 1])])
def test_values_equal_the_stock_librarys(context, stock_contexts, name, evaluations, zoo, film):
    classifier = zoo(name)
    side = classifier.size
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, superpixels(canvas, 60))
    stock = shap.Explainer(
        lambda pictures: classifier.logits(pictures[..., 0]).astype(np.float64),
        shap.maskers.Image(baseline[..., None], (side, side, 1)),
    )
    assert isinstance(stock, shap.explainers.PartitionExplainer)
    budget = evaluations // len(stock_contexts)
    expected = np.mean(
        [
            stock(
                canvas[None, ..., None], max_evals=budget, fixed_context=fixed, batch_size=BATCH_SIZE, silent=True
            ).values[0, ..., 0, :]
            for fixed in stock_contexts
        ],
        axis=0,
    )
    found = SHAP(evaluations=evaluations, grid=side, context=context).explain(classifier, film)
    for k, explanation in enumerate(found):
        scale = np.abs(expected[..., k]).max()
        np.testing.assert_allclose(explanation.map, expected[..., k], rtol=1e-5, atol=1e-4 * scale)


def test_a_linear_model_is_shared_out_in_closed_form():
    kernel = np.random.default_rng(3).normal(0, 1, (16, 16))
    film = models.random_film(5, 40, 40)
    classifier = linear_classifier(kernel)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, np.zeros((16, 16), int))
    (found,) = SHAP(evaluations=100_000, grid=16).explain(classifier, film)
    np.testing.assert_allclose(found.map, kernel * (canvas - baseline), atol=2e-5)


def test_a_part_that_was_not_looked_into_gets_its_sum_evenly():
    kernel = np.random.default_rng(4).normal(0, 1, (16, 16))
    film = models.random_film(6, 40, 40)
    classifier = linear_classifier(kernel)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, np.zeros((16, 16), int))
    (found,) = SHAP(evaluations=60, grid=16).explain(classifier, film)
    exact = kernel * (canvas - baseline)
    assert found.diagnostics["pieces"] < 256
    for piece in range(found.diagnostics["pieces"]):
        inside = found.pieces == piece
        np.testing.assert_allclose(found.map[inside], exact[inside].mean(), atol=2e-5)


@pytest.mark.parametrize("name", ["flat", "flatten", "nested in sequential", "logits", "softmax of 2", "densenet"])
def test_shares_add_up_to_the_difference(name, zoo, film):
    classifier = zoo(name)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, superpixels(canvas, 60))
    here, there = classifier.logits(np.stack([canvas, baseline])).astype(np.float64)
    for k, found in enumerate(SHAP().explain(classifier, film)):
        difference = here[k] - there[k]
        residual = abs(found.map.sum(dtype=np.float64) - difference)
        assert residual < 0.02 * abs(difference) or residual < 1e-5
        assert found.diagnostics["difference"] == pytest.approx(difference, abs=1e-5)
        assert found.diagnostics["base_logit"] == pytest.approx(there[k], abs=1e-5)
        assert found.diagnostics["residual"] == pytest.approx(residual, abs=1e-5)


def test_twice_the_same_whatever_the_global_generator_holds(zoo, film):
    classifier = zoo("flat")
    np.random.seed(1)  # noqa: NPY002 - the stock library draws its order of equal splits from here
    first = SHAP(evaluations=200).explain(classifier, film)
    np.random.seed(2)  # noqa: NPY002
    second = SHAP(evaluations=200).explain(classifier, film)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.map, other.map)


def test_a_model_of_many_ties_is_deterministic_too(film):
    classifier = linear_classifier(np.ones((16, 16)))  # on an even film every split of a size is equal
    even = models.Film.from_pixels(np.full((40, 40), 0.5, np.float32))
    maps = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        maps.append(SHAP(evaluations=50, grid=16).explain(classifier, even)[0].map)
    np.testing.assert_array_equal(*maps)
    assert np.abs(maps[0]).max() < 1e-6  # film and baseline are the same picture


def test_a_share_of_no_difference_is_not_given(film):
    even = models.Film.from_pixels(np.full((40, 40), 0.5, np.float32))
    (found,) = SHAP(evaluations=50).explain(linear_classifier(np.ones((16, 16))), even)
    assert found.diagnostics["residual_share"] is None


@pytest.mark.parametrize(("size", "grid"), [(24, 8), (24, 7), (24, 24), (100, 64)])
def test_cells_cut_the_square_into_a_grid(size, grid):
    cells = cell_index(size, grid)
    assert sorted(np.unique(cells)) == list(range(grid * grid))
    rows, columns = np.divmod(cells, grid)
    assert (np.diff(rows, axis=0) >= 0).all() and (np.diff(columns, axis=1) >= 0).all()
    counts = np.bincount(rows[:, 0])
    assert counts.max() - counts.min() <= 1
