"""The Gaussian process in place of the straight fit, against itself written out over every film."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai.explainers.made_games import all_films, game
from xai.explainers import surrogate
from xai.explainers.pairs import draw_pairs, films_of, fit_pairs
from xai.explainers.surrogate import DECAY, fit_surrogate


def test_its_weights_are_those_of_its_mean_on_every_film(monkeypatch):
    monkeypatch.setattr(surrogate, "LINEAR", (0.3,))
    monkeypatch.setattr(surrogate, "RADIAL", (0.6,))
    drawn = draw_pairs(12, 8, seed=0)
    logits = game(8)(films_of(drawn))
    seen, everywhere = np.where(drawn, 1.0, -1.0), np.where(all_films(8), 1.0, -1.0)

    def kernel(one, other):
        apart = (8 - one @ other.T) / 2
        return 0.3 * one @ other.T / 8 + 0.7 * 0.6 * (DECAY**apart - DECAY ** (8 - apart)) / (1 - DECAY**8)

    odd = (logits[::2] - logits[1::2]) / 2
    noise = 0.7 * 0.4 + surrogate.JITTER
    inverse = np.linalg.inv(kernel(seen, seen) + noise * np.eye(12))
    mean = kernel(everywhere, seen) @ inverse @ odd
    fit = fit_surrogate(drawn, logits)
    np.testing.assert_allclose(fit.weights, 2 * everywhere.T @ mean / 256, atol=1e-9)
    spread = kernel(everywhere, everywhere) - kernel(everywhere, seen) @ inverse @ kernel(seen, everywhere)
    scale = np.einsum("pk,pq,qk->k", odd, inverse, odd) / 12
    slopes = np.diag(everywhere.T @ spread @ everywhere) / 256**2
    np.testing.assert_allclose(fit.errors, 2 * np.sqrt(np.outer(slopes, scale)), atol=1e-9)


def test_of_few_pairs_it_says_by_how_much_it_misses_where_the_straight_fit_does_not_know():
    answers = game(30)
    drawn = np.random.default_rng(0).random((20_000, 30)) < 0.5
    truth = fit_pairs(drawn, answers(films_of(drawn))).weights
    misses, held = {"surrogate": [], "straight": []}, []
    for seed in range(20):
        drawn = draw_pairs(40, 30, seed)
        logits = answers(films_of(drawn))
        fit, straight = fit_surrogate(drawn, logits), fit_pairs(drawn, logits)
        misses["surrogate"].append(np.square(fit.weights - truth).mean())
        misses["straight"].append(np.square(straight.weights - truth).mean())
        held.append(np.abs(fit.weights - truth) <= 1.96 * fit.errors)
        assert np.isinf(straight.errors).all()
    assert np.mean(misses["surrogate"]) == pytest.approx(np.mean(misses["straight"]), rel=0.05)
    assert 0.9 < np.mean(held) < 0.97


def test_one_choice_serves_all_findings_however_large_their_logits():
    drawn = draw_pairs(24, 12, seed=1)
    logits = game(12)(films_of(drawn))
    fit, larger = fit_surrogate(drawn, logits), fit_surrogate(drawn, logits * [1, 10, 0.1])
    np.testing.assert_allclose(larger.weights, fit.weights * [1, 10, 0.1], rtol=1e-6)
    np.testing.assert_allclose(larger.errors, fit.errors * [1, 10, 0.1], rtol=1e-6)


def test_a_game_that_is_always_the_same_has_no_weights():
    drawn = draw_pairs(16, 9, seed=0)
    fit = fit_surrogate(drawn, np.full((32, 2), 3.0))
    assert not fit.weights.any() and not fit.errors.any()
    np.testing.assert_allclose(fit.intercepts, 3)
