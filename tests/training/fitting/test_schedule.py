from __future__ import annotations

import pytest

from training.fitting.schedule import best_epoch, is_over, learning_rate, plateaus


def test_cosine_is_that_of_keras():
    from xai.backend import keras

    theirs = keras.optimizers.schedules.CosineDecay(0.0, 17 * 7, warmup_target=0.01, warmup_steps=3 * 7)
    for step in (0, 1, 20, 21, 22, 80, 139):
        assert learning_rate("cosine", 0.01, step, 7, 20) == pytest.approx(float(theirs(step)), abs=1e-8)


def test_constant_and_plateau():
    assert learning_rate("constant", 0.01, 30, 7, 20) == 0.01
    assert learning_rate("constant", 0.01, 7, 7, 20) == pytest.approx(0.01 / 3)
    assert learning_rate("plateau", 0.01, 130, 7, 20, lowered=2) == pytest.approx(1e-4)


def test_plateaus_are_counted_every_second_epoch_without_a_lower_loss():
    assert [plateaus([1.0, 0.9, 0.95, 0.91, 0.9, 0.92, 0.8, 0.85][:n]) for n in range(9)] == [
        *(0, 0, 0, 0, 1, 1, 2, 2, 2)
    ]


def test_patience_counts_from_the_best_epoch():
    losses = [1.0, 0.7, 0.8, 0.7, 0.9]
    assert best_epoch(losses) == 1
    assert [is_over(losses[:n], 2) for n in range(1, 6)] == [False, False, False, True, True]
    assert not is_over(losses, 0) and not is_over([], 2)
