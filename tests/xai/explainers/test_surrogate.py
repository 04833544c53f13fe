"""LIME's weights by the Gaussian process, against the straight fit and every film there is."""

from __future__ import annotations

import numpy as np

from tests.xai.explainers.made_games import game, long_run_weights, share_held
from xai.explainers.pairs import draw_pairs, films_of, fit_pairs
from xai.explainers.surrogate import fit_surrogate


def ends(answers, regions):
    base, whole = answers(np.array([[False] * regions, [True] * regions]))
    return whole - base


def test_of_few_pairs_it_misses_less_than_the_straight_fit_and_knows_by_how_much():
    answers = game(14)
    truth, whole = long_run_weights(answers, 14), ends(answers, 14)
    fits, straight = [], []
    for seed in range(20):
        drawn = draw_pairs(24, 14, seed)
        logits = answers(films_of(drawn))
        fits.append(fit_surrogate(drawn, logits, whole))
        straight.append(fit_pairs(drawn, logits))
        assert np.isinf(straight[-1].errors).all()
    misses = [np.mean([np.square(fit.weights - truth).mean() for fit in some]) for some in (fits, straight)]
    assert misses[0] < misses[1]
    assert 0.92 <= share_held(fits, truth) <= 0.98


def test_a_game_that_is_always_the_same_has_no_weights():
    drawn = draw_pairs(16, 9, seed=0)
    fit = fit_surrogate(drawn, np.full((32, 2), 3.0), np.zeros(2))
    assert not fit.weights.any() and not fit.errors.any()
    np.testing.assert_allclose(fit.intercepts, 3)


def test_without_pairs_there_are_no_weights():
    fit = fit_surrogate(np.zeros((0, 5), bool), np.zeros((0, 2)), np.ones(2))
    assert not fit.weights.any() and np.isinf(fit.errors).all()
