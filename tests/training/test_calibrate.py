from __future__ import annotations

import numpy as np
from scipy.special import expit

from training.calibrate import fit_calibration


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
