from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from training.evaluate.alarm import FEWEST, GRID, REGIONS, alarm, raised, raised_within, shares_of
from training.evaluate.alarm_rates import KINDS, found, named_rightly, rates_table, read_models

COUNT = len(REGIONS)


def evidence(films: int, rng: np.random.Generator, findings: int = 3, at: str = "", share: float = 0.0) -> np.ndarray:
    """Random evidence of some films, of which the first finding's holds a share more in one region."""
    grids = rng.gamma(0.3, size=(films, findings, GRID, GRID))
    grids /= grids.sum(axis=(-2, -1), keepdims=True)
    if at:
        rows, columns = REGIONS[at]
        grids[:, 0] *= 1 - share
        place = grids[:, 0, rows, columns]
        place += share / place[0].size
    return grids


def test_evenly_spread_evidence_lies_in_each_region_by_its_area():
    even = np.full((GRID, GRID), 1 / GRID**2)
    areas = dict(zip(REGIONS, shares_of(even), strict=True))
    assert areas["upper left corner"] == pytest.approx(0.2**2)
    assert areas["lower border"] == pytest.approx(0.1 * 0.6)
    covered = sum(_cells(name) for name in REGIONS)
    assert covered.max() == 1  # no cell lies in two
    assert covered[4:-4, 4:-4].sum() == 0  # nor in the lungs


def _cells(name: str) -> np.ndarray:
    cells = np.zeros((GRID, GRID), int)
    cells[REGIONS[name]] = 1
    return cells


def test_what_speaks_against_a_finding_is_evidence_too():
    signed = np.zeros((GRID, GRID))
    signed[0, 0] = -0.5
    assert shares_of(signed)[0] == 0.5


def test_p_is_the_share_of_all_ways_to_hand_out_the_films():
    first, second = np.array([[3.0, 0], [4, 1], [9, 0]]), np.array([[1.0, 1], [2, 0], [0, 5], [3, 1]])
    both = np.concatenate([first, second])
    spread = both.std(axis=0)
    drawn = []
    for picked in combinations(range(7), 3):
        here = np.isin(np.arange(7), picked)
        drawn.append(((both[here].mean(axis=0) - both[~here].mean(axis=0)) / spread).max())
    value = first.mean(axis=0) - second.mean(axis=0)
    exact = [np.mean(np.array(drawn) >= one - 1e-12) for one in value / spread]
    got = raised(first, second, np.random.default_rng(0), times=20_000)
    assert got.value == pytest.approx(value)
    assert got.p == pytest.approx(exact, abs=0.01)


def test_within_films_p_is_the_share_of_all_signs():
    differences = np.array([[3.0, 1], [1, -2], [2, 0.5], [4, 1], [0.5, -1]])
    spread = np.sqrt((differences**2).mean(axis=0))
    drawn = [((np.array(signs) @ differences) / 5 / spread).max() for signs in product([-1, 1], repeat=5)]
    exact = [np.mean(np.array(drawn) >= one - 1e-12) for one in differences.mean(axis=0) / spread]
    got = raised_within(differences, np.random.default_rng(0), times=20_000)
    assert got.p == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("within", [False, True])
def test_where_nothing_differs_a_region_is_named_no_more_often_than_the_level_says(within):
    rng, draws, named = np.random.default_rng(1), 400, 0
    for _ in range(draws):
        films = rng.gamma(0.4, size=(40, COUNT)) * np.arange(1, COUNT + 1)  # skewed, and of unlike spread
        got = raised_within(films[:20] - films[20:], rng, 199) if within else raised(films[:15], films[15:], rng, 199)
        named += (got.p <= 0.05).any()
    assert named / draws <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / draws)
    assert named / draws >= 0.02  # and it is not so careful that it finds nothing


def test_the_interval_holds_the_differences_of_all_regions_at_once_in_about_95_of_100_draws():
    rng, draws, held = np.random.default_rng(2), 300, 0
    truth = np.linspace(0, 2, COUNT)
    for _ in range(draws):
        got = raised(rng.normal(size=(25, COUNT)) + truth, rng.normal(size=(30, COUNT)), rng, 199)
        held += ((got.low <= truth) & (truth <= got.high)).all()
    assert 0.91 <= held / draws <= 0.985


def test_the_more_evidence_lies_there_the_more_often_it_is_found_and_by_its_name():
    at, power = "lower right corner", []
    for share in (0.0, 0.05, 0.3):
        rng = np.random.default_rng(3)
        said = [alarm(evidence(20, rng, at=at, share=share), evidence(20, rng), 0, seed) for seed in range(10)]
        power.append(np.mean([one.region == at for one in said]))
        assert {one.region for one in said} <= {at, ""}
    assert power[0] == 0
    assert power == sorted(power)
    assert power[2] == 1


def test_what_the_model_does_for_all_findings_alike_is_no_shortcut_of_one():
    rng = np.random.default_rng(4)
    flagged, at = evidence(30, rng), REGIONS["upper border"]
    flagged[:, :, *at] += 0.05  # for every finding
    said = alarm(flagged, evidence(30, rng), 0)
    assert said.verdict == "nothing"
    assert said.against_unflagged.is_raised[list(REGIONS).index("upper border")]
    alone = alarm(flagged[:, :1], evidence(30, rng, findings=1), 0)  # a model of one finding has no others
    assert (alone.region, alone.against_others) == ("upper border", None)


def test_with_too_few_films_nothing_is_known():
    rng = np.random.default_rng(5)
    said = alarm(evidence(FEWEST - 1, rng, at="left border", share=0.9), evidence(50, rng), 0)
    assert (said.verdict, said.region, said.flagged) == ("unknown", "", FEWEST - 1)
    assert np.isnan(said.shares).all()


def test_regions_without_any_evidence_are_not_named():
    nothing = np.zeros((20, COUNT))
    got = raised(nothing, nothing, np.random.default_rng(0), 99)
    assert (got.p == 1).all()
    assert (got.low == 0).all()
    assert not got.is_raised.any()


def test_the_rates_that_come_with_the_app_are_what_its_page_in_the_docs_says():
    models = read_models()
    assert set(models["kind"]) <= set(KINDS)
    assert (models["effect"] >= 1).equals(models["kind"] == "strong")
    assert (models["effect"] < 0.3).equals(models["kind"] == "clean")
    assert not models.loc[models["verdict"] != "found", "right"].any()
    assert named_rightly(models, "strong").count <= found(models, "strong").count
    assert found(models, "clean").of == (models["kind"] == "clean").sum() >= 10
    assert rates_table(models) in (REPOSITORY / "docs" / "alarm.md").read_text(encoding="utf-8")
