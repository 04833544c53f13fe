"""When a map of regions is sure enough, and how sure it says that it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.xai.explainers.made_games import game
from xai.explainers.converging import (
    CONVERGING,
    FINE,
    NOT_KNOWN,
    STABLE,
    fit_until_converged,
    is_converged,
    rank_stability,
)
from xai.explainers.declared import tell
from xai.explainers.pairs import draw_pairs, films_of, fit_pairs, pairs_in_block


def counted(answers):
    asked = []
    return asked, lambda shown: asked.append(shown) or answers(shown)


def test_stability_is_spearmans_correlation_of_the_halves_raised_to_all_films():
    rng = np.random.default_rng(0)
    one = rng.integers(0, 9, (40, 3)).astype(float)  # with ties
    other = one + rng.normal(0, 3, one.shape)
    alike = np.array([spearmanr(one[:, k], other[:, k]).statistic for k in range(3)])
    np.testing.assert_allclose(rank_stability(one, other), 2 * alike / (1 + alike))
    assert rank_stability(one, -one).tolist() == [0, 0, 0]
    assert np.isnan(rank_stability(one, np.ones_like(one))).all()


def test_its_root_foretells_the_correlation_with_the_long_run():
    answers = game(30, outputs=1)
    shown = np.random.default_rng(0).random((20_000, 30)) < 0.5
    truth = fit_pairs(shown, answers(films_of(shown))).weights
    foretold, correlated = [], []
    for seed in range(60):
        found = fit_until_converged(draw_pairs(96, 30, seed), answers, fit_pairs, stops=False)
        foretold.append(np.sqrt(found.stability[0]))
        correlated.append(spearmanr(found.fit.weights[:, 0], truth[:, 0]).statistic)
    assert np.mean(foretold) == pytest.approx(np.mean(correlated), abs=0.03)


def test_it_stops_after_the_first_block_at_which_every_output_has_passed_both_bounds():
    asked, ask = counted(game(12))
    pairs = draw_pairs(4000, 12, seed=0)
    found = fit_until_converged(pairs, ask, fit_pairs)
    used = len(found.answers) // 2
    assert found.converged and used < 4000 and used % pairs_in_block(12) == 0
    np.testing.assert_array_equal(np.concatenate(asked), films_of(pairs[:used]))  # each film once
    assert is_converged(found.fit.weights, found.fit.errors, found.stability)
    before = fit_until_converged(pairs[: used - pairs_in_block(12)], ask, fit_pairs, stops=False)
    assert not before.converged
    again = fit_pairs(pairs[:used], found.answers)
    np.testing.assert_array_equal(found.fit.weights, again.weights)


def test_it_goes_to_the_end_where_it_must_not_stop_or_does_not_converge():
    noise = np.random.default_rng(0)
    for answers, stops in ((game(12), False), (lambda shown: noise.normal(0, 1, (len(shown), 1)), True)):
        asked, ask = counted(answers)
        found = fit_until_converged(draw_pairs(300, 12, seed=0), ask, fit_pairs, stops)
        assert len(found.answers) == sum(map(len, asked)) == 600
        assert len(asked) == (18 if stops else 1)  # two blocks of 16, each further one, and what is left over


@pytest.mark.parametrize(
    ("error", "stability", "enough"),
    [
        (FINE, STABLE, True),
        (1.01 * FINE, STABLE, False),
        (FINE, 0.99 * STABLE, False),
        (FINE, np.nan, False),
        (5e-5, 0.0, True),  # known to less than any logit that matters
        (np.inf, 1.0, False),
    ],
)
def test_both_bounds_must_be_passed_unless_nothing_is_left_to_know(error, stability, enough):
    values, errors = np.array([[1.0], [-0.2]]), np.full((2, 1), error)
    assert is_converged(values, errors, np.array([stability])) == enough


def test_one_finding_that_is_not_sure_keeps_all_going():
    values, errors = np.ones((2, 2)), np.array([[0.01, 0.2], [0.01, 0.2]])
    assert not is_converged(values, errors, np.array([1.0, 1.0]))
    assert is_converged(values[:, :1], errors[:, :1], np.array([1.0]))


def test_how_sure_it_is_is_told_in_words():
    found = fit_until_converged(draw_pairs(4000, 12, seed=0), game(12), fit_pairs)
    sure = found.how_sure(1)
    values, errors = found.fit.weights[:, 1], found.fit.errors[:, 1]
    assert sure["sure_share"] == np.mean((values - 1.96 * errors > 0) | (values + 1.96 * errors < 0))
    assert sure["mean_error"] == pytest.approx(errors.mean())
    told = {one.label: one for one in tell(CONVERGING, sure)}
    assert told["Order holds"].value == f"{found.stability[1]:.2f}" and not told["Order holds"].warn
    assert told["Sign is sure"].value == f"{100 * sure['sure_share']:.0f}\N{NO-BREAK SPACE}%"
    assert told["Films"].value == "enough"
    assert tell(CONVERGING, {"rank_stability": 0.49})[0].meaning.startswith("Low: which region is stronger is mostly")


def test_what_is_not_known_is_not_told():
    found = fit_until_converged(draw_pairs(8, 12, seed=0), game(12), fit_pairs)
    assert found.how_sure(0) == NOT_KNOWN | {"converged": False}
    assert tell(CONVERGING, found.how_sure(0)) == tell(CONVERGING, NOT_KNOWN) == []
