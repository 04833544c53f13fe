from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp, ttest_ind

from tests.conftest import REPOSITORY
from training.evaluate.alarm import FEWEST, LEAST, alarm, raised, raised_within
from training.evaluate.alarm_rates import (
    ARCHITECTURES,
    KINDS,
    MEASURES,
    found,
    measures_table,
    named_rightly,
    rates_table,
    read_models,
    right_by_start,
    starts_table,
)
from training.evaluate.hidden_regions import REGIONS

COUNT = len(REGIONS)


def falls(films: int, rng: np.random.Generator, findings: int = 3, at: str = "", more: float = 0.0) -> np.ndarray:
    """Random falls of some films, of which the first finding loses more with one region."""
    lost = rng.gamma(0.3, size=(films, findings, COUNT)) - 0.3
    if at:
        lost[:, 0, REGIONS.index(at)] += more * rng.gamma(2, 0.5, films)
    return lost


def test_p_is_the_share_of_all_ways_to_hand_out_the_films():
    first, second = np.array([[3.0, 0], [4, 1], [9, 2]]), np.array([[1.0, 1], [2, 0.5], [0, 5], [3, 3]])
    both = np.concatenate([first, second])
    drawn = []
    for picked in combinations(range(7), 3):
        here = np.isin(np.arange(7), picked)
        drawn.append(ttest_ind(both[here], both[~here], equal_var=False).statistic.max())  # Welch
    exact = [np.mean(np.array(drawn) >= one - 1e-9) for one in ttest_ind(first, second, equal_var=False).statistic]
    got = raised(first, second, np.random.default_rng(0), times=20_000)
    assert got.value == pytest.approx(first.mean(axis=0) - second.mean(axis=0))
    assert got.p == pytest.approx(exact, abs=0.01)


def test_within_films_p_is_the_share_of_all_signs():
    differences = np.array([[3.0, 1], [1, -2], [2, 0.5], [4, 1], [0.5, -1]])
    drawn = [
        ttest_1samp(np.array(signs)[:, None] * differences, 0).statistic.max() for signs in product([-1, 1], repeat=5)
    ]
    exact = [np.mean(np.array(drawn) >= one - 1e-9) for one in ttest_1samp(differences, 0).statistic]
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


def test_with_as_few_films_as_are_judged_the_level_is_not_doubled_where_the_flagged_ones_vary_three_times_as_much():
    rng, draws, named = np.random.default_rng(7), 400, 0
    for _ in range(draws):
        got = raised(3 * rng.normal(size=(FEWEST, COUNT)), rng.normal(size=(60, COUNT)), rng, 199)
        named += (got.p <= 0.05).any()
    assert 0.02 <= named / draws <= 0.1  # 0.39 where means are not divided by their errors


def test_the_interval_holds_the_differences_of_all_regions_at_once_in_about_95_of_100_draws():
    rng, draws, held = np.random.default_rng(2), 300, 0
    truth = np.linspace(0, 2, COUNT)
    for _ in range(draws):
        got = raised(rng.normal(size=(25, COUNT)) + truth, rng.normal(size=(30, COUNT)), rng, 199)
        held += ((got.low <= truth) & (truth <= got.high)).all()
    assert 0.91 <= held / draws <= 0.985


def test_the_more_is_lost_the_more_often_it_is_found_and_by_its_name():
    at, power = "lower right corner", []
    for more in (0.0, 0.5, 2.0):
        rng = np.random.default_rng(3)
        said = [alarm(falls(20, rng, at=at, more=more), falls(20, rng), 0, seed) for seed in range(10)]
        power.append(np.mean([one.region == at for one in said]))
        assert {one.region for one in said} <= {at, ""}
    assert power[0] == 0
    assert power == sorted(power)
    assert power[2] == 1


def test_what_is_certain_but_too_small_to_matter_is_not_named():
    rng = np.random.default_rng(6)
    flagged, unflagged = (rng.normal(0, 0.01, (40, 3, COUNT)) for _ in range(2))
    flagged[:, 0, 2] += LEAST - 0.05
    said = alarm(flagged, unflagged, 0)
    assert said.against_unflagged.p[2] < 0.01
    assert said.verdict == "nothing"
    assert alarm(flagged, unflagged, 0, least=LEAST - 0.1).region == REGIONS[2]


def test_what_the_model_does_for_all_findings_alike_is_no_shortcut_of_one():
    rng = np.random.default_rng(4)
    flagged, at = falls(30, rng), REGIONS.index("upper border")
    flagged[:, :, at] += 2  # for every finding
    said = alarm(flagged, falls(30, rng), 0)
    assert said.verdict == "nothing"
    assert said.against_unflagged.is_raised()[at]
    alone = alarm(flagged[:, :1], falls(30, rng, findings=1), 0)  # a model of one finding has no others
    assert (alone.region, alone.against_others) == ("upper border", None)


def test_with_too_few_films_nothing_is_known():
    rng = np.random.default_rng(5)
    said = alarm(falls(FEWEST - 1, rng, at="left border", more=9), falls(50, rng), 0)
    assert (said.verdict, said.region, said.flagged) == ("unknown", "", FEWEST - 1)
    assert np.isnan(said.falls).all()


def test_regions_with_which_nothing_is_lost_are_not_named():
    nothing = np.zeros((20, COUNT))
    got = raised(nothing, nothing, np.random.default_rng(0), 99)
    assert (got.p == 1).all()
    assert (got.low == 0).all()
    assert not got.is_raised().any()


def test_the_rates_that_come_with_the_app_are_what_its_page_in_the_docs_says():
    models = read_models()
    assert set(models["kind"]) == set(KINDS)
    assert set(models["architecture"]) == set(ARCHITECTURES)
    assert (models["effect"] >= 1).equals(models["kind"] == "strong")
    assert (models["effect"] < 0.3).equals(models["kind"] == "clean")
    page = (REPOSITORY / "docs" / "alarm.md").read_text(encoding="utf-8")
    for measure in MEASURES:
        assert not models.loc[models[f"{measure}verdict"] != "found", f"{measure}right"].any()
        assert (models[f"{measure}region"] != "").equals(models[f"{measure}verdict"] == "found")
    for architecture in ARCHITECTURES:
        some = models[models["architecture"] == architecture]
        assert named_rightly(some, "strong").count <= found(some, "strong").count
        assert found(some, "clean").of == (some["kind"] == "clean").sum() >= 10
    assert rates_table(models) in page
    assert measures_table(models) in page
    assert starts_table(models) in page


def test_a_start_is_right_where_all_its_networks_are():
    rows = [("deep", 1, "strong", "found", 1), ("deep", 1, "strong", "nothing", 0), ("deep", 2, "strong", "found", 1)]
    rows += [("shallow", 1, "strong", "found", 1), ("deep", 1, "clean", "nothing", 0), ("deep", 2, "clean", "found", 0)]
    models = pd.DataFrame(rows, columns=["architecture", "start", "kind", "verdict", "right"])
    strong, clean = (right_by_start(models, kind) for kind in ("strong", "clean"))
    assert (strong.count, strong.of) == (2, 3)
    assert (clean.count, clean.of) == (1, 2)
