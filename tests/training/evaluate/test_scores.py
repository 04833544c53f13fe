from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from tests.training.evaluate.made_scores import binormal, noisy
from training.evaluate.calibration import brier_parts, brier_score, calibration_curve, expected_calibration_error
from training.evaluate.ranked import rank


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ties", [False, True])
def test_brier_score_is_scikit_learns(seed: int, ties: bool):
    labels, scores = noisy(seed, ties=ties)
    assert brier_score(rank(labels, scores)) == pytest.approx(brier_score_loss(labels, scores), abs=1e-12)


@pytest.mark.parametrize("by", ["films", "probability"])
@pytest.mark.parametrize("bins", [1, 2, 7, 10, 1000])
@pytest.mark.parametrize("ties", [False, True])
def test_brier_parts_add_up(by: str, bins: int, ties: bool):
    parts = brier_parts(rank(*noisy(3, ties=ties)), bins, by)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_variance - parts.within_covariance
    assert total == pytest.approx(parts.brier, abs=1e-14)


def test_brier_parts_in_closed_form():
    # Two probabilities, each its own group: Murphy's decomposition, nothing within.
    labels = np.array([1, 0, 0, 0, 1, 1, 1, 0], float)
    parts = brier_parts(rank(labels, np.repeat([0.2, 0.9], 4)), bins=2)
    assert parts.reliability == pytest.approx((0.05**2 + 0.15**2) / 2)
    assert parts.resolution == pytest.approx(0.25**2)
    assert parts.uncertainty == 0.25
    assert parts.within_variance == pytest.approx(0) and parts.within_covariance == pytest.approx(0)


def test_calibration_curve_in_closed_form():
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0], float)
    curve = calibration_curve(rank(labels, np.array([0.1, 0.1, 0.1, 0.1, 0.8, 0.8, 0.8, 0.8])), bins=2)
    np.testing.assert_allclose(curve.predicted, [0.1, 0.8])
    np.testing.assert_allclose(curve.observed, [0.25, 0.75])
    assert curve.films.tolist() == [4, 4]
    assert curve.error == pytest.approx(0.10)
    assert (curve.low < curve.observed).all() and (curve.observed < curve.high).all()


def test_groups_are_of_equal_number_and_ties_stay_together():
    labels, scores = noisy(0, films=403)
    assert calibration_curve(rank(labels, scores), 10).films.tolist() == [41, 41, 41, *[40] * 7]
    order = np.random.default_rng(0).permutation(403)
    tied = np.round(scores, 1)
    first, second = (calibration_curve(rank(a, b), 10) for a, b in ((labels, tied), (labels[order], tied[order])))
    assert len(first.films) < 10 and first.films.sum() == 403
    assert (first.from_probability[1:] > first.to_probability[:-1]).all()
    np.testing.assert_allclose(first.observed, second.observed)
    assert expected_calibration_error(labels, tied) == expected_calibration_error(labels[order], tied[order])


def test_groups_of_equal_width():
    labels, scores = noisy(2)
    curve = calibration_curve(rank(labels, scores), 10, by="probability")
    for k, low in enumerate(curve.from_probability):
        assert math.floor(low * 10) == math.floor(curve.to_probability[k] * 10)
    inside = (scores >= 0.3) & (scores < 0.4)
    at = list(np.floor(curve.from_probability * 10)).index(3)
    assert curve.films[at] == inside.sum()
    assert curve.observed[at] == pytest.approx(labels[inside].mean())


def test_true_probabilities_lie_in_the_intervals_at_the_nominal_rate():
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(150):
        labels, z = binormal(rng, 3000, 0.2, 1.0)
        curve = calibration_curve(rank(labels, expit(z)))
        inside += list((curve.low <= curve.predicted) & (curve.predicted <= curve.high))
    # 1500 groups: the standard error of 95 % is 0.6 %.
    assert 0.93 <= np.mean(inside) <= 0.97


def test_false_probabilities_do_not():
    labels, z = binormal(np.random.default_rng(1), 20_000, 0.2, 1.0)
    curve = calibration_curve(rank(labels, expit(2 * z)))
    assert ((curve.low <= curve.predicted) & (curve.predicted <= curve.high)).mean() < 0.5


def test_nothing_to_measure():
    ranked = rank(np.array([np.nan]), np.array([0.5]))
    assert math.isnan(brier_score(ranked)) and math.isnan(brier_parts(ranked).reliability)
    assert math.isnan(calibration_curve(ranked).error) and len(calibration_curve(ranked).films) == 0
    assert brier_score(rank([0, 0], [0.0, 0.5])) == 0.125
