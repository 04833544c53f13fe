"""From maps to a league: the prior knows no film of its own patient, intervals know patients, chance is found out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from training.benchmark.league import ALL, BESIDE, COLUMNS, PRIOR, SWAPPED, beside_the_prior, cases_of, league, score
from training.benchmark.league import mean_with_interval as interval
from training.benchmark.maps import Measured, read, written
from training.benchmark.swapped import swap_table
from xai import measures

FILMS, SIDE = 14, 16


def film(rng, number: int) -> Measured:
    """A film with a mass of its own place; one method sees it, one knows only that masses lie on the left."""
    row, column = rng.integers(2, 11, 2) // (1, 2)
    truth = np.zeros((SIDE, SIDE), bool)
    truth[row : row + 4, column : column + 4] = True
    noise = rng.random((2, SIDE, SIDE))
    usual = np.repeat(np.linspace(1, 0, SIDE)[None], SIDE, axis=0)
    maps = {("sees", "Mass"): truth + 1.5 * noise[0], ("knows", "Mass"): usual + 0.5 * noise[1]}
    maps = {key: values.astype(np.float32) for key, values in maps.items()}
    return Measured(f"f{number:02}", {"Mass": truth}, maps, {}, {})


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(0)
    return [film(rng, number) for number in range(FILMS)]


@pytest.fixture(scope="module")
def patients():
    return {f"f{number:02}": f"p{max(number, 1):02}" for number in range(FILMS)}  # the first two are of one patient


@pytest.fixture(scope="module")
def cases(films, patients):
    return cases_of(films, patients, {})


def test_the_prior_is_made_of_other_patients_films(films, patients, cases):
    masks = np.array([one.truths["Mass"] for one in films])
    np.testing.assert_allclose(cases[0].maps[PRIOR][0], masks[2:].mean(axis=0))
    np.testing.assert_allclose(cases[5].maps[PRIOR][0], np.delete(masks, 5, axis=0).mean(axis=0))
    (alone,) = cases_of(films[:1], patients, {})
    assert PRIOR not in alone.maps
    (told,) = cases_of(films[:1], patients, {one.film: one.truths for one in films[1:]})
    np.testing.assert_allclose(told.maps[PRIOR][0], cases[0].maps[PRIOR][0])


def test_the_league_is_the_mean_of_the_measures_with_the_documented_columns(films, cases):
    table = league(score(cases))
    assert tuple(table.columns) == tuple(COLUMNS) == ("method", "finding", "measure", "value", "low", "high", "films")
    own = table[(table["method"] == "sees") & (table["measure"] == "iou")].set_index("finding")
    expected = np.mean([measures.iou(one.maps["sees", "Mass"], one.truths["Mass"]) for one in films])
    assert own.at[ALL, "value"] == own.at["Mass", "value"] == pytest.approx(expected)
    assert (own["films"] == FILMS).all() and (own["low"] < expected).all() and (own["high"] > expected).all()
    assert set(table["method"]) == {"sees", "knows", PRIOR}
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_a_method_that_sees_is_ahead_of_the_prior_and_one_that_knows_the_place_is_not(cases):
    found = beside_the_prior(score(cases), cases, np.random.default_rng(0)).set_index(["method", "finding", "measure"])
    assert tuple(found.reset_index().columns) == tuple(BESIDE)
    for finding in (ALL, "Mass"):
        sees, knows = found.loc[("sees", finding, "iou")], found.loc[("knows", finding, "iou")]
        assert sees["low"] > 0 and sees["p"] == 0.001
        assert knows["high"] < 0.1 and knows["p"] > 0.05
    few = beside_the_prior(score(cases[:5]), cases[:5], np.random.default_rng(0))
    assert few["p"].isna().all() and few["ahead"].notna().all()


@pytest.mark.parametrize("measure", SWAPPED)
def test_maps_swapped_all_at_once_score_what_they_score_one_by_one(measure):
    rng = np.random.default_rng(3)
    truths = [rng.random((12, 10)) < share for share in (0.05, 0.3, 0.9)]
    cells = rng.random((4, 5))
    ties, flat = np.round(rng.normal(size=(12, 10))), np.ones((12, 10))
    made = [
        (rng.normal(size=(12, 10)), None),
        (ties, None),
        (flat, None),
        (-flat, None),
        (np.kron(cells, np.ones((3, 2))), cells),
    ]
    found = swap_table(measure, made, truths)
    for i, truth in enumerate(truths):
        for j, (values, own) in enumerate(made):
            one = getattr(measures, measure)(values, truth, *([own] if measure == "pointing" else []))
            assert found[i, j] == pytest.approx(one, abs=1e-12)


def test_an_interval_of_films_of_different_patients_is_the_score_interval_and_of_one_patients_films_wider():
    values, alone = np.tile([0.0, 1.0], 20), np.arange(40)
    value, low, high = interval(values, alone)
    z2 = norm.ppf(0.975) ** 2
    half = math.sqrt(z2 * (0.25 / 40 + z2 / (4 * 40**2))) / (1 + z2 / 40)
    assert value == 0.5 and (low, high) == pytest.approx((0.5 - half, 0.5 + half), rel=0.02)
    _, wide_low, wide_high = interval(np.repeat([0.0, 1.0], 20), np.repeat(np.arange(10), 4))
    assert wide_high - wide_low > 1.6 * (high - low)
    none, some_low, some_high = interval(np.zeros(10), np.arange(10))
    assert (none, some_low) == (0, 0) and 0.2 < some_high < 0.35  # never a point
    assert all(math.isnan(one) for one in interval(np.empty(0), np.empty(0)))


def test_intervals_hold_the_true_mean_about_95_times_in_100():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        patients = np.repeat(np.arange(25), rng.integers(1, 4, 25))
        own = rng.beta(1, 3, 25)[patients]
        _, low, high = interval(np.where(rng.random(len(own)) < 0.7, own, rng.beta(1, 3, len(own))), patients)
        held += low <= 0.25 <= high
    assert 0.92 <= held / 400 <= 0.99


def test_maps_are_kept_as_they_were_and_a_damaged_file_is_refused(films):
    one = Measured(
        "f", films[0].truths, films[0].maps, {("sees", "Mass"): np.ones((2, 3), np.float32)}, {"lime": "No."}
    )
    content = written(one)
    again = read(content)
    assert (again.film, again.without) == ("f", {"lime": "No."})
    for name in ("truths", "maps", "cells"):
        before, after = getattr(one, name), getattr(again, name)
        assert before.keys() == after.keys()
        assert all(np.array_equal(before[key], after[key]) and before[key].dtype == after[key].dtype for key in before)
    with pytest.raises((ValueError, KeyError)):
        read(content[: len(content) // 2])
