from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.training.evaluate.clustered_films import World
from tests.training.evaluate.made_scores import binormal, made, noisy
from training.evaluate.bootstrap import (
    area_of,
    draw_statistic,
    mean_auroc_interval,
    percentile_interval,
    roc_band,
)
from training.evaluate.compare import compare, compare_judged
from training.evaluate.precision_recall import average_precision_of
from training.evaluate.ranked import EvaluateError, rank
from training.evaluate.roc import area, auroc, clustered_auroc, mean_auroc


def _quadratic(labels: np.ndarray, *scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUROCs and DeLong's covariance matrix, pair by pair (DeLong et al. 1988, equations 4 to 6)."""
    psi = np.stack(
        [(s[labels == 1][:, None] > s[labels == 0]) + 0.5 * (s[labels == 1][:, None] == s[labels == 0]) for s in scores]
    )
    m, n = psi.shape[1:]
    covariance = np.cov(psi.mean(axis=2)) / m + np.cov(psi.mean(axis=1)) / n
    return psi.mean(axis=(1, 2)), np.atleast_2d(covariance)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ties", [False, True])
def test_variance_is_delongs_quadratic_formula(seed: int, ties: bool):
    labels, scores = noisy(seed, ties=ties)
    (value,), covariance = _quadratic(labels, scores)
    found = auroc(labels, scores)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert found.variance == pytest.approx(covariance[0, 0], abs=1e-10)
    # One film a patient: Obuchowski's formula is DeLong's.
    alone = clustered_auroc(labels, scores, np.random.default_rng(0).permutation(len(labels)))
    assert alone.variance == pytest.approx(covariance[0, 0], abs=1e-10)


def test_delongs_interval_agrees_with_2000_draws():
    labels, z = binormal(np.random.default_rng(0), 2000, 0.25, 1.1)
    found = area(rank(labels, z))
    low, high = percentile_interval(
        draw_statistic(labels, z, np.arange(2000), area_of, np.random.default_rng(1), draws=2000)
    )
    width = found.high - found.low
    assert abs(low - found.low) < 0.05 * width and abs(high - found.high) < 0.05 * width


def test_draws_measure_what_scikit_learn_measures_on_the_drawn_films():
    labels, scores = noisy(1, films=60, ties=True)
    patients = np.repeat(np.arange(20), 3)
    drawn = draw_statistic(labels, scores, patients, area_of, np.random.default_rng(5), 5)
    precision = draw_statistic(labels, scores, patients, average_precision_of, np.random.default_rng(5), 1)
    rng = np.random.default_rng(5)
    for k in range(5):
        rows = np.concatenate([np.flatnonzero(patients == p) for p in rng.integers(20, size=20)])
        assert drawn[k] == pytest.approx(roc_auc_score(labels[rows], scores[rows]), abs=1e-12)
        if not k:
            assert precision[0] == pytest.approx(average_precision_score(labels[rows], scores[rows]), abs=1e-12)


def _families(seed: int, patients: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Films of which those of one patient are alike in label and score."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(patients), rng.integers(1, 8, patients))
    sick, shift = rng.random(patients) < 0.4, rng.normal(0, 1, patients)
    labels = (sick[of] & (rng.random(len(of)) < 0.8)).astype(float)
    return labels, labels + shift[of] + rng.normal(0, 0.5, len(of)), of


def test_films_of_one_patient_widen_the_interval_as_draws_of_patients_say():
    ratios = []
    for seed in range(4):
        labels, scores, patients = _families(seed)
        drawn = draw_statistic(labels, scores, patients, area_of, np.random.default_rng(seed), 1000)
        clustered, plain = clustered_auroc(labels, scores, patients), auroc(labels, scores)
        assert clustered.value == plain.value and clustered.variance > 1.5 * plain.variance
        assert clustered.low < plain.low < plain.high < clustered.high
        ratios.append(drawn.std() / np.sqrt(clustered.variance))
    assert 0.93 <= np.mean(ratios) <= 1.07


def test_repeating_every_film_for_its_patient_changes_nothing():
    labels, scores = noisy(0)
    patients = np.arange(400)
    once = clustered_auroc(labels, scores, patients)
    ten = clustered_auroc(np.tile(labels, 10), np.tile(scores, 10), np.tile(patients, 10))
    assert ten.variance == pytest.approx(once.variance, rel=1e-9)


def test_band_holds_the_true_curve_at_the_nominal_rate():
    grid_points, inside = 21, []
    for seed in range(60):
        labels, z = binormal(np.random.default_rng(seed), 400, 0.4, 1.0)
        band = roc_band(labels, z, np.arange(400), np.random.default_rng(seed), draws=200, points=grid_points)
        true = norm.cdf(1.0 + norm.ppf(band.false_positive_rate[2:-6]))
        inside += list((band.low[2:-6] <= true) & (true <= band.high[2:-6]))
    assert 0.90 <= np.mean(inside) <= 0.98


def test_one_kind_of_film_has_no_interval():
    nothing = draw_statistic(np.zeros(5), np.arange(5) / 5, np.arange(5), area_of, np.random.default_rng(0), 20)
    assert np.isnan(percentile_interval(nothing)).all()
    assert np.isnan(roc_band(np.ones(5), np.arange(5) / 5, np.arange(5), np.random.default_rng(0), 20).low).all()
    none = clustered_auroc(np.array([np.nan]), np.array([0.5]), np.array([0]))
    assert np.isnan(none.value) and none.positives == 0
    one_patient = clustered_auroc([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1], [7, 7, 8, 9])
    assert one_patient.value == 0.75 and np.isnan(one_patient.low)


def test_mean_interval_draws_the_same_patients_for_every_finding():
    labels, scores, patients = _families(3)
    both = np.column_stack([labels, np.where(np.arange(len(labels)) % 9 == 0, np.nan, labels)])
    twice = np.column_stack([scores, scores])
    low, high = mean_auroc_interval(both, twice, patients, np.random.default_rng(2), draws=60)
    rng, means = np.random.default_rng(2), []
    names = np.unique(patients)
    for _ in range(60):
        rows = np.concatenate([np.flatnonzero(patients == names[p]) for p in rng.integers(len(names), size=len(names))])
        means.append(mean_auroc(both[rows], twice[rows]))
    assert (low, high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_with_many_films_the_paired_test_is_nearly_delongs(ties: bool):
    labels, first = noisy(0, ties=ties)
    second = np.round(first + np.random.default_rng(1).normal(0, 0.15, 400), 1 if ties else 9)
    values, covariance = _quadratic(labels, first, second)
    found = compare(labels, first, second)
    deviation = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert found.difference == pytest.approx(values[0] - values[1], abs=1e-12)
    assert found.z == pytest.approx(found.difference / deviation, rel=0.01)
    assert found.p == pytest.approx(2 * norm.sf(abs(found.z)), abs=1e-12)
    assert (found.low, found.high) == pytest.approx(
        (found.difference - 1.959963985 * deviation, found.difference + 1.959963985 * deviation), abs=4e-3
    )


@pytest.mark.parametrize("second", [[0.5] * 25, np.r_[np.zeros(5), np.ones(20)]])
def test_perfect_separation_of_few_films_leaves_open_what_so_few_leave_open(second: list[float]):
    labels, first = np.r_[np.ones(5), np.zeros(20)], np.r_[np.ones(5), np.zeros(20)]
    found = compare(labels, first, np.asarray(second, float))
    alone = auroc(labels, first), auroc(labels, second)
    # No film of either varies, so they are not correlated: half-widths add as those of two groups do.
    half = np.hypot(alone[0].value - alone[0].low, alone[1].high - alone[1].value)
    assert found.low == pytest.approx(found.difference - half) and found.high > found.difference - 0.01
    assert 0.001 < found.p < 0.2
    assert (found.p < 0.05) == (found.low > 0)


@pytest.mark.parametrize("several", [False, True])
def test_the_interval_of_a_difference_of_areas_holds_as_often_as_it_says(several: bool):
    world, rng, held = World(separation=1.8, several=several), np.random.default_rng(3), []
    true = world.auroc - World(separation=0.9).auroc
    for _ in range(250):
        labels, scores, owner = world.draw(rng, world.patients(11))
        noise = 0.7 * (scores - 1.8 * labels) + np.sqrt(1 - 0.49) * world.noise(rng, owner)
        found = compare(labels, scores, 0.9 * labels + noise, owner)
        if not np.isnan(found.low):
            held.append(found.low <= true <= found.high)
    assert len(held) > 240 and 0.93 <= np.mean(held) <= 0.995


def test_a_model_does_not_differ_from_itself_on_another_scale():
    labels, scores = noisy(0)
    same = compare(labels, scores, np.log(scores))
    assert (same.difference, same.z, same.p, same.low, same.high) == (0, 0, 1, 0, 0)


def test_p_values_of_equal_models_are_uniform():
    rng = np.random.default_rng(8)
    below = []
    for _ in range(400):
        labels = np.repeat([1.0, 0.0], [40, 80])
        shared = rng.normal(size=120) + labels
        below.append(compare(labels, shared + rng.normal(size=120), shared + rng.normal(size=120)).p < 0.05)
    assert 0.025 <= np.mean(below) <= 0.08


def test_films_without_one_of_the_scores_are_counted_and_left_out():
    labels, first = noisy(0)
    second = first[::-1].copy()
    first[:5], second[3:8] = np.nan, np.nan
    found = compare(labels, first, second)
    kept = slice(8, None)
    assert (found.films, found.left_out) == (392, 8)
    assert found == dataclasses.replace(compare(labels[kept], first[kept], second[kept]), left_out=8)
    nothing = compare(np.zeros(3), np.arange(3) / 3, np.arange(3) / 3)
    assert np.isnan(nothing.difference) and np.isnan(nothing.p)


def test_models_are_compared_film_by_film():
    labels, scores = noisy(0)
    first, other = made(scores, labels), made(1 - scores, labels)
    order = np.random.default_rng(0).permutation(400)[:300]
    shuffled = other.restrict(order)
    found = compare_judged(first, shuffled, "Emphysema")
    kept = np.sort(order)
    assert (found.films, found.first.value) == (300, auroc(labels[kept], scores[kept]).value)
    assert found.second.value == pytest.approx(1 - found.first.value)
    strangers = made(scores, labels)
    strangers.films["film"] = "x" + strangers.films["film"]
    with pytest.raises(EvaluateError, match="no film in common"):
        compare_judged(first, strangers, "Emphysema")
