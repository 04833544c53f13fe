from __future__ import annotations

import numpy as np
import pytest

from training.losses import weighted_cross_entropy


def _loss(targets: list, logits: list, weights: list | None = None) -> float:
    from xai.backend import tf

    loss = weighted_cross_entropy(None if weights is None else np.array(weights, np.float32))
    return float(loss(tf.constant(targets, tf.float32), tf.constant(logits, tf.float32)))


def test_closed_form():
    p, q = 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(1.0))
    expected = -(np.log(p) + np.log(1 - q) + 0.3 * np.log(0.5) + 0.7 * np.log(0.5)) / 3
    assert _loss([[1.0, 0.0, 0.3]], [[2.0, -1.0, 0.0]]) == pytest.approx(expected, rel=1e-6)


def test_missing_targets_do_not_count():
    nan = float("nan")
    assert _loss([[1.0, nan], [nan, 0.0]], [[0.5, 7.0], [-9.0, 0.2]]) == pytest.approx(
        (_loss([[1.0]], [[0.5]]) + _loss([[0.0]], [[0.2]])) / 2, rel=1e-6
    )
    assert _loss([[nan, nan]], [[3.0, -3.0]]) == 0


def test_large_logits_stay_finite():
    assert _loss([[0.0, 1.0]], [[200.0, -200.0]]) == pytest.approx(200)


def test_gradient_is_probability_minus_target_over_the_known():
    from xai.backend import tf

    logits = tf.Variable([[0.0, 1.0, -2.0]])
    with tf.GradientTape() as tape:
        loss = weighted_cross_entropy()(tf.constant([[1.0, float("nan"), 0.25]]), logits)
    expected = [(0.5 - 1) / 2, 0.0, (1 / (1 + np.exp(2.0)) - 0.25) / 2]
    np.testing.assert_allclose(tape.gradient(loss, logits)[0], expected, rtol=1e-5)


def test_a_weight_moves_the_best_logit_by_its_logarithm():
    """One positive in ten, weight 9: the best constant logit is log(1/9) + log(9) = 0."""
    targets = [[1.0]] + [[0.0]] * 9
    losses = {z: _loss(targets, [[z]] * 10, [9.0]) for z in (-0.1, 0.0, 0.1)}
    assert min(losses, key=losses.get) == 0.0
    assert losses[0.0] == pytest.approx((9 + 9) * np.log(2) / 10, rel=1e-6)


def test_weights_of_one_change_nothing():
    targets, logits = [[1.0, 0.0, 0.3]], [[2.0, -1.0, 0.5]]
    assert _loss(targets, logits, [1.0, 1.0, 1.0]) == pytest.approx(_loss(targets, logits), rel=1e-6)
