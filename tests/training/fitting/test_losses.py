from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from training.fitting.losses import STRATEGIES, Balance, balance, masked_loss, mean_loss

NAN = float("nan")
FIVE_TO_NINETY_FIVE = (np.array([5]), np.array([95]))


def _plain(outputs: int) -> Balance:
    return balance("none", np.ones(outputs), np.ones(outputs))


def _loss(targets: list, logits: list, how: Balance | None = None, head: str = "sigmoid", facts: int = 0) -> float:
    how = how or _plain(len(targets[0]) - facts)
    return mean_loss(masked_loss(how, head, facts), np.array(targets), np.array(logits))


def _best_logit(how: Balance, share: float) -> float:
    """Constant logit at which the loss of a share of positives is least, from its gradient."""
    from xai.backend import tf

    z = tf.Variable(np.linspace(-8, 8, 160001, dtype=np.float32)[:, None])
    with tf.GradientTape() as tape:
        loss = masked_loss(how)
        ones = tf.ones_like(z)
        total = share * loss(ones, z)[0] + (1 - share) * loss(0 * ones, z)[0]
    slope = tape.gradient(total, z).numpy()[:, 0]
    return float(z.numpy()[np.argmin(np.abs(slope)), 0])


def test_closed_form():
    p, q = expit(2.0), expit(-1.0)
    expected = -(np.log(p) + np.log(1 - q) + 0.3 * np.log(0.5) + 0.7 * np.log(0.5)) / 3
    assert _loss([[1.0, 0.0, 0.3]], [[2.0, -1.0, 0.0]]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("missing", [NAN, -1.0])
def test_missing_and_uncertain_targets_do_not_count(missing):
    assert _loss([[1.0, missing], [missing, 0.0]], [[0.5, 7.0], [-9.0, 0.2]]) == pytest.approx(
        (_loss([[1.0]], [[0.5]]) + _loss([[0.0]], [[0.2]])) / 2, rel=1e-6
    )
    assert _loss([[missing, missing]], [[3.0, -3.0]]) == 0
    both = _plain(2)
    assert _loss([[1.0, 0.0], [missing, missing]], [[0.5, 7.0], [-9.0, 0.2]], both, "softmax") == pytest.approx(
        _loss([[1.0, 0.0]], [[0.5, 7.0]], both, "softmax"), rel=1e-6
    )


def test_large_logits_stay_finite():
    for strategy in STRATEGIES:
        how = balance(strategy, np.array([5, 7]), np.array([95, 93]))
        assert np.isfinite(_loss([[0.0, 1.0]], [[200.0, -200.0]], how))
    assert _loss([[0.0, 1.0]], [[200.0, -200.0]]) == pytest.approx(200)


def test_gradient_is_probability_minus_target_over_the_known():
    from xai.backend import tf

    logits = tf.Variable([[0.0, 1.0, -2.0]])
    with tf.GradientTape() as tape:
        total, count = masked_loss(_plain(3))(tf.constant([[1.0, NAN, 0.25]]), logits)
        mean = total / count
    expected = [(0.5 - 1) / 2, 0.0, (expit(-2.0) - 0.25) / 2]
    np.testing.assert_allclose(tape.gradient(mean, logits)[0], expected, rtol=1e-5)


def test_softmax_is_the_cross_entropy_of_the_class_and_facts_count_on_their_own():
    logits = [[1.0, -0.5, 2.0], [0.3, 0.1, -1.0]]
    expected = -log_softmax(logits, axis=1)[[0, 1], [2, 0]].mean()
    targets = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert _loss(targets, logits, head="softmax") == pytest.approx(expected, rel=1e-6)
    with_fact = [[*row, fact] for row, fact in zip(targets, (1.0, NAN), strict=True)]
    scores = [[*row, 0.7] for row in logits]
    together = (2 * expected - np.log(expit(0.7))) / 3
    assert _loss(with_fact, scores, _plain(3), "softmax", facts=1) == pytest.approx(together, rel=1e-6)


@pytest.mark.parametrize("power", [0.5, 1.0, 1.5])
def test_positive_weights_move_the_best_logit_by_their_logarithm(power):
    how = balance("positive-weights", *FIVE_TO_NINETY_FIVE, power=power)
    np.testing.assert_allclose(how.positives, [19**power])
    assert _best_logit(how, 0.05) == pytest.approx(np.log(1 / 19) + power * np.log(19), abs=1e-3)
    np.testing.assert_allclose(how.odds_factor, [19**power])


def test_class_balanced_weighs_by_effective_numbers():
    """Cui et al., equation 2: n films count as (1 - beta^n) / (1 - beta)."""
    how = balance("class-balanced", *FIVE_TO_NINETY_FIVE, beta=0.9)
    effective = [sum(0.9**k for k in range(n)) for n in (5, 95)]
    assert how.positives[0] / how.negatives[0] == pytest.approx(effective[1] / effective[0], rel=1e-12)
    assert how.positives[0] + how.negatives[0] == pytest.approx(2)
    assert _best_logit(how, 0.05) == pytest.approx(np.log(1 / 19) + np.log(how.odds_factor[0]), abs=1e-3)
    nearly_inverse = balance("class-balanced", *FIVE_TO_NINETY_FIVE, beta=0.999999)
    assert nearly_inverse.odds_factor[0] == pytest.approx(19, rel=1e-3)
    assert balance("class-balanced", *FIVE_TO_NINETY_FIVE, beta=0.0).odds_factor == 1
    classes = balance("class-balanced", np.array([5, 20, 95]), np.array([115, 100, 25]), "softmax", beta=0.9)
    assert classes.positives.sum() == pytest.approx(3)


def test_logit_adjustment_takes_the_prior_from_the_model():
    """Menon et al.: the best score is the log-odds without the prior, so 0 for a constant."""
    how = balance("logit-adjustment", *FIVE_TO_NINETY_FIVE)
    np.testing.assert_allclose(how.shift, [np.log(5 / 95)])
    assert _best_logit(how, 0.05) == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(how.odds_factor, [19])
    classes = balance("logit-adjustment", np.array([10, 30, 60]), np.array([90, 70, 40]), "softmax", strength=2.0)
    np.testing.assert_allclose(softmax(classes.shift / 2), [0.1, 0.3, 0.6])


def test_focal_is_cross_entropy_times_what_is_missing_to_certainty():
    """Lin et al., equation 4, without alpha."""
    how = balance("focal", *FIVE_TO_NINETY_FIVE, gamma=2.0)
    p = expit(1.5)
    assert _loss([[1.0]], [[1.5]], how) == pytest.approx(-((1 - p) ** 2) * np.log(p), rel=1e-5)
    assert _loss([[0.0]], [[1.5]], how) == pytest.approx(-(p**2) * np.log(1 - p), rel=1e-5)
    q = softmax([1.0, -0.5, 2.0])[1]
    classes = balance("focal", np.array([1, 1, 1]), np.array([2, 2, 2]), "softmax", gamma=3.0)
    expected = -((1 - q) ** 3) * np.log(q)
    assert _loss([[0.0, 1.0, 0.0]], [[1.0, -0.5, 2.0]], classes, "softmax") == pytest.approx(expected, rel=1e-5)
    assert how.odds_factor is None


@pytest.mark.parametrize(
    "same",
    [
        balance("focal", *FIVE_TO_NINETY_FIVE, gamma=0.0),
        balance("positive-weights", *FIVE_TO_NINETY_FIVE, power=0.0),
        balance("logit-adjustment", *FIVE_TO_NINETY_FIVE, strength=0.0),
    ],
)
def test_strength_of_nothing_changes_nothing(same):
    assert _loss([[1.0], [0.0], [0.3]], [[2.0], [-1.0], [0.5]], same) == pytest.approx(
        _loss([[1.0], [0.0], [0.3]], [[2.0], [-1.0], [0.5]]), rel=1e-6
    )
