"""Shapley values of regions, against their definition over every film there is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai.explainers.made_games import game, shapley_values, share_held
from xai.explainers.pairs import films_of
from xai.explainers.shapley import all_pairs, draw_coalitions, fit_shares


def difference(answers, regions):
    ends = answers(np.array([[False] * regions, [True] * regions]))
    return ends[1] - ends[0]


def shares(answers, regions, pairs, seed=0):
    drawn = draw_coalitions(pairs, regions, seed)
    return fit_shares(drawn, answers(films_of(drawn)), difference(answers, regions))


@pytest.mark.parametrize("regions", [1, 2, 3, 7, 12])
def test_where_all_films_fit_in_the_values_are_exact(regions):
    answers = game(max(regions, 3), seed=regions)

    def of_these(shown):
        return answers(np.hstack([shown, np.zeros((len(shown), max(regions, 3) - regions), bool)]))

    drawn = draw_coalitions(10_000, regions, seed=0)
    films = films_of(drawn)
    assert len(np.unique(films, axis=0)) == len(films) == 2 * all_pairs(regions)
    fit = shares(of_these, regions, 10_000)
    np.testing.assert_allclose(fit.weights, shapley_values(of_these, regions), atol=1e-9)
    assert not fit.errors.any()


def test_with_more_films_they_come_nearer_to_the_exact_ones():
    answers = game(12)
    truth = shapley_values(answers, 12)
    misses = [
        np.sqrt(np.mean([np.square(shares(answers, 12, pairs, seed).weights - truth).mean() for seed in range(20)]))
        for pairs in (50, 200, 800)
    ]
    assert misses[1] < 0.6 * misses[0] and misses[2] < 0.6 * misses[1]
    assert misses[2] < 0.1 * truth.std()


@pytest.mark.parametrize("pairs", [0, 1, 5, 40, 300, 5000])
def test_shares_add_up_to_the_difference_whatever_was_drawn(pairs):
    answers = game(12, seed=3)
    fit = shares(answers, 12, pairs)
    np.testing.assert_allclose(fit.weights.sum(axis=0), difference(answers, 12), atol=1e-9)
    assert np.isfinite(fit.weights).all()


@pytest.mark.parametrize("pairs", [60, 150, 500])
def test_intervals_hold_the_exact_value_in_95_of_100_cases(pairs):
    answers = game(12, seed=2)
    truth = shapley_values(answers, 12)
    share = share_held([shares(answers, 12, pairs, seed) for seed in range(250)], truth)
    assert 0.93 <= share <= 0.97


def test_each_number_of_shown_regions_is_drawn_as_often_as_any_other():
    drawn = draw_coalitions(5 * 29, 30, seed=1)
    np.testing.assert_array_equal(np.bincount(drawn.sum(axis=1)), [0] + [5] * 29)
    shown = np.mean([draw_coalitions(29, 30, seed).mean(axis=0) for seed in range(200)], axis=0)
    assert np.abs(shown - 0.5).max() < 0.04  # and each region as often


def test_fewer_pairs_are_the_first_of_more():
    more = draw_coalitions(100, 30, seed=5)
    np.testing.assert_array_equal(draw_coalitions(41, 30, seed=5), more[:41])
    assert draw_coalitions(0, 30, seed=5).shape == (0, 30)


def test_a_region_that_does_nothing_gets_nothing_and_two_alike_get_the_same():
    def answers(shown):
        return np.where(shown[:, :1] & shown[:, 1:2], 1.0, 0.0) + shown[:, 2:3]

    fit = shares(answers, 5, 1000)
    np.testing.assert_allclose(fit.weights[:, 0], [0.5, 0.5, 1, 0, 0], atol=1e-9)


def test_too_few_pairs_know_no_errors():
    answers = game(12)
    assert np.isinf(shares(answers, 12, 31).errors).all()
    assert (shares(answers, 12, 32).errors > 0).all()
