from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from tests.training.evaluate.made_scores import noisy
from training.evaluate.decision import decision_curve, expected_cost
from training.evaluate.ranked import Counts, rank
from training.evaluate.rates import npv_at, ppv_at, rates, wilson
from training.evaluate.thresholds import choose


@pytest.mark.parametrize(("count", "of"), [(0, 5), (5, 5), (1, 3), (7, 50), (311, 22433)])
def test_wilson_is_scipys(count: int, of: int):
    expected = binomtest(count, of).proportion_ci(method="wilson")
    assert wilson(count, of) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_and_of_arrays():
    low, high = wilson(np.array([0, 1]), np.array([0, 2]))
    assert np.isnan(low[0]) and np.isnan(high[0])
    assert low[1] == pytest.approx(1 - high[1])


def test_rates_are_scikit_learns():
    labels, scores = noisy(0)
    flagged = scores >= 0.3
    found = rates(rank(labels, scores).counts(0.3))
    assert found.sensitivity.value == metrics.recall_score(labels, flagged)
    assert found.specificity.value == metrics.recall_score(1 - labels, ~flagged)
    assert found.ppv.value == metrics.precision_score(labels, flagged)
    assert found.npv.value == metrics.precision_score(1 - labels, ~flagged)
    assert found.f1 == pytest.approx(metrics.f1_score(labels, flagged), abs=1e-15)
    assert found.accuracy.value == metrics.accuracy_score(labels, flagged)
    assert found.youden == pytest.approx(metrics.balanced_accuracy_score(labels, flagged, adjusted=True))
    assert (found.prevalence.value, found.predicted_prevalence.value) == (labels.mean(), flagged.mean())


def test_rates_of_nothing_are_nan_and_not_errors():
    found = rates(Counts(0, 0, 0, 4))
    assert math.isnan(found.sensitivity.value) and math.isnan(found.ppv.value) and math.isnan(found.f1)
    assert found.specificity.value == 1 and found.predicted_prevalence.value == 0
    assert math.isnan(rates(Counts(0, 0, 0, 0)).accuracy.value)
    assert rates(Counts(0, 0, 3, 4)).f1 == 0


def test_ppv_and_npv_at_another_prevalence():
    counts = Counts(tp=90, fp=40, fn=10, tn=160)
    here = 100 / 300
    assert ppv_at(counts, here)[0] == pytest.approx(rates(counts).ppv.value)
    assert npv_at(counts, here) == pytest.approx(rates(counts).npv.value)
    # Bayes: 0.9 * 0.01 / (0.9 * 0.01 + 0.2 * 0.99).
    value, low, high = ppv_at(counts, 0.01)
    assert value == pytest.approx(0.009 / 0.207)
    assert low < value < high < 0.1
    assert npv_at(counts, 0.01) == pytest.approx(0.792 / 0.793)


def test_ppv_interval_covers():
    rng = np.random.default_rng(5)
    true = 0.8 * 0.05 / (0.8 * 0.05 + 0.1 * 0.95)
    inside = 0
    for _ in range(800):
        tp, fp = rng.binomial(80, 0.8), rng.binomial(300, 0.1)
        _, low, high = ppv_at(Counts(tp, fp, 80 - tp, 300 - fp), 0.05)
        inside += low <= true <= high
    assert 0.93 <= inside / 800 <= 0.975


def test_ppv_where_it_has_no_meaning():
    assert np.isnan(ppv_at(Counts(0, 0, 5, 5), 0.1)).all()
    assert np.isnan(ppv_at(Counts(0, 3, 0, 5), 0.1)).all()
    value, low, high = ppv_at(Counts(5, 0, 5, 5), 0.1)
    assert value == 1 and math.isnan(low) and math.isnan(high)
    assert math.isnan(npv_at(Counts(1, 0, 1, 0), 0.1))


def test_net_benefit_by_its_definition():
    labels, scores = noisy(1)
    ranked = rank(labels, scores)
    curve = decision_curve(ranked, np.array([0.1, 0.35]))
    for t, model, everyone in zip(curve.thresholds, curve.model, curve.all_flagged, strict=True):
        counts = ranked.counts(t)
        assert model == pytest.approx(counts.tp / 400 - counts.fp / 400 * t / (1 - t))
        assert everyone == pytest.approx(labels.mean() - (1 - labels.mean()) * t / (1 - t))


def test_flagging_by_true_probabilities_is_never_worse_than_without_a_model():
    curve = decision_curve(rank(*noisy(3, films=50_000)), np.linspace(0.05, 0.8, 16))
    assert (curve.model >= np.maximum(curve.all_flagged, 0) - 0.002).all()
    assert np.isnan(decision_curve(rank([0, 0], [0.1, 0.2])).model).all()


def test_cost_is_least_at_the_threshold_that_is_chosen_for_it():
    ranked = rank(*noisy(2))
    chosen = expected_cost(ranked.counts(choose("cost", ranked, 7).value), miss=7, alarm=1)
    assert chosen == pytest.approx(min(expected_cost(ranked.counts(s), 7, 1) for s in [*ranked.scores, 1.1]))
    counts = Counts(tp=3, fp=4, fn=1, tn=12)
    assert expected_cost(counts, 5, 2) == pytest.approx((5 * 1 + 2 * 4) / 20)
    assert expected_cost(counts, 5, 2, prevalence=0.5) == pytest.approx(0.5 * 0.25 * 5 + 0.5 * 0.25 * 2)
