"""How well shares of evidence tell two models apart: against answers known in closed form, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from training.benchmark.telling import (
    chance_of,
    decide,
    films_needed,
    paired_p,
    tells_apart,
    threshold,
)


def test_shares_that_never_overlap_tell_the_models_apart_at_once():
    clean, leaning = np.linspace(0, 0.1, 100), np.linspace(0.2, 0.5, 100)
    found = tells_apart(clean, leaning)
    decision = decide(clean, leaning)
    assert found["auroc"] == 1 and 0.9 < found["auroc_low"] < 1
    assert (decision.found, decision.spared, decision.films) == (1, 1, 1)
    assert decision.most == 1  # 100 of 100 is 96.3 % at least


def test_the_same_shares_tell_nothing():
    shares = np.linspace(0, 1, 40)
    found = tells_apart(shares, shares)
    assert found["auroc"] == 0.5
    assert found["auroc_low"] <= 0.5 <= found["auroc_high"]
    assert paired_p(shares, shares) == 1
    assert decide(shares, shares).films == math.inf


def test_the_area_is_the_chance_over_all_pairs():
    clean, leaning = np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.25, 0.4])
    pairs = [(a < b) + (a == b) / 2 for a in clean for b in leaning]
    assert tells_apart(clean, leaning)["auroc"] == pytest.approx(np.mean(pairs))


def test_the_interval_of_the_area_holds_the_true_one_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    held, true = [], stats.norm.cdf(1 / np.sqrt(2))
    for _ in range(400):
        film = rng.normal(size=60) * 0.6  # a film is easy or hard for both
        clean, leaning = (film + np.sqrt(1 - 0.36) * rng.normal(size=60) + shift for shift in (0, 1))
        one = tells_apart(clean, leaning)
        held.append(one["auroc_low"] <= true <= one["auroc_high"])
    assert 0.92 <= np.mean(held) <= 0.985


def test_the_p_of_pairs_is_small_by_chance_no_more_often_than_it_says():
    rng = np.random.default_rng(5)
    small = [paired_p(*rng.gamma(1, size=(2, 30))) <= 0.05 for _ in range(600)]
    assert np.mean(small) <= 0.075
    assert paired_p(np.zeros(100), np.arange(1, 101)) < 1e-17  # all 100 in one direction


@pytest.mark.parametrize(("share", "films"), [(0.96, 1), (0.95, 1), (0.9, 3), (0.8, 7), (0.7, 17), (0.5, math.inf)])
def test_a_majority_needs_as_many_films_as_the_binomial_says(share, films):
    assert films_needed(share, 1.0) == films_needed(1.0, share) == films


def test_as_many_films_are_enough_by_drawing_them():
    rng = np.random.default_rng(6)
    clean, leaning = rng.normal(0, 1, 200), rng.normal(1.6, 1, 200)
    needed, limit = int(films_needed(*_rates(clean, leaning))), threshold(clean, leaning)

    def right(films):
        drawn = [rng.choice(shares, (20000, films)) > limit for shares in (clean, leaning)]
        accused = [(one.sum(axis=1) > films / 2).mean() for one in drawn]
        return min(1 - accused[0], accused[1])

    assert needed > 1
    assert right(needed) >= 0.95 - 0.005
    assert right(needed - 2) < 0.95 + 0.005


def _rates(clean, leaning):
    limit = threshold(clean, leaning)
    return (leaning > limit).mean(), (clean <= limit).mean()


def test_a_film_is_not_judged_by_a_threshold_that_has_seen_it():
    rng = np.random.default_rng(7)
    found, spared = [], []
    for _ in range(60):
        decision = decide(rng.random(20), rng.random(20))  # nothing to be found
        found.append(decision.found)
        spared.append(decision.spared)
    assert np.mean([found, spared]) < 0.52


def test_the_threshold_lies_between_what_it_parts():
    assert threshold(np.array([0, 0.1]), np.array([0.3, 0.4])) == pytest.approx(0.2)
    assert threshold(np.zeros(3), np.zeros(3)) == 0


def test_guessing_gets_as_many_right_as_all_ways_of_guessing_say():
    # 12 films, 6 of them the leaning model's, of which all are found: one way in 924
    assert chance_of(12, 6, 12, 6) == pytest.approx(1 / math.comb(12, 6))
    assert chance_of(6, 12, 12, 6) == 1  # who calls all films leaning has always 6 right
    rng = np.random.default_rng(8)
    truth = np.repeat([True, False], 6)
    rights = [(rng.permutation(12) < 5) == truth for _ in range(20000)]
    assert chance_of(9, 5, 12, 6) == pytest.approx(np.mean([one.sum() >= 9 for one in rights]), abs=0.012)
