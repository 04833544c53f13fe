"""How often a map this good comes by chance: exact where it can be counted, uniform where chance is all there is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import kstest

from xai import measures
from xai.measures.chance import SHIFTED


def blob(rng, side: int = 16) -> np.ndarray:
    return gaussian_filter(rng.normal(size=(side, side)), 1.5, mode="wrap")


def truth(side: int = 16) -> np.ndarray:
    inside = np.zeros((side, side), bool)
    inside[3:8, 9:13] = True
    return inside


@pytest.mark.parametrize("measure", SHIFTED)
def test_all_ways_to_move_a_map_are_counted(measure):
    rng, inside = np.random.default_rng(0), truth()
    for values in (blob(rng), np.round(2 * blob(rng), 1), np.kron(rng.normal(size=(4, 4)), np.ones((4, 4)))):
        score = getattr(measures, measure)
        moved = [score(np.roll(values, (y, x), (0, 1)), inside) for y in range(16) for x in range(16)]
        expected = np.mean(np.array(moved) >= score(values, inside) - 1e-9)
        assert measures.by_shifts(measure, values, inside) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", SHIFTED)
def test_where_a_map_lies_by_chance_p_is_uniform_or_on_the_careful_side(measure):
    rng, inside = np.random.default_rng(1), truth()
    found = np.array([measures.by_shifts(measure, blob(rng), inside) for _ in range(400)])
    if measure in ("energy", "auroc"):
        assert kstest(found, "uniform").pvalue > 0.01
    for level in (0.05, 0.1, 0.3):  # of the others many are equal: no overlap at all, or a peak inside
        assert np.mean(found <= level) <= level + 2.6 * np.sqrt(level * (1 - level) / 400)
    assert np.mean(found <= 0.1) >= 0.05


def test_a_map_on_the_truth_is_rarely_so_good_and_one_that_points_beside_it_is_no_rarity():
    inside = truth()
    assert measures.by_shifts("iou", inside.astype(float), inside) == 1 / 256
    assert measures.by_shifts("iou", -inside.astype(float), inside) == 1
    cells = np.zeros((4, 4))
    cells[1, 2] = 1  # its middle, (6, 10), lies inside with 20 of the 256 places
    assert measures.by_shifts("pointing", np.ones((16, 16)), inside, cells) == 20 / 256
    assert math.isnan(measures.by_shifts("energy", np.ones((16, 16)), np.zeros_like(inside)))
    with pytest.raises(ValueError, match="expected one of pointing, energy, iou, auroc, got hit"):
        measures.by_shifts("hit", np.ones((16, 16)), inside)


def films(rng, count: int, seen: float) -> np.ndarray:
    """Scores of maps that know the usual place and, as far as ``seen``, the film, against the truth of each film."""
    usual = np.zeros((12, 12))
    usual[2:9, 2:9] = 1
    masks = [np.roll(np.pad(np.ones((4, 4)), ((2, 6), (2, 6))), rng.integers(0, 4, 2), (0, 1)) for _ in range(count)]
    maps = [usual + seen * mask + rng.random((12, 12)) for mask in masks]
    return np.array([[measures.energy(one, mask) for one in maps] for mask in masks])


def test_a_method_that_knows_only_the_usual_place_is_found_out_and_p_is_uniform():
    rng = np.random.default_rng(2)
    swapped, others = [], []
    for _ in range(200):
        table = films(rng, 8, seen=0)
        swapped.append(measures.by_swapping(table, rng, times=99))
        others.append(measures.by_others(table[0, 0], table[0, 1:]))
    assert kstest(swapped, "uniform").pvalue > 0.01
    counts = np.bincount(np.round(8 * np.array(others)).astype(int), minlength=9)[1:]
    assert counts.sum() == 200 and counts.min() >= 10  # each of eighths 25 times, by and large
    usual, mask = np.pad(np.ones((7, 7)), (2, 3)), np.pad(np.ones((4, 4)), (3, 5))
    assert measures.by_shifts("energy", usual, mask) < 0.2  # better than anywhere, which is the other question


def test_a_method_that_sees_the_film_is_told_from_the_usual_place():
    rng = np.random.default_rng(3)
    assert all(measures.by_swapping(films(rng, 12, seen=2), rng, times=199) <= 0.01 for _ in range(5))
    both = [films(rng, 6, 0), films(rng, 6, 2)]  # swapped each for itself
    assert measures.by_swapping(both, rng, times=199) < 0.1
    with pytest.raises(ValueError, match=r"\(n, n\), got \(2, 3\)"):
        measures.by_swapping(np.ones((2, 3)), rng)


def test_equal_scores_count_as_at_least_as_good():
    assert measures.by_others(1, [1, 1, 0]) == 0.75
    assert measures.by_swapping(np.ones((6, 6)), np.random.default_rng(0), times=99) == 1
    assert measures.by_others(1, []) == 1


def test_the_prior_is_the_mean_of_the_other_patients_masks():
    masks = np.random.default_rng(4).random((5, 6, 7)) < 0.4
    patients = np.array(["a", "b", "a", "c", "b"])
    np.testing.assert_allclose(measures.prior(masks, patients, "a"), masks[[1, 3, 4]].mean(axis=0))
    np.testing.assert_allclose(measures.prior(masks, patients, "d"), masks.mean(axis=0))
    with pytest.raises(ValueError, match="at least one other patient"):
        measures.prior(masks[:1], patients[:1], "a")
