"""LIME by pairs on networks: the weights of the package's own design, from fewer films, with what is not sure."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.xai import made_models as models
from xai.backend import keras
from xai.budget import Budget, Cancelled
from xai.explainers.archive import pack, unpack
from xai.explainers.baselines import baseline_canvas
from xai.explainers.lime import LIME
from xai.explainers.pairs import draw_pairs, films_of

PAIRS = LIME(samples=120, regions=9)


def weights(explanations) -> np.ndarray:
    """Weights (regions, findings)."""
    pieces = explanations[0].pieces
    first = [np.flatnonzero(pieces == piece)[0] for piece in range(pieces.max() + 1)]
    return np.stack([one.map.ravel()[first] for one in explanations], axis=1)


@pytest.fixture(scope="module")
def linear():
    kernel = np.random.default_rng(3).normal(0, 1, (24, 24)).astype(np.float32)
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.set_weights([kernel.reshape(-1, 1), np.array([0.7], np.float32)])
    return kernel, models.classifier(model, models.card(1, emits="logits"))


def test_in_the_long_run_it_orders_regions_as_the_packages_own_design_does(zoo, film):
    own, pairs = (
        weights(LIME(samples=8000, regions=9, design=design, stops=False).explain(zoo("flatten"), film))
        for design in ("lime", "pairs")
    )
    for k in range(own.shape[1]):
        assert np.corrcoef(own[:, k], pairs[:, k])[0, 1] > 0.98
        assert spearmanr(own[:, k], pairs[:, k]).statistic > 0.9


def test_a_linear_model_gets_back_its_own_weights_and_stops_as_soon_as_it_may(linear, film):
    kernel, classifier = linear
    (found,) = LIME(samples=1000, regions=16, design="pairs").explain(classifier, film, seed=1)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, found.pieces)
    expected = np.bincount(found.pieces.ravel(), ((canvas - baseline) * kernel).ravel())
    np.testing.assert_allclose(found.map, expected[found.pieces], atol=1e-4)
    assert found.evaluations == 2 + 2 * 3 * 16  # both ends, and blocks up to 20 pairs more than there are regions
    assert found.diagnostics["predicted_logit"] == pytest.approx(found.logit, abs=1e-3)
    assert found.diagnostics["r2"] > 0.999 and found.diagnostics["converged"]
    assert found.errors.max() < 1e-4 and found.diagnostics["sure_share"] > 0.9


def test_samples_are_a_limit_and_all_are_taken_where_it_does_not_stop(linear, film):
    _, classifier = linear
    for samples, evaluations in ((4, 4), (5, 4), (61, 60), (200, 200)):
        (found,) = LIME(samples, 16, design="pairs", stops=False).explain(classifier, film)
        assert found.evaluations == len(found.answers) == evaluations
    with pytest.raises(ValueError, match="samples must be a whole number from 4 to"):
        LIME(samples=3, design="pairs")
    with pytest.raises(ValueError, match="design must be one of pairs, lime, got x"):
        LIME(design="x")


def test_each_finding_gets_what_it_gets_alone_unless_it_waits_for_another(zoo, film):
    fixed = dataclasses.replace(PAIRS, stops=False)
    names = ["Mass", "Hernia"]
    together = fixed.explain(zoo("flat"), film, names)
    for one in together:
        (alone,) = fixed.explain(zoo("flat"), film, [one.finding])
        np.testing.assert_allclose(one.map, alone.map, atol=1e-7)
        np.testing.assert_allclose(one.errors, alone.errors, atol=1e-7)


def test_it_is_the_same_again_by_its_parameters_and_another_by_another_seed(zoo, film):
    first = PAIRS.explain(zoo("flat"), film, ["Mass"], Budget(60), seed=9)[0]
    again = LIME(**first.parameters).explain(zoo("flat"), film, ["Mass"], seed=9)[0]
    np.testing.assert_array_equal(first.map, again.map)
    assert first.parameters["samples"] == 60 and first.parameters["design"] == "pairs"
    assert (first.map != PAIRS.explain(zoo("flat"), film, ["Mass"], Budget(60), seed=8)[0].map).any()


def test_errors_say_by_how_much_seeds_differ(zoo, film):
    fixed = dataclasses.replace(PAIRS, stops=False)
    found = [fixed.explain(zoo("flatten"), film, seed=seed) for seed in range(25)]
    spread = np.std([weights(one) for one in found], axis=0, ddof=1)
    errors = np.sqrt(np.mean([[each.errors**2 for each in one] for one in found], axis=0)).T
    assert np.mean(errors) == pytest.approx(np.mean(spread), rel=0.25)


def test_errors_and_answers_come_back_from_an_archive(zoo, film):
    made = PAIRS.explain(zoo("flat"), film)
    for one, back in zip(made, unpack(pack(made)), strict=True):
        np.testing.assert_array_equal(one.errors, back.errors)
        np.testing.assert_array_equal(one.answers, back.answers)
        assert one.diagnostics == back.diagnostics
        assert one.errors.shape == (one.pieces.max() + 1,)


def test_a_surrogate_knows_errors_where_the_straight_fit_does_not(zoo, film):
    few = dataclasses.replace(PAIRS, samples=40)
    straight, surrogate = (
        dataclasses.replace(few, surrogate=surrogate).explain(zoo("flatten"), film) for surrogate in (False, True)
    )
    assert all(np.isinf(one.errors).all() and one.diagnostics["sure_share"] is None for one in straight)
    assert all(np.isfinite(one.errors).all() and 0 <= one.diagnostics["sure_share"] <= 1 for one in surrogate)
    np.testing.assert_array_equal(straight[0].answers, surrogate[0].answers)


def test_what_stands_behind_a_region_is_all_pairs_and_all_count_the_same(zoo, film):
    classifier = zoo("flatten")
    made = PAIRS.explain(classifier, film, seed=5)
    pieces = made[0].pieces
    shown = films_of(draw_pairs(made[0].evaluations // 2 - 1, int(pieces.max()) + 1, 5))
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)
    again = classifier.logits(np.where(shown[:, pieces], canvas, baseline))
    found = PAIRS.behind(classifier, film, made, 3)
    inside = shown[:, 3]
    np.testing.assert_allclose(found.means, [again[~inside].mean(0), again[inside].mean(0)], atol=1e-5)
    assert found.counts == (len(shown) // 2, len(shown) // 2) and found.weights is None
    assert found.visible.tolist() == [True] * 4 + [False] * 4
    np.testing.assert_allclose(found.logits, classifier.logits(found.films), atol=1e-5)


def test_cancelled_it_stops_between_batches_and_progress_is_of_the_limit(zoo, film):
    seen = []
    with pytest.raises(Cancelled):
        budget = Budget(100_000, progress=seen.append, cancelled=lambda: len(seen) >= 3)
        PAIRS.explain(zoo("flat"), film, budget=budget)
    assert len(seen) == 3 and seen[-1] < 0.01
