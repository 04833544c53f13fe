"""Make probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


@dataclass(frozen=True, eq=False)
class Calibration:
    """``calibrated logit = slope * logit + intercepts[output]``."""

    slope: float
    intercepts: np.ndarray


def fit_calibration(labels: np.ndarray, logits: np.ndarray) -> Calibration:
    """Find the calibration that makes the labels likeliest.

    Platt's scaling (Platt, 1999) with one slope for all outputs, as in temperature scaling (Guo et al., ICML
    2017): a slope of its own for a finding with twenty positives would follow chance. With an intercept an
    output, the mean probability of each output equals its share of positives.

    Parameters
    ----------
    labels : array (films, outputs)
        1, 0 or NaN; NaN does not count. Films that the model was not trained on.
    logits : array (films, outputs)

    Returns
    -------
    Calibration
    """
    known = ~np.isnan(labels)
    truth = np.where(known, labels, 0.0)
    weight = known / known.sum()

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters[0] * logits + parameters[1:]
        error = (expit(z) - truth) * weight
        value = np.sum((np.logaddexp(0, z) - truth * z) * weight)
        return float(value), np.append(np.sum(error * logits), error.sum(axis=0))

    start = np.append(1.0, np.zeros(labels.shape[1]))
    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-8})
    return Calibration(float(found.x[0]), found.x[1:])
