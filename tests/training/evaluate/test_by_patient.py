"""Intervals of shares know that films of one patient are alike, and are Wilson's where no patient has two."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.training.evaluate.clustered_films import World
from tests.training.evaluate.made_scores import made, noisy
from training.evaluate.atlas import contrast
from training.evaluate.by_patient import by_patient, share_of
from training.evaluate.calibration import calibration_curve
from training.evaluate.co_occurrence import co_occurrence
from training.evaluate.intervals import clustered_share, effective_films, like_patients
from training.evaluate.ranked import Counts, rank
from training.evaluate.rates import SHARES, ppv_at, rates, share, wilson
from training.evaluate.subgroups import subgroups


def test_without_repeated_patients_all_is_wilsons():
    labels, p = noisy(0)
    alone = by_patient(rank(labels, p), labels, np.random.default_rng(0).permutation(400))
    counts = alone.ranked.counts(0.3)
    assert alone.rates(0.3) == rates(counts)
    assert alone.ppv_variance(0.3) is None
    plain, ours = (calibration_curve(alone.ranked, whose=whose) for whose in (None, alone))
    assert (plain.low == ours.low).all() and (plain.high == ours.high).all()
    judged = made(np.column_stack([p, p]), np.column_stack([labels, labels[::-1]]))
    row = co_occurrence(judged, "Emphysema", 0.3).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(wilson(row["count"], row["of"]), abs=1e-15)
    # The formula itself gives it too, not only the short way round it.
    assert effective_films((labels == 1).astype(float), np.ones(400)) == pytest.approx(400, rel=1e-9)


def test_unknown_patients_stand_for_themselves():
    labels, p = noisy(0)
    nobody = by_patient(rank(labels, p), labels, np.array([None] * 400, object))
    assert nobody.rates(0.3) == rates(nobody.ranked.counts(0.3))


def test_the_variance_is_that_of_leaving_out_one_patient_at_a_time():
    rng = np.random.default_rng(1)
    among = rng.integers(1, 6, 40).astype(float)
    has = rng.binomial(among.astype(int), rng.beta(1, 1, 40)).astype(float)
    value, films = has.sum() / among.sum(), among.sum()
    without = (has.sum() - has) / (films - among)
    variance = 39 / 40 * ((without - value) ** 2).sum()
    effective = value * (1 - value) / variance + 1  # n - 1 in place of n, as a sample's own variance has it
    assert effective_films(has, among) < effective < films
    assert effective_films(has, among) == pytest.approx(effective, rel=0.1)  # the rest is the t quantile's


def test_repeating_every_film_for_its_patient_tells_next_to_nothing():
    has, among = (np.arange(60) < 23).astype(float), np.ones(60)
    once, ten = clustered_share(has, among), clustered_share(10 * has, 10 * among)
    assert (ten.count, ten.of) == (230, 600)
    assert (ten.low, ten.high) == pytest.approx((once.low, once.high), abs=0.01)


@pytest.mark.parametrize("count", [0, 1])
def test_of_none_or_all_films_a_patient_counts_once(count: int):
    among = np.full(4, 10.0)
    found = clustered_share(count * among, among)
    assert (found.low, found.high) == pytest.approx(wilson(4 * count, 4))
    assert like_patients(np.array([10.0, 0, 1, 1])) == pytest.approx(144 / 102)
    assert (found.value, found.of) == (count, 40)


@pytest.mark.parametrize(
    ("has", "among"), [([2], [5]), ([1, 0], [1, 3]), ([1, 4], [1, 4]), ([1, 1], [2, 2]), ([0, 0, 1], [2, 0, 1])]
)
def test_a_handful_of_films_has_an_interval_around_its_share(has: list[float], among: list[float]):
    found = clustered_share(np.array(has), np.array(among))
    assert 0 <= found.low <= found.value <= found.high <= 1 and found.high - found.low > 0.4


def test_a_share_of_nothing_has_none():
    nothing = clustered_share(np.zeros(3), np.zeros(3))
    assert math.isnan(nothing.value) and math.isnan(nothing.low) and nothing.of == 0
    assert math.isnan(by_patient(rank([0, 0], [0.1, 0.2]), [0, 0], [1, 1]).rates(0.5).sensitivity.low)


@pytest.mark.parametrize("positives", [5, 11, 50])
def test_intervals_hold_the_true_share_where_wilsons_do_not(positives: int):
    world, rng, threshold = World(alike=0.6), np.random.default_rng(positives), 1.0
    truth = world.shares(threshold)
    held: dict[str, list[bool]] = {name: [] for name in truth}
    plain = []
    for _ in range(250):
        films = world.ranked(rng, world.patients(positives))
        found = films.rates(threshold)
        for name, value in truth.items():
            if getattr(found, name).of:
                held[name].append(getattr(found, name).low <= value <= getattr(found, name).high)
        one_by_one = rates(films.ranked.counts(threshold)).predicted_prevalence
        plain.append(one_by_one.low <= truth["predicted_prevalence"] <= one_by_one.high)
    assert 0.925 <= np.mean(np.concatenate(list(held.values()))) <= 0.985
    assert min(np.mean(one) for one in held.values()) >= 0.90
    assert np.mean(plain) <= 0.86


def test_every_place_that_shows_a_share_knows_the_patients():
    labels, scores, patients = World(alike=0.6).draw(np.random.default_rng(2), 400)
    p = 1 / (1 + np.exp(-scores))
    both = np.column_stack([labels, (np.arange(len(labels)) // 7 % 2).astype(float)])
    view = np.where(patients % 2, "AP", "PA")
    judged = made(np.column_stack([p, p]), both, patients, view=view)
    alone = made(np.column_stack([p, p]), both, view=view)
    wide, narrow = judged.rates("Emphysema", 0.7), alone.rates("Emphysema", 0.7)
    for name in SHARES:
        ours, theirs = getattr(wide, name), getattr(narrow, name)
        assert (ours.value, ours.count, ours.of) == (theirs.value, theirs.count, theirs.of)
        assert ours.high - ours.low >= theirs.high - theirs.low
    flagged = wide.predicted_prevalence
    assert flagged.high - flagged.low > 1.3 * (narrow.predicted_prevalence.high - narrow.predicted_prevalence.low)
    groups = [subgroups(one, "Emphysema", 0.7)[1].rates.predicted_prevalence for one in (judged, alone)]
    assert groups[0].high - groups[0].low > 1.3 * (groups[1].high - groups[1].low)
    carried = [co_occurrence(one, "Emphysema", 0.7).iloc[0] for one in (judged, alone)]
    assert carried[0]["share"] == carried[1]["share"]
    assert carried[0]["high"] - carried[0]["low"] > 1.1 * (carried[1]["high"] - carried[1]["low"])
    ranked = judged.ranked("Emphysema")
    curves = [calibration_curve(ranked, whose=whose) for whose in (judged.by_patient("Emphysema"), None)]
    assert (curves[0].high - curves[0].low).sum() > 1.05 * (curves[1].high - curves[1].low).sum()
    assert "films of one patient are alike" in judged.share_method and alone.share_method == "Wilson's"


def test_share_of_counts_films():
    has, among = np.array([1, 0, 1, 1], bool), np.array([1, 1, 1, 0], bool)
    found = share_of(has, among, np.array([0, 1, 2, 2]))
    assert (found.count, found.of) == (2, 3) and found == share(2, 3)


def test_ppv_elsewhere_knows_the_patients():
    world, rng, there = World(alike=0.6), np.random.default_rng(4), 0.02
    true = world.shares(1.0)
    found, raised = true["sensitivity"] * there, (1 - true["specificity"]) * (1 - there)
    held = {"patients": [], "films": []}
    for _ in range(200):
        films = world.ranked(rng, 250)
        counts, variance = films.ranked.counts(1.0), films.ppv_variance(1.0)
        for name, one in (("patients", variance), ("films", None)):
            _, low, high = ppv_at(counts, there, one)
            held[name].append(low <= found / (found + raised) <= high)
    assert np.mean(held["patients"]) >= 0.91 > 0.9 > np.mean(held["films"])
    # Twice the films of each patient: the variance stays, where film by film it would halve.
    labels, scores, _ = world.draw(rng, 40)
    once = ppv_at(Counts(30, 20, 10, 100), there)
    twice = by_patient(*_twice(30, 20, 10, 100))
    assert ppv_at(twice.ranked.counts(0.5), there, twice.ppv_variance(0.5)) == pytest.approx(once, abs=1e-9)
    assert len(labels) == len(scores)


def _twice(tp: int, fp: int, fn: int, tn: int):
    labels = np.tile(np.repeat([1.0, 0.0, 1.0, 0.0], [tp, fp, fn, tn]), 2)
    scores = np.tile(np.repeat([0.9, 0.9, 0.1, 0.1], [tp, fp, fn, tn]), 2)
    return rank(labels, scores), labels, np.tile(np.arange(tp + fp + fn + tn), 2)


def test_a_trait_of_few_patients_is_no_longer_beyond_chance():
    # Forty false and forty true positives of four patients each; three of the one and one of the other have AP films.
    labels, patients = np.repeat([0.0, 1.0], 40), np.repeat(np.arange(8), 10)
    view = np.where(np.isin(patients, [0, 1, 2, 4]), "AP", "PA")
    p = np.full(80, 0.9)
    p[[0, 79]] = 0.8
    alone, ours = (contrast(made(p, labels, whose, view=view), "Emphysema", 0.5).iloc[0] for whose in (None, patients))
    assert alone["q"] < 1e-4 and ours["q"] > 0.1
    assert alone["difference"] == ours["difference"]
    assert alone["low"] > 0 > ours["low"]
    # Shares of the same patients go together: the interval of their difference is no wider for it.
    mixed = contrast(made(p, labels, np.tile(np.arange(40), 2), view=view), "Emphysema", 0.5).iloc[0]
    assert mixed["low"] > -1 and mixed["high"] < 1


def test_traits_of_patients_that_make_no_difference_are_rarely_named():
    named = {"patients": 0, "films": 0}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        patients = np.repeat(np.arange(60), 6)
        flagged = rng.normal(size=60)[patients] + 0.5 * rng.normal(size=360) > 0  # a patient's films go together
        labels = rng.integers(0, 2, 60)[patients].astype(float)
        traits = {"view": np.array(["PA", "AP"])[rng.integers(0, 2, 60)][patients]}
        traits["sex"] = np.array(["F", "M"])[rng.integers(0, 2, 60)][patients]
        for name, whose in (("patients", patients), ("films", None)):
            judged = made(np.where(flagged, 0.9, 0.1), labels, whose, **traits)
            named[name] += bool((contrast(judged, "Emphysema", 0.5)["q"] < 0.05).any())
    assert named["patients"] <= 6  # 5 % of 40 is 2
    assert named["films"] >= 15
