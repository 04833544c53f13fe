"""Intervals of areas do not shrink to a point where films are perfectly told apart, and hold with few films."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tests.training.evaluate.clustered_films import World
from tests.training.evaluate.made_scores import noisy
from training.evaluate.bootstrap import mean_auroc_interval, roc_band
from training.evaluate.by_patient import by_patient
from training.evaluate.intervals import area_interval
from training.evaluate.precision_recall import average_precision_of, clustered_average_precision
from training.evaluate.ranked import rank
from training.evaluate.rates import wilson
from training.evaluate.roc import auroc, clustered_area, clustered_auroc


@pytest.mark.parametrize(("positives", "low"), [(2, 0.342), (5, 0.566), (11, 0.741), (50, 0.929), (500, 0.992)])
def test_perfect_separation_leaves_as_much_open_as_there_are_films(positives: int, low: float):
    labels = np.repeat([1.0, 0.0], [positives, 1000])
    scores = np.linspace(1, 0, len(labels))
    found = auroc(labels, scores)
    assert (found.value, found.high) == (1.0, 1.0) and found.low == pytest.approx(low, abs=5e-4)
    reverse = auroc(labels, -scores)
    assert (reverse.value, reverse.low) == (0.0, 0.0) and reverse.high == pytest.approx(1 - low, abs=5e-4)
    value, lowest, highest = clustered_average_precision(
        by_patient(rank(labels, scores), labels, np.arange(len(labels)))
    )
    assert (value, highest) == (1.0, 1.0) and lowest == pytest.approx(low, abs=5e-4)
    few_without = auroc(1 - labels, -scores)
    assert (few_without.low, few_without.high) == pytest.approx((found.low, 1.0))


def test_perfect_separation_of_few_patients_counts_patients():
    labels, patients = np.repeat([1.0, 0.0], [40, 400]), np.repeat(np.arange(44), 10)
    scores = np.linspace(1, 0, 440)
    found = clustered_auroc(labels, scores, patients)
    assert (found.low, found.high) == pytest.approx(wilson(4, 4))
    low, high = mean_auroc_interval(labels[:, None], scores[:, None], patients, np.random.default_rng(0), 20)
    assert (low, high) == pytest.approx(wilson(4, 4))


def test_scores_that_are_all_the_same_leave_the_auroc_open():
    found = auroc(np.repeat([1.0, 0.0], [6, 30]), np.full(36, 0.2))
    assert found.value == 0.5 and (found.low, found.high) == pytest.approx(wilson(3, 6))


def test_one_wrong_pair_is_not_much_surer_than_none():
    # Five films with the finding above all but one of a thousand without it.
    scores = np.concatenate([[10, 9, 8, 7, 5.5], 6 - np.arange(1000) / 200])
    found = auroc(np.repeat([1.0, 0.0], [5, 1000]), scores)
    assert found.value == pytest.approx(0.98, abs=0.02) and found.low < 0.85 and found.high > found.value


def test_the_band_does_not_close_on_a_perfect_curve():
    labels = np.repeat([1.0, 0.0], [11, 200])
    band = roc_band(labels, np.linspace(1, 0, 211), np.arange(211), np.random.default_rng(0), 30, 11)
    assert (band.low[1:-1] < 0.8).all() and (band.low[1:-1] > 0.7).all() and (band.high == 1).all()
    assert band.low[-1] == 1


@pytest.mark.parametrize("positives", [5, 11])
@pytest.mark.parametrize("several", [False, True])
def test_intervals_hold_with_few_films(positives: int, several: bool):
    rng, held = np.random.default_rng(positives), {"auroc": [], "precision": []}
    for separation in (0.5, 1.8, 2.6):
        world = World(separation=separation, several=several, prevalence=0.1)
        for _ in range(120):
            films = world.ranked(rng, world.patients(positives))
            found = clustered_area(films.ranked, films.positive.astype(float), films.owner)
            if np.isnan(found.low):
                continue
            _, low, high = clustered_average_precision(films)
            held["auroc"].append(found.low <= world.auroc <= found.high)
            held["precision"].append(low <= world.average_precision <= high)
    assert np.mean(held["auroc"]) >= 0.94 and np.mean(held["precision"]) >= 0.90


def test_the_band_holds_the_true_curve_with_few_films():
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        labels = np.repeat([1.0, 0.0], [8, 150])
        band = roc_band(labels, rng.normal(size=158) + 1.5 * labels, np.arange(158), rng, 80, 21)
        true = norm.cdf(1.5 + norm.ppf(band.false_positive_rate[1:14]))
        inside += list((band.low[1:14] <= true) & (true <= band.high[1:14]))
    assert np.mean(inside) >= 0.92


def test_a_film_moves_the_average_precision_as_its_interval_says():
    labels, scores = noisy(1, films=80, ties=True)
    films = by_patient(rank(labels, scores), labels, np.arange(80))
    value, low, high = clustered_average_precision(films)
    levels = films.ranked.scores
    moves = []
    for film in range(80):
        weight = np.ones(80)
        weight[film] += 1e-6
        counts = [
            np.append([weight[(labels == kind) & (scores >= level)].sum() for level in levels], 0) for kind in (1, 0)
        ]
        moves.append((average_precision_of(*counts) - value) / 1e-6)
    positives = int(labels.sum())
    variance = positives / (positives - 1) * np.sum(np.square(moves))
    assert (low, high) == pytest.approx(area_interval(value, variance, positives), abs=1e-5)
