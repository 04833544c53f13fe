from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from training.evaluate.ranked import EvaluateError, rank
from training.mending.calibrate import (
    apply_map,
    correct_prior,
    fit_calibration,
    fit_isotonic,
    fit_platt,
    fit_temperature,
    undo_weight,
)


def test_recovers_what_was_distorted():
    rng = np.random.default_rng(0)
    true = rng.normal(-1, 1.5, (40_000, 3))
    labels = (rng.random(true.shape) < expit(true)).astype(float)
    found = fit_calibration(labels, (true - [0.5, -1.0, 2.0]) * 4)
    np.testing.assert_allclose(found.slope, 0.25, rtol=0.03)
    np.testing.assert_allclose(found.intercepts, [0.5, -1.0, 2.0], atol=0.06)


def test_mean_probability_equals_the_share_of_known_positives():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(300, 2))
    labels = (rng.random((300, 2)) < 0.2).astype(float)
    labels[:100, 1] = np.nan
    found = fit_calibration(labels, logits)
    calibrated = np.where(np.isnan(labels), np.nan, expit(found.slope * logits + found.intercepts))
    np.testing.assert_allclose(np.nanmean(calibrated, axis=0), np.nanmean(labels, axis=0), atol=1e-5)


def _binormal(seed: int, films: int, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(films) < prevalence).astype(float)
    return labels, 1.5 * (rng.normal(size=films) + 1.5 * labels) - 1.5**2 / 2 + logit(prevalence)


def test_platt_is_logistic_regression():
    labels, z = _binormal(0, 4000, 0.2)
    found = fit_platt(rank(labels, expit(z / 2 - 1)))
    regression = LogisticRegression(C=np.inf, tol=1e-10).fit((z / 2 - 1)[:, None], labels)
    # Platt's targets, a little inside 0 and 1, make the difference.
    assert found.slope == pytest.approx(regression.coef_[0, 0], rel=0.01)
    assert found.intercept == pytest.approx(regression.intercept_[0], abs=0.02)
    assert found.slope == pytest.approx(2, rel=0.1) and found.intercept == pytest.approx(2, abs=0.25)


def test_temperature_finds_what_was_divided_by():
    labels, z = _binormal(1, 40_000, 0.3)
    found = fit_temperature(rank(labels, expit(z * 3)))
    assert found.slope == pytest.approx(1 / 3, rel=0.03) and found.intercept == 0


def test_perfect_separation_and_reversed_scores_stay_finite_and_rising():
    labels = np.repeat([0.0, 1.0], 50)
    p = np.linspace(0.01, 0.99, 100)
    for fit in (fit_platt, fit_isotonic):
        for scores in (p, p[::-1]):
            found = fit(rank(labels, scores))
            mended = apply_map(found, np.sort(scores))
            assert np.isfinite(found([-50.0, 50.0])).all() and (np.diff(mended) >= 0).all()
    assert fit_platt(rank(labels, p[::-1])).slope == pytest.approx(0.01)
    assert apply_map(fit_isotonic(rank(labels, p[::-1])), p).mean() == pytest.approx(0.5, abs=0.15)


def test_isotonic_runs_through_scikit_learns_steps():
    labels, z = _binormal(2, 5000, 0.3)
    p = expit(1.5 * z)
    steps = IsotonicRegression().fit_transform(p, labels)
    found = fit_isotonic(rank(labels, p))
    values = np.unique(steps)
    assert len(found.knots) == len(values)
    inner = slice(1, -1)
    np.testing.assert_allclose(expit([end for _, end in found.knots])[inner], values[inner], atol=1e-9)
    centres = [logit(p[steps == value]).mean() for value in values]
    np.testing.assert_allclose([start for start, _ in found.knots], centres, atol=1e-9)
    # Steps tie films; the curve through their centres does not.
    mended = apply_map(found, p)
    assert len(np.unique(mended)) == len(np.unique(p))
    assert np.abs(mended - expit(z)).mean() < 0.02 < 0.05 < np.abs(p - expit(z)).mean()


def test_isotonic_of_probabilities_of_0_and_1():
    labels, z = _binormal(3, 300, 0.3)
    p = np.clip(np.round(expit(2 * z), 2), 0, 1)
    p[:5], p[5:10] = 0.0, 1.0
    mended = apply_map(fit_isotonic(rank(labels, p)), p)
    assert ((mended > 0) & (mended < 1)).all()


def test_shifts_in_closed_form():
    assert undo_weight(10)(np.log(10)) == pytest.approx(0)
    # Bayes: odds of 1 at a prevalence of 0.5 are odds of 1:9 at 0.1.
    assert apply_map(correct_prior(0.5, 0.1), np.array([0.5, np.nan]))[0] == pytest.approx(0.1)
    assert np.isnan(apply_map(correct_prior(0.5, 0.1), np.array([np.nan]))[0])
    assert correct_prior(0.2, 0.2).intercept == 0


@pytest.mark.parametrize("weight", [0, -1, np.nan, np.inf])
def test_a_weight_that_makes_no_sense(weight: float):
    with pytest.raises(EvaluateError, match="must be above 0"):
        undo_weight(weight)


def test_fitting_needs_both_kinds_of_film():
    for fit in (fit_platt, fit_temperature, fit_isotonic):
        with pytest.raises(EvaluateError, match=r"None of the 2 .* fitted on films of both kinds"):
            fit(rank([0, 0], [0.1, 0.2]))
