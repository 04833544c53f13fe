"""Groups of similar maps: found where a shortcut was planted, and not where there is no structure."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.evaluate.made_maps import WITHOUT, heart, three, with_token
from training.evaluate.dip import CRITICAL, dip
from training.evaluate.evidence import evidence_shares, kept_by_mean, on_grid
from training.evaluate.map_groups import EMPTY, NONE, group_maps
from training.evaluate.ranked import EvaluateError


def test_shares_keep_the_sign_and_add_up_to_one():
    shares = evidence_shares(np.array([[3.0, -1.0], [0.0, 4.0]]))
    assert shares.tolist() == [[0.375, -0.125], [0, 0.5]]
    assert evidence_shares(np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]
    assert kept_by_mean((shares - shares) / 2) == 0
    assert kept_by_mean((shares + np.abs(shares)) / 2) == pytest.approx(0.875)


def test_a_piece_counts_once_however_large_it_is():
    shares = evidence_shares(np.array([[2.0, 2, 2, -2]]), np.array([[0, 0, 0, 1]]))
    assert shares == pytest.approx(np.array([[1 / 6, 1 / 6, 1 / 6, -1 / 2]]))


@pytest.mark.parametrize("shape", [(8, 8), (24, 40), (7, 5)])
def test_a_grid_holds_what_the_map_held_where_it_held_it(shape):
    shares = evidence_shares(np.random.default_rng(0).random(shape))
    grid = on_grid(shares, 4)
    assert grid.sum() == pytest.approx(1)
    half = on_grid(np.pad(shares, ((0, shape[0]), (0, 0))), 4)
    assert half[2:].sum() == 0
    assert half[:2].sum() == pytest.approx(1)


def test_the_dip_in_closed_form():
    assert dip(np.array([0.0, 0, 1, 1])) == 0.25
    assert dip(np.arange(10.0)) == pytest.approx(0.05)


def test_even_draws_exceed_the_critical_dip_in_less_than_one_of_a_hundred():
    for films in (60, 240):
        rng = np.random.default_rng(films)
        above = sum(dip(rng.random(films)) > CRITICAL / films**0.5 for _ in range(300))
        assert above <= 6  # 1 % of 300 is 3


def test_maps_without_structure_give_no_clear_groups_in_95_of_100_draws():
    worlds = ["noise", "blurred", "alike", "heart", "anywhere", "three", "sides", "size"]
    alarms = [
        name for name in worlds for seed in range(5) if group_maps(WITHOUT[name](80, np.random.default_rng(seed))).count
    ]
    assert len(alarms) <= 2  # of 40 draws


@pytest.mark.parametrize("others", [heart, three])
def test_a_planted_token_comes_out_as_a_group_of_its_own(others):
    for seed in range(3):
        maps, here = with_token(120, 0.25, np.random.default_rng(seed), others)
        of = group_maps(maps).of
        (group,) = set(of[here]) - {NONE}
        assert (of[here] == group).mean() >= 0.9
        assert (of[~here] == group).mean() <= 0.1


def test_empty_maps_are_in_no_group_and_too_few_are_refused():
    maps, _ = with_token(120, 0.3, np.random.default_rng(0), heart)
    maps[-5:] = 0
    found = group_maps(maps)
    assert (np.flatnonzero(found.of == EMPTY) == np.arange(115, 120)).all()
    assert found.eigenvalues[0] == pytest.approx(0, abs=1e-9)
    with pytest.raises(EvaluateError, match="at least 40 films whose map is not empty; there are 35"):
        group_maps(np.concatenate([maps[:35], np.zeros((30, 16, 16))]))
