"""Pairs of films, and the straight fit to them, on games whose weights are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai.explainers.made_games import all_films, game, long_run_weights, share_held
from xai.explainers.pairs import draw_pairs, films_of, fit_pairs, pairs_in_block


def fitted(answers, regions, pairs, seed):
    drawn = draw_pairs(pairs, regions, seed)
    return fit_pairs(drawn, answers(films_of(drawn)))


@pytest.mark.parametrize(("regions", "block"), [(1, 1), (2, 2), (9, 16), (54, 64), (64, 64), (65, 128)])
def test_in_a_whole_block_any_two_regions_are_shown_together_as_often_as_apart(regions, block):
    assert pairs_in_block(regions) == block
    signs = np.where(draw_pairs(2 * block, regions, seed=3), 1, -1)
    for part in (signs[:block], signs[block:]):
        np.testing.assert_array_equal(part.T @ part, block * np.eye(regions))


def test_fewer_pairs_are_the_first_of_more_and_another_seed_draws_others():
    more = draw_pairs(40, 9, seed=5)
    np.testing.assert_array_equal(draw_pairs(23, 9, seed=5), more[:23])
    assert (draw_pairs(40, 9, seed=6) != more).any()
    assert draw_pairs(0, 9, seed=5).shape == (0, 9)


def test_each_film_by_itself_shows_any_regions_as_often_as_any_others():
    first = np.array([draw_pairs(1, 3, seed)[0] for seed in range(4000)])
    times = np.bincount(first @ [4, 2, 1], minlength=8)
    assert np.abs(times - 500).max() < 4 * np.sqrt(500)


def test_the_second_film_of_a_pair_shows_what_the_first_one_hides():
    drawn = draw_pairs(5, 4, seed=0)
    films = films_of(drawn)
    np.testing.assert_array_equal(films[::2], drawn)
    np.testing.assert_array_equal(films[1::2], ~drawn)


def test_a_linear_game_gets_back_its_weights_and_needs_no_error():
    linear = np.random.default_rng(1).normal(0, 1, (12, 2))
    fit = fitted(lambda shown: 0.5 + shown @ linear, 12, 320, seed=2)
    np.testing.assert_allclose(fit.weights, linear, atol=1e-9)
    np.testing.assert_allclose(fit.intercepts, 0.5, atol=1e-9)
    assert fit.errors.max() < 1e-9 and fit.r2.min() == pytest.approx(1)


def test_what_two_regions_do_together_cancels():
    def together(shown):
        return (shown[:, :1] * shown[:, 1:2] * 4.0) - shown[:, 2:3] * shown[:, 3:4]

    fit = fitted(together, 8, 800, seed=4)
    expected = [[2], [2], [-0.5], [-0.5], [0], [0], [0], [0]]  # half of each to either region, whatever was drawn
    np.testing.assert_allclose(fit.weights, expected, atol=1e-9)
    assert fit.errors.max() < 1e-9 and fit.r2[0] < 0.9  # the straight fit misses it all the same


@pytest.mark.parametrize("pairs", [48, 100, 400])
def test_intervals_hold_the_long_run_value_in_95_of_100_cases(pairs):
    answers = game(12)
    truth = long_run_weights(answers, 12)
    share = share_held([fitted(answers, 12, pairs, seed) for seed in range(250)], truth)
    assert 0.93 <= share <= 0.97


def test_the_mean_over_many_draws_is_the_long_run_value():
    answers = game(12, seed=1)
    truth = long_run_weights(answers, 12)
    found = [fitted(answers, 12, 64, seed) for seed in range(300)]
    mean = np.mean([fit.weights for fit in found], axis=0)
    spread = np.std([fit.weights for fit in found], axis=0) / np.sqrt(300)
    assert np.abs((mean - truth) / spread).max() < 4.5
    errors = np.sqrt(np.mean([fit.errors**2 for fit in found], axis=0)) / np.sqrt(300)
    np.testing.assert_allclose(errors.mean(), spread.mean(), rtol=0.1)


def test_blocks_of_pairs_miss_by_less_than_pairs_drawn_one_by_one():
    answers = game(30)
    shown = np.random.default_rng(0).random((20_000, 30)) < 0.5
    truth = fit_pairs(shown, answers(films_of(shown))).weights
    misses = {"blocks": [], "one by one": []}
    for seed in range(30):
        alone = np.random.default_rng(seed).random((64, 30)) < 0.5
        for name, drawn in (("blocks", draw_pairs(64, 30, seed)), ("one by one", alone)):
            misses[name].append(np.square(fit_pairs(drawn, answers(films_of(drawn))).weights - truth).mean())
    assert np.mean(misses["blocks"]) < 0.65 * np.mean(misses["one by one"])


def test_too_few_pairs_know_no_errors_and_give_finite_weights():
    answers = game(12)
    for pairs in (0, 1, 6, 31):
        fit = fitted(answers, 12, pairs, seed=0)
        assert np.isinf(fit.errors).all() and np.isfinite(fit.weights).all() and (fit.r2 >= 0).all()
    assert np.isfinite(fitted(answers, 12, 32, seed=0).errors).all()


def test_r2_is_what_a_fit_to_all_other_pairs_foretells():
    answers = game(6)
    drawn = draw_pairs(30, 6, seed=1)
    logits = answers(films_of(drawn))
    odd = (logits[::2] - logits[1::2]) / 2
    missed = 0.0
    for k in range(30):
        others = np.arange(30) != k
        fit = fit_pairs(drawn[others], logits[np.repeat(others, 2)])
        missed += (odd[k] - np.where(drawn[k], 0.5, -0.5) @ fit.weights) ** 2
    even = (logits[::2] + logits[1::2]) / 2
    even = even - even.mean(axis=0)
    expected = 1 - (missed + (even**2).sum(0)) / ((odd**2).sum(0) + (even**2).sum(0))
    np.testing.assert_allclose(fit_pairs(drawn, logits).r2, expected, atol=1e-9)


def test_a_game_that_is_always_the_same_has_no_weights_and_explains_nothing():
    fit = fitted(lambda shown: np.full((len(shown), 1), 3.0), 9, 64, seed=0)
    assert not fit.weights.any() and not fit.errors.any() and fit.r2[0] == 0
    assert len(all_films(3)) == 8
