"""Shapley values of regions, against their definition over every film there is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai.explainers.made_games import game, shapley_values, share_held
from xai.explainers import shapley
from xai.explainers.pairs import films_of, halves_of
from xai.explainers.shapley import _straight, all_pairs, draw_coalitions, fit_shares


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
        np.sqrt(np.mean([np.square(shares(answers, 12, pairs, seed).weights - truth).mean() for seed in range(6)]))
        for pairs in (30, 100, 300)
    ]
    assert misses[1] < 0.6 * misses[0] and misses[2] < 0.6 * misses[1]
    assert misses[2] < 0.1 * truth.std()


@pytest.mark.parametrize("pairs", [0, 1, 5, 40, 300])
def test_shares_add_up_to_the_difference_whatever_was_drawn(pairs):
    answers = game(12, seed=3)
    fit = shares(answers, 12, pairs)
    np.testing.assert_allclose(fit.weights.sum(axis=0), difference(answers, 12), atol=1e-9)
    assert np.isfinite(fit.weights).all()


@pytest.mark.parametrize("pairs", [60, 150])
def test_intervals_hold_the_exact_value_in_95_of_100_cases(pairs):
    games = [(game(12, seed=seed), seed) for seed in range(2, 6)]
    held = [
        share_held([shares(answers, 12, pairs, seed + draw) for draw in range(8)], shapley_values(answers, 12))
        for answers, seed in games
    ]
    assert 0.93 <= np.mean(held) <= 0.97


def test_from_the_same_films_it_misses_less_than_two_thirds_of_what_the_straight_fit_does():
    answers = game(12, seed=5)
    truth, whole = shapley_values(answers, 12), difference(answers, 12)
    misses = []
    for seed in range(8):
        drawn = draw_coalitions(150, 12, seed)
        logits = answers(films_of(drawn))
        straight = _straight(drawn, halves_of(logits)[0], whole)[0]
        misses.append([np.square(one - truth).mean() for one in (fit_shares(drawn, logits, whole).weights, straight)])
    process, straight = np.mean(misses, axis=0)
    assert process < 0.66 * straight


def test_beyond_the_pairs_that_are_fitted_the_others_bring_the_values_nearer_with_errors_that_hold(monkeypatch):
    answers = game(12, seed=5)
    truth = shapley_values(answers, 12)
    first = [shares(answers, 12, 60, seed) for seed in range(12)]
    monkeypatch.setattr(shapley, "MOST_FITTED", 60)
    more = [shares(answers, 12, 360, seed) for seed in range(12)]
    misses = [np.mean([np.square(fit.weights - truth).mean() for fit in fits]) for fits in (first, more)]
    assert misses[1] < 0.5 * misses[0]
    assert 0.93 <= share_held(more, truth) <= 0.985
    np.testing.assert_allclose(more[0].weights.sum(axis=0), difference(answers, 12), atol=1e-9)


def test_no_pair_is_drawn_twice_and_few_or_nearly_all_regions_are_shown_more_often_than_half():
    drawn = draw_coalitions(500, 10, seed=1)
    assert len(np.unique(films_of(drawn), axis=0)) == 1000
    sizes = np.bincount(draw_coalitions(4000, 30, seed=1).sum(axis=1), minlength=30)[1:]
    expected = 1 / np.sqrt(np.arange(1, 30) * np.arange(29, 0, -1))
    middle = slice(2, -2)  # of the outer sizes there are too few to draw them as often without a second time
    np.testing.assert_allclose(
        sizes[middle] / sizes[middle].sum(), expected[middle] / expected[middle].sum(), atol=0.015
    )
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
    assert np.isinf(shares(answers, 12, 19).errors).all()
    assert (shares(answers, 12, 20).errors > 0).all()


def test_a_linear_game_is_found_with_a_pair_for_each_region_and_known_to_be():
    weights = np.random.default_rng(0).normal(0, 1, (30, 2))
    fit = shares(lambda shown: shown @ weights, 30, 40)
    np.testing.assert_allclose(fit.weights, weights, atol=0.02)
    assert fit.errors.max() < 0.05


def test_a_game_that_is_always_the_same_shares_nothing_out():
    fit = shares(lambda shown: np.full((len(shown), 2), 3.0), 9, 40)
    assert not fit.weights.any() and not fit.errors.any()
