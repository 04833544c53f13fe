"""SHAP over LIME's regions, on networks: exact where all films fit in, and else with errors and a sum that is right."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.budget import Budget, Cancelled
from xai.explainers.archive import pack, unpack
from xai.explainers.baselines import baseline_canvas
from xai.explainers.claims import claimed_change
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP

REGIONS = SHAP(evaluations=120, regions=9)


def shares(explanations) -> np.ndarray:
    """What each region gets of the logit, (regions, findings)."""
    pieces = explanations[0].pieces.ravel()
    return np.stack([np.bincount(pieces, one.map.ravel().astype(np.float64)) for one in explanations], axis=1)


def by_definition(classifier, film, made) -> np.ndarray:
    """Shapley values (regions, findings) from every film that shows some regions."""
    pieces, canvas = made[0].pieces, classifier.prepare(film)
    count = int(pieces.max()) + 1
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)
    films = list(itertools.product((False, True), repeat=count))
    logits = classifier.logits(np.where(np.array(films)[:, pieces], canvas, baseline)).astype(np.float64)
    answer = dict(zip(films, logits, strict=True))
    values = np.zeros((count, logits.shape[1]))
    for shown, region in itertools.product(films, range(count)):
        if not shown[region]:
            chance = 1 / (count * math.comb(count - 1, sum(shown)))
            beside = (*shown[:region], True, *shown[region + 1 :])
            values[region] += chance * (answer[beside] - answer[shown])
    return values


def test_where_all_films_fit_in_the_values_are_exact(zoo, film):
    classifier = zoo("flatten")
    made = SHAP(evaluations=1024, regions=9).explain(classifier, film)
    count = int(made[0].pieces.max()) + 1
    np.testing.assert_allclose(shares(made), by_definition(classifier, film, made), atol=1e-5)
    assert made[0].evaluations == 2**count
    for one in made:
        assert not one.errors.any() and one.diagnostics["converged"] and one.diagnostics["mean_error"] == 0


def test_with_fewer_films_the_exact_values_lie_within_the_errors(zoo, film):
    classifier = zoo("flatten")
    fixed = SHAP(evaluations=160, regions=9, stops=False)
    found = [fixed.explain(classifier, film, seed=seed) for seed in range(15)]
    exact = by_definition(classifier, film, found[0])
    pixels = np.bincount(found[0][0].pieces.ravel())
    held = [
        np.abs(shares(made) - exact) <= 1.96 * pixels[:, None] * np.stack([one.errors for one in made], 1)
        for made in found
    ]
    assert 0.93 <= np.mean(held) <= 0.99  # with a third of all films there are, they are a little wide
    told = np.mean([[one.diagnostics["mean_error"] for one in made] for made in found])
    missed = np.sqrt(np.mean([np.square(shares(made) - exact) for made in found], axis=0)).mean()
    assert 0.9 * missed < told < 1.4 * missed


@pytest.mark.parametrize("evaluations", [4, 5, 30, 120])
def test_shares_add_up_to_the_difference_whatever_the_budget(evaluations, zoo, film):
    made = SHAP(evaluations=evaluations, regions=9, stops=False).explain(zoo("flatten"), film)
    for one in made:
        assert one.evaluations == evaluations // 2 * 2 == len(one.answers)
        assert one.map.sum(dtype=np.float64) == pytest.approx(one.diagnostics["difference"], abs=1e-4)
        assert one.diagnostics["residual"] < 1e-9
        assert one.diagnostics["base_logit"] == pytest.approx(one.answers[1], abs=1e-5)


def test_regions_are_those_of_lime_and_hiding_one_is_claimed_to_cost_its_share(zoo, film):
    made = REGIONS.explain(zoo("flat"), film, ["Mass"])
    (lime,) = LIME(samples=20, regions=9).explain(zoo("flat"), film, ["Mass"])
    np.testing.assert_array_equal(made[0].pieces, lime.pieces)
    claimed = claimed_change(SHAP, made[0], made[0].pieces == 4)
    assert claimed == pytest.approx(-shares(made)[4, 0], abs=1e-6)


def test_a_linear_model_is_shared_out_exactly_and_soon(film):
    kernel = np.random.default_rng(3).normal(0, 1, (24, 24)).astype(np.float32)
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.set_weights([kernel.reshape(-1, 1), np.array([0.7], np.float32)])
    classifier = models.classifier(model, models.card(1, emits="logits"))
    made = SHAP(evaluations=1000, regions=16).explain(classifier, film)
    canvas = classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, made[0].pieces)
    expected = np.bincount(made[0].pieces.ravel(), ((canvas - baseline) * kernel).ravel())
    np.testing.assert_allclose(shares(made)[:, 0], expected, atol=1e-4)
    assert made[0].evaluations < 200 and made[0].diagnostics["converged"]


def test_it_is_the_same_again_by_its_parameters_and_comes_back_from_an_archive(zoo, film):
    first = REGIONS.explain(zoo("flat"), film, budget=Budget(60), seed=9)
    again = SHAP(**first[0].parameters).explain(zoo("flat"), film, seed=9)
    other = REGIONS.explain(zoo("flat"), film, budget=Budget(60), seed=8)
    for one, two, back in zip(first, again, unpack(pack(first)), strict=True):
        np.testing.assert_array_equal(one.map, two.map)
        np.testing.assert_array_equal(one.errors, back.errors)
    assert any((one.map != two.map).any() for one, two in zip(first, other, strict=True))


def test_what_stands_behind_a_region_is_it_alone_on_the_baseline_and_taken_from_the_film(zoo, film):
    classifier = zoo("flatten")
    made = REGIONS.explain(classifier, film)
    pieces, canvas = made[0].pieces, classifier.prepare(film)
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)
    part, nothing = pieces == 4, np.zeros(pieces.shape, bool)
    films = np.stack([np.where(shown, canvas, baseline) for shown in (nothing, part, ~part, ~nothing)])
    found = REGIONS.behind(classifier, film, made, 4)
    np.testing.assert_allclose(found.logits, classifier.logits(films), atol=1e-5)


def test_cancelled_it_stops_between_batches(zoo, film):
    seen = []
    with pytest.raises(Cancelled):
        budget = Budget(100_000, progress=seen.append, cancelled=lambda: len(seen) >= 3)
        SHAP(regions=60).explain(zoo("flat"), film, budget=budget)
    assert len(seen) == 3


def test_regions_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="regions must be a whole number from 0 to 10,000, got -1"):
        SHAP(regions=-1)
