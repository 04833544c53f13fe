"""Calibrate a network on predictions for films it has not seen, and make the model of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from training.fitting.problem import Problem
from training.mending.calibrate import Calibration, fit_calibration
from training.networks.architectures import HEAD, POOLED

if TYPE_CHECKING:
    from keras import Model


def calibrate(problem: Problem, truth: np.ndarray, logits: np.ndarray) -> Calibration:
    """Find the slope for all outputs and the intercepts that make the labels likeliest.

    Sigmoid: `training.mending.calibrate.fit_calibration`. Softmax: temperature scaling with a bias for every class
    (Alexandari et al., Maximum Likelihood with Bias-Corrected Calibration, ICML 2020). An output that these films do
    not have both with and without keeps its intercept of 0.

    Parameters
    ----------
    problem : Problem
    truth : array (films, outputs)
        1, 0 or NaN.
    logits : array (films, outputs)
        Of networks that have not seen the films.
    """
    both = (truth == 1).any(axis=0) & (truth == 0).any(axis=0)
    if not both.any():
        return Calibration(1.0, np.zeros(len(both)))
    if problem.head == "sigmoid":
        return fit_calibration(np.where(both, truth, np.nan), logits)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        log_p = log_softmax(parameters[0] * logits + np.where(both, parameters[1:], 0.0), axis=1)
        error = (np.exp(log_p) - truth) / len(truth)
        return float(-(truth * log_p).sum() / len(truth)), np.append((error * logits).sum(), error.sum(axis=0) * both)

    found = minimize(loss, np.append(1.0, np.zeros(len(both))), jac=True, method="BFGS", options={"gtol": 1e-8}).x
    return Calibration(float(found[0]), found[1:])


def calibrated_model(network: Model, outputs: int, calibration: Calibration) -> Model:
    """Keep the first outputs, calibrated; optimizer and patient facts stay behind."""
    from xai.backend import keras

    kernel, bias = network.get_layer(HEAD).get_weights()
    head = keras.layers.Dense(outputs, name=HEAD)
    model = keras.Model(network.input, head(network.get_layer(POOLED).output), name=network.name)
    scaled = bias[:outputs] * calibration.slope + calibration.intercepts
    head.set_weights([kernel[:, :outputs] * calibration.slope, scaled])
    return model
