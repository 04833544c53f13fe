"""What is measured of one map to say how far to trust it."""

from __future__ import annotations

import numpy as np
import pytest

from xai import measures
from xai.measures.trust import DRAWS, Gain, draws, films_asked, gains, placed


def summed(films: np.ndarray) -> np.ndarray:
    """A model with two outputs: the sum of a film, and the negative of its left half's."""
    half = films.shape[2] // 2
    return np.stack([films.sum(axis=(1, 2)), -films[:, :, :half].sum(axis=(1, 2))], axis=1)


def test_a_map_is_held_against_the_truth_as_each_measure_does():
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, truth = rng.normal(size=(16, 16)), rng.random((16, 16)) < 0.2
        noise = [(rng.random((16, 16)), None) for _ in range(3)]
        found = placed((values, None), truth, {"noise": noise})
        for name in ("pointing", "energy", "iou"):
            measure = getattr(measures, name)
            assert getattr(found.own, name) == measure(values, truth)
            assert getattr(found.by_chance, name) == measures.by_shifts(name, values, truth)
            mean = np.mean([measure(one, truth) for one, _ in noise])
            assert getattr(found.controls["noise"], name) == pytest.approx(mean)
        assert found.area == truth.mean()


def test_a_map_of_cells_points_by_cell():
    cells = np.array([[1.0, 0.0], [0.0, 0.0]])
    values = np.kron(cells, np.ones((4, 4)))
    truth = np.zeros((8, 8), bool)
    truth[2, 2] = True  # the middle of the cell, and a sixteenth of its pixels
    assert placed((values, cells), truth, {}).own.pointing == 1.0
    assert placed((values, None), truth, {}).own.pointing == 1 / 16


@pytest.mark.parametrize("truth", [np.zeros((4, 4), bool), np.ones((4, 4), bool)])
def test_nothing_is_said_where_every_map_would_do_as_well(truth):
    assert placed((np.eye(4), None), truth, {}) is None


def test_the_gain_of_a_sum_is_that_of_its_order():
    film = np.array([[1.0, 0.0, 0.0, 3.0]])
    # Shown first: 0, 3, 4, 4 at 0, 1/4, 1/2 and all of it. Hidden first: 4, 1, 0, 0.
    assert gains([[1, 0, 0, 2]], film, summed, 0 * film, steps=4)[0] == pytest.approx(3.25 - 0.75)
    np.testing.assert_allclose(gains(film, film, summed, 0 * film, 4), -gains(-film, film, summed, 0 * film, 4))


def test_a_map_and_its_opposite_gain_the_same_up_to_the_sign_whatever_the_model():
    rng = np.random.default_rng(1)
    film, baseline, weights = rng.random((8, 8)), rng.random((8, 8)), rng.normal(size=(8, 8))

    def answer(films):
        return np.stack([np.tanh((films * weights).sum(axis=(1, 2))), (films**2).mean(axis=(1, 2))], axis=1)

    for values in draws((8, 8), count=5, cells=4):
        np.testing.assert_allclose(
            gains(values, film, answer, baseline), -gains(-values, film, answer, baseline), atol=1e-6
        )


def test_a_random_map_is_faithful_by_chance_as_often_as_it_says():
    rng = np.random.default_rng(2)
    p = [Gain("black", one[0], tuple(one[1:])).by_chance for one in rng.normal(size=(4000, 1 + DRAWS))]
    for level in (1 / 22, 5 / 22, 11 / 22):
        assert np.mean(np.array(p) <= level + 1e-9) == pytest.approx(level, abs=0.02)
    assert min(p) == pytest.approx(1 / 22)
    assert max(p) <= 1


def test_a_map_that_gains_nothing_is_no_better_than_chance():
    assert Gain("black", 0.0, (0.0, 0.0)).by_chance == 1.0
    assert Gain("black", 3.0, (1.0, -2.0)).by_chance == pytest.approx(1 / 6)
    assert Gain("black", 3.0, (1.0, -2.0)).most_drawn == 2.0


def test_as_many_films_are_asked_about_as_is_said():
    asked = []

    def answer(films):
        asked.append(len(films))
        return films.sum(axis=(1, 2))[:, None]

    film = np.random.default_rng(3).random((16, 16))
    for values in draws((16, 16), count=2):
        gains(values, film, answer, 0 * film)
    assert sum(asked) == films_asked(2, 1)


def test_draws_have_no_two_equal_squares():
    for values in draws((20, 31), count=2, cells=5):
        assert values.shape == (20, 31)
        assert sorted(np.unique(values)) == list(range(25))
