"""Tables of games, which estimators of Shapley values are held against."""

import numpy as np
import pytest

from tests.benchmarks.games import all_coalitions, exact_values
from xai.explainers.pairs import films_of
from xai.explainers.shapley import all_pairs, draw_coalitions, fit_shares


def test_the_values_of_a_table_are_the_known_ones_of_a_left_and_two_right_gloves():
    left, *right = all_coalitions(3).T
    sold = (left & np.logical_or(*right)).astype(np.float32)
    assert exact_values(sold[:, None])[:, 0] == pytest.approx([4 / 6, 1 / 6, 1 / 6])


def test_the_values_of_a_table_are_those_that_are_fitted_to_all_its_pairs():
    players = 7
    table = np.random.default_rng(0).normal(size=(2**players, 3))
    pairs = draw_coalitions(all_pairs(players), players, 0)
    fitted = fit_shares(pairs, table[films_of(pairs) @ (1 << np.arange(players))], table[-1] - table[0])
    np.testing.assert_allclose(exact_values(table), fitted.weights, atol=1e-12)
