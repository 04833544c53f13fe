from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from training.evaluate import (
    auroc,
    balanced_threshold,
    expected_calibration_error,
    mean_auroc,
    mean_auroc_interval,
)


def _films(seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(120) < 0.3).astype(float)
    scores = rng.normal(size=120) + labels
    return labels, np.round(scores, 1) if ties else scores


def _delong_variance(positive: np.ndarray, negative: np.ndarray) -> float:
    """DeLong et al. 1988, equations 4 and 5, pair by pair."""
    m, n = len(positive), len(negative)
    psi = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in negative] for x in positive]
    area = sum(map(sum, psi)) / (m * n)
    v10 = [sum(row) / n for row in psi]
    v01 = [sum(row[j] for row in psi) / m for j in range(n)]
    s10 = sum((v - area) ** 2 for v in v10) / (m - 1)
    s01 = sum((v - area) ** 2 for v in v01) / (n - 1)
    return s10 / m + s01 / n


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_auroc_is_scikit_learns(seed: int, ties: bool):
    labels, scores = _films(seed, ties)
    assert auroc(labels, scores).value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_interval_has_delongs_variance(ties: bool):
    labels, scores = _films(7, ties)
    measured = auroc(labels, scores)
    deviation = np.sqrt(_delong_variance(scores[labels == 1], scores[labels == 0]))
    assert measured.variance == pytest.approx(deviation**2, abs=1e-12)
    # With so many films it is nearly the usual one, symmetric on the logit scale (Pepe, 2003, section 5.2).
    width = 1.959963984540054 * deviation / (measured.value * (1 - measured.value))
    assert measured.low == pytest.approx(expit(logit(measured.value) - width), abs=0.01)
    assert measured.high == pytest.approx(expit(logit(measured.value) + width), abs=0.01)


def test_interval_covers_the_truth_about_95_times_in_100():
    # Normal scores one standard deviation apart: the AUROC is Phi(1 / sqrt 2) = 0.7602.
    rng = np.random.default_rng(3)
    labels = np.repeat([1.0, 0.0], [40, 80])
    measured = [auroc(labels, rng.normal(size=120) + labels) for _ in range(600)]
    covered = np.mean([one.low <= 0.7602499 <= one.high for one in measured])
    assert 0.925 <= covered <= 0.975


def test_missing_labels_do_not_count():
    labels, scores = _films(1, ties=False)
    with_gaps = np.append(labels, [np.nan, np.nan])
    assert auroc(with_gaps, np.append(scores, [9.0, -9.0])) == auroc(labels, scores)


def test_too_few_films():
    none = auroc([0, 0, 0], [0.1, 0.2, 0.3])
    assert np.isnan(none.value) and (none.positives, none.negatives) == (0, 3)
    one = auroc([1, 0, 0], [0.2, 0.1, 0.3])
    assert one.value == 0.5 and np.isnan(one.low)
    perfect = auroc([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1])
    assert (perfect.value, perfect.low, perfect.high) == (1.0, pytest.approx(0.3424, abs=5e-5), 1.0)


def test_mean_auroc_skips_findings_of_one_kind():
    labels = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], float)
    scores = np.array([[0.9, 0.5], [0.1, 0.4], [0.3, 0.3], [0.4, 0.2]])
    assert mean_auroc(labels, scores) == 0.75
    assert np.isnan(mean_auroc(labels[:, 1:], scores[:, 1:]))


def test_interval_draws_patients_not_films():
    # Each film ten times over, as ten films of one patient: no more is known than from one film each.
    labels, scores = _films(2, ties=False)
    few = mean_auroc_interval(labels[:, None], scores[:, None], np.arange(120), np.random.default_rng(0))
    many = mean_auroc_interval(
        np.repeat(labels, 10)[:, None],
        np.repeat(scores, 10)[:, None],
        np.repeat(np.arange(120), 10),
        np.random.default_rng(0),
    )
    assert many == pytest.approx(few, abs=1e-12)
    single = auroc(labels, scores)
    assert few == pytest.approx((single.low, single.high), abs=0.03)


def test_calibration_error_in_closed_form():
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0], float)
    probabilities = np.array([0.1, 0.1, 0.1, 0.1, 0.8, 0.8, 0.8, 0.8])
    # Two groups of four: |0.1 - 1/4| and |0.8 - 3/4|.
    assert expected_calibration_error(labels, probabilities, bins=2) == pytest.approx((0.15 + 0.05) / 2)
    gaps = expected_calibration_error(np.append(labels, np.nan), np.append(probabilities, 0.5), bins=2)
    assert gaps == pytest.approx(0.10)


def test_calibration_error_of_the_right_probabilities_falls_with_films():
    rng = np.random.default_rng(0)
    probabilities = rng.random(200_000)
    labels = (rng.random(200_000) < probabilities).astype(float)
    assert expected_calibration_error(labels, probabilities) < 0.005


def test_balanced_threshold_in_closed_form():
    labels = np.array([1, 1, 0, 1, 0, 0])
    probabilities = np.array([0.9, 0.8, 0.7, 0.4, 0.2, 0.1])
    # From 0.75 upwards: 2 of 3 found and 3 of 3 left alone; from 0.55: 2 of 3 and 2 of 3.
    assert balanced_threshold(labels, probabilities) == pytest.approx(0.55)
    assert np.isnan(balanced_threshold(np.zeros(4), np.arange(4) / 4))
    assert balanced_threshold(np.array([1, 0]), np.array([0.3, 0.3])) == 0.3


def test_balanced_threshold_balances():
    labels, scores = _films(4, ties=False)
    flagged = expit(scores) >= balanced_threshold(labels, expit(scores))
    sensitivity, specificity = flagged[labels == 1].mean(), 1 - flagged[labels == 0].mean()
    assert abs(sensitivity - specificity) <= 1 / labels.sum()
