from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.fitting.augment import Augmentation, augment

NOTHING = Augmentation(*[0.0] * 8)


def _blob(row: int, column: int, size: int = 65) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / 18).astype(np.float32)


def _centre(film: np.ndarray) -> tuple[float, float]:
    y, x = np.mgrid[: film.shape[0], : film.shape[1]]
    return float((film * y).sum() / film.sum()), float((film * x).sum() / film.sum())


def test_no_change_is_no_change():
    film = _blob(20, 40)
    np.testing.assert_allclose(augment(film, NOTHING, np.random.default_rng(0)), film, atol=1e-6)


def test_left_stays_left():
    film = _blob(32, 12)
    rng = np.random.default_rng(0)
    assert all(_centre(augment(film, replace(Augmentation(), noise=0.0), rng))[1] < 32 for _ in range(100))


def test_shift_and_turn_stay_within_their_limits():
    rng = np.random.default_rng(1)
    shifted = [_centre(augment(_blob(32, 32), replace(NOTHING, shift=0.1), rng)) for _ in range(100)]
    distances = np.abs(np.array(shifted) - 32)
    assert distances.max() < 6.6 and distances.max() > 5
    turned = np.array([_centre(augment(_blob(32, 52), replace(NOTHING, degrees=10.0), rng)) for _ in range(100)])
    angles = np.rad2deg(np.arctan2(turned[:, 0] - 32, turned[:, 1] - 32))
    np.testing.assert_allclose(np.hypot(*(turned - 32).T), 20, atol=0.2)
    assert 8 < np.abs(angles).max() < 10.1


def test_result_is_a_film_and_the_source_is_left_alone():
    rng = np.random.default_rng(2)
    film = rng.random((48, 48), dtype=np.float32)
    before = film.copy()
    changed = [augment(film, Augmentation(), rng) for _ in range(20)]
    assert all(one.dtype == np.float32 and one.shape == film.shape for one in changed)
    assert min(one.min() for one in changed) >= 0 and max(one.max() for one in changed) <= 1
    assert (film == before).all()


def test_same_generator_same_film():
    film = _blob(20, 30)
    first, again, other = (augment(film, Augmentation(), np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


def test_flips_as_often_as_asked_for_and_never_else():
    film = _blob(32, 12)
    rng = np.random.default_rng(2)
    sides = [_centre(augment(film, replace(NOTHING, flip=0.25), rng))[1] for _ in range(400)]
    assert set(np.round(sides)) == {12, 52}
    assert 60 <= sum(side > 32 for side in sides) <= 140  # 5 standard deviations around 100
