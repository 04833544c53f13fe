"""The Gaussian process over pairs, against itself written out over every film."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai.explainers.made_games import all_films, game, shapley_values
from xai.explainers import process
from xai.explainers.pairs import films_of
from xai.explainers.process import fit_process, shapley_chances
from xai.explainers.shapley import draw_coalitions

REGIONS = 7


@pytest.fixture(scope="module")
def fitted():
    answers = game(REGIONS, seed=1)
    drawn = draw_coalitions(12, REGIONS, seed=0)
    logits = answers(films_of(drawn))
    ends = answers(np.array([[False] * REGIONS, [True] * REGIONS]))
    return fit_process(drawn, (logits[::2] - logits[1::2]) / 2, ends[1] - ends[0]), drawn, logits


def covariance(one, other, made) -> np.ndarray:
    """Of half the differences, by the two halves of each pair."""
    unlike, signs = np.exp(-made.shares.apart * made.relevance), (2 * one - 1, 2 * other - 1)

    def alike(first, second):
        return np.where(first[:, None] == second[None], 1, unlike).prod(axis=-1)

    radial = (alike(one, other) - alike(one, 1 - other)) / (1 - unlike.prod())
    linear = signs[0] * made.relevance / REGIONS @ signs[1].T
    return made.shares.linear * linear + (1 - made.shares.linear) * radial


def as_game(values):
    """Answers (N, …) to films, from a row for each of `all_films`."""
    return lambda shown: values[np.asarray(shown, int) @ (1 << np.arange(REGIONS)[::-1])]


def test_its_effects_are_the_shapley_values_of_its_mean_and_their_spread_that_of_its_paths(fitted):
    made, _, _ = fitted
    films = all_films(REGIONS).astype(float)
    noise = np.diag(np.append(np.full(12, made.shares.noise), 0) + process.JITTER)
    inverse = np.linalg.inv(covariance(made.shown, made.shown, made) + noise)
    across = covariance(films, made.shown, made)
    values, errors = made.effects(*shapley_chances())
    np.testing.assert_allclose(values, shapley_values(as_game(made.foretold(films)), REGIONS), atol=1e-9)
    spread = covariance(films, films, made) - across @ inverse @ across.T
    once = shapley_values(as_game(spread), REGIONS)
    np.testing.assert_allclose(
        errors, np.sqrt(np.outer(np.diag(shapley_values(as_game(once.T), REGIONS)), made.scale)), atol=1e-7
    )


def test_at_a_chance_of_one_half_they_are_what_a_region_does_on_average_over_all_films(fitted):
    made, _, _ = fitted
    mean = made.foretold(all_films(REGIONS))
    values, _ = made.effects(np.array([0.5]), np.array([1.0]))
    with_it = all_films(REGIONS)
    expected = [mean[with_it[:, k]].mean(axis=0) - mean[~with_it[:, k]].mean(axis=0) for k in range(REGIONS)]
    np.testing.assert_allclose(values, expected, atol=1e-9)


def test_it_goes_through_the_answers_but_for_the_noise_and_through_the_known_difference(fitted):
    made, drawn, logits = fitted
    missed = (logits[::2] - logits[1::2]) / 2 - made.foretold(drawn)
    np.testing.assert_allclose(missed, (made.shares.noise + process.JITTER) * made.solved[:-1], atol=1e-9)
    whole = made.foretold(np.ones((1, REGIONS), bool))[0] * 2
    np.testing.assert_allclose(made.effects(*shapley_chances())[0].sum(axis=0), whole, atol=1e-9)


def test_one_choice_serves_all_findings_however_large_their_logits(fitted):
    made, drawn, logits = fitted
    odd, factors = (logits[::2] - logits[1::2]) / 2, np.array([1, 10, 0.1])
    whole = made.foretold(np.ones((1, REGIONS), bool))[0] * 2
    one, other = fit_process(drawn, odd, whole), fit_process(drawn, odd * factors, whole * factors)
    assert one.shares == other.shares
    for found, larger in zip(one.effects(*shapley_chances()), other.effects(*shapley_chances()), strict=True):
        np.testing.assert_allclose(larger, found * factors, rtol=1e-6)


def test_a_region_on_which_the_answers_depend_more_is_of_more_relevance():
    drawn = draw_coalitions(30, REGIONS, seed=0)
    answers = np.where(drawn[:, :1], 1.0, -1.0)
    made = fit_process(drawn, answers, np.array([2.0]))
    assert made.relevance.argmax() == 0 and made.relevance.mean() == pytest.approx(1)
    assert made.relevance[1:].max() < 0.1 * made.relevance[0]
