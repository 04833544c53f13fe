from __future__ import annotations

import math

import numpy as np
import pytest

from training.evaluate.alike import fails, nearest
from training.evaluate.ranked import EvaluateError
from training.evaluate.rates import share


def test_the_nearest_point_in_the_same_direction_however_long():
    features = np.array([[0.0, 1], [3, 0.3], [1, 1], [0, 0], [100, 0], [-1, 0], [np.nan, 1]])
    rows, similarity = nearest(features, np.array([2.0, 0]), 4)
    assert rows.tolist() == [4, 1, 2, 0]  # no direction of its own, and no number, are like nothing
    assert similarity == pytest.approx([1, 3 / math.hypot(3, 0.3), math.sqrt(0.5), 0])
    assert nearest(features, np.array([2.0, 0]), 99)[0].tolist() == [4, 1, 2, 0, 5]


def test_a_film_without_features_is_like_none():
    with pytest.raises(EvaluateError, match="no feature in this film"):
        nearest(np.ones((3, 2)), np.zeros(2), 2)
    with pytest.raises(EvaluateError, match="as many features"):
        nearest(np.ones((3, 2)), np.ones(3), 2)


def test_wrong_among_the_near_against_all_others_by_counting():
    outcome = np.array(["FP"] * 6 + ["TN"] * 2 + ["FP"] * 4 + ["TP"] * 6 + ["FN"] * 2 + ["TN"] * 30 + [""] * 5)
    near = np.zeros(len(outcome), bool)
    near[:8] = near[-1] = True  # the last has no label
    found = fails(outcome, near, ~near, True, np.arange(len(outcome)))
    assert found.near.first == share(6, 8) and found.near.second == share(6, 42)
    assert found.answered.first == share(6, 6) and found.answered.second == share(4, 10)
    assert 0 < found.near.low < found.near.difference < found.near.high and found.near.p < 0.01
    missed = fails(outcome, near, ~near, False, np.arange(len(outcome)))
    assert missed.answered.first == share(0, 2) and missed.answered.second == share(2, 32)


def test_films_of_one_patient_say_less():
    outcome = np.array(["FP"] * 10 + ["TN"] * 10 + ["FP"] * 10 + ["TN"] * 40)
    near = np.arange(70) < 20
    alone = fails(outcome, near, ~near, True, np.arange(70)).near
    four = fails(outcome, near, ~near, True, np.arange(70) // 5).near
    assert four.difference == alone.difference
    assert four.high - four.low > 1.3 * (alone.high - alone.low) and four.p > alone.p
