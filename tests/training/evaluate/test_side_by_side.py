from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest

from tests.training.evaluate.made_scores import binormal, made
from training.evaluate.bootstrap import percentile_interval
from training.evaluate.ranked import EvaluateError
from training.evaluate.side_by_side import MEASURES, SideBySide, disagree, side_by_side, side_by_side_judged


def _drawn(seed: int, patients: int, each: int = 4, sure: float = 1.0) -> tuple[np.ndarray, ...]:
    """Films of patients that are alike: labels, the probabilities of two models, and whose they are."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(patients), each)
    labels = (rng.random(patients) < 0.3)[owner].astype(float)
    shared = 1.5 * labels + rng.normal(size=patients)[owner]
    first, second = (expit(sure * (shared - 1.5 + 0.6 * rng.normal(size=len(owner)))) for _ in range(2))
    return labels, first, second, owner


def _truth(found: SideBySide) -> list[float]:
    return [found.changes[name].difference for name in MEASURES]


def test_measures_are_those_that_one_counts():
    labels = np.array([1, 1, 1, 0, 0, 0, 0, np.nan])
    first = np.array([0.9, 0.6, 0.2, 0.7, 0.1, 0.1, 0.6, 0.9])
    second = np.array([0.9, 0.2, 0.2, 0.2, 0.1, 0.1, 0.6, np.nan])
    found = side_by_side(labels, first, second, (0.5, 0.5))
    both = {name: (one.first, one.second) for name, one in found.changes.items()}
    assert both["sensitivity"] == pytest.approx((2 / 3, 1 / 3))
    assert both["specificity"] == pytest.approx((2 / 4, 3 / 4))
    assert both["predicted_prevalence"] == pytest.approx((4 / 7, 2 / 7))
    assert both["ppv"] == (0.5, 0.5)
    truth = labels[:7]
    assert both["brier"] == pytest.approx((((first[:7] - truth) ** 2).mean(), ((second[:7] - truth) ** 2).mean()))
    assert both["mean_probability"] == pytest.approx((first[:7].mean(), second[:7].mean()))
    assert (found.missed, found.positives, found.films, found.left_out) == ((1, 2), 3, 7, 1)
    assert all(one.difference == pytest.approx(one.second - one.first) for one in found.changes.values())


def test_one_film_a_patient_is_mcnemars_question():
    rng = np.random.default_rng(0)
    labels = np.ones(400)
    first, second = (rng.random((2, 400)) > 0.4).astype(float)
    alone = (first > second).sum(), (second > first).sum()
    change = side_by_side(labels, first, second, (0.5, 0.5)).changes["sensitivity"]
    gap = (alone[1] - alone[0]) / 400
    variance = (sum(alone) / 400 - gap**2) / 399
    assert change.difference == pytest.approx(gap)
    assert (change.high - change.low) / 2 == pytest.approx(1.966 * math.sqrt(variance), rel=1e-3)


def test_copies_of_a_patients_films_tell_nothing_new():
    labels, first, second, owner = _drawn(1, 200, each=1)
    once = side_by_side(labels, first, second, (0.4, 0.5), owner)
    again = (np.tile(one, 5) for one in (labels, first, second))
    many = side_by_side(*again, (0.4, 0.5), np.tile(owner, 5))
    for name, one in once.changes.items():
        other = many.changes[name]
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=2e-3)
        assert one.p == pytest.approx(other.p, abs=1e-12, nan_ok=True)


def test_intervals_agree_with_patients_drawn_again():
    labels, first, second, owner = _drawn(2, 300)
    found = side_by_side(labels, first, second, (0.4, 0.6), owner)
    rng = np.random.default_rng(0)
    rows = np.arange(len(labels)).reshape(300, 4)
    drawn = []
    for _ in range(400):
        some = rows[rng.integers(300, size=300)].ravel()
        drawn.append(_truth(side_by_side(labels[some], first[some], second[some], (0.4, 0.6))))
    low, high = percentile_interval(np.array(drawn))
    for name, least, most in zip(MEASURES, low, high, strict=True):
        one = found.changes[name]
        assert one.high - one.low == pytest.approx(most - least, rel=0.2)
        assert math.isnan(one.p) or (one.p < 0.05) == (one.low > 0 or one.high < 0)


def test_intervals_hold_the_true_difference_as_often_as_they_say():
    truth = _truth(side_by_side(*_drawn(3, 60_000)[:3], (0.4, 0.55)))
    held = np.zeros(len(MEASURES))
    for seed in range(300):
        labels, first, second, owner = _drawn(100 + seed, 60)
        found = side_by_side(labels, first, second, (0.4, 0.55), owner).changes
        held += [found[name].low <= value <= found[name].high for name, value in zip(MEASURES, truth, strict=True)]
    assert ((held / 300 >= 0.925) & (held / 300 <= 0.995)).all()


def test_flags_that_agree_leave_open_what_so_few_patients_leave_open():
    labels, first, _, owner = _drawn(4, 30)
    change = side_by_side(labels, first, first * 0.999, (0.5, 0.4995), owner).changes["sensitivity"]
    patients = len(np.unique(owner[labels == 1]))
    assert change.difference == 0 and change.p == 1.0
    assert change.high == -change.low == pytest.approx(1 - 0.025 ** (1 / patients))


def test_patients_who_all_change_alike_leave_open_what_so_few_leave_open():
    labels = np.r_[np.ones(4), np.zeros(40)]
    second = np.r_[np.zeros(4), 0.9, np.zeros(39)]
    found = side_by_side(labels, np.ones(44), second, (0.5, 0.5)).changes
    change, ppv = found["sensitivity"], found["ppv"]
    # Newcombe's own arithmetic, of 4 of 4 and 0 of 4 by Wilson: their intervals end at 0.5101 and 0.4899.
    assert (change.difference, change.low) == (-1.0, -1.0)
    assert change.high == pytest.approx(-1 + math.hypot(1 - 0.5101, 0.4899), abs=1e-4)
    assert change.p == 0.125  # four coins that fall alike
    assert ppv.low < -0.05 and ppv.high > 0.4 and math.isnan(ppv.p)


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 0), (6, 0), (7, 2), (12, 12)])
def test_one_film_a_patient_has_the_p_of_mcnemars_exact_test(lost: int, gained: int):
    first = np.r_[np.ones(lost), np.zeros(gained), np.ones(30)]
    second = np.r_[np.zeros(lost), np.ones(gained), np.ones(30)]
    change = side_by_side(np.ones(len(first)), first, second, (0.5, 0.5)).changes["sensitivity"]
    exact = binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
    assert change.p == pytest.approx(exact, abs=1e-12)


def test_films_of_one_patient_are_one_coin():
    first, second = np.ones(8), np.r_[np.zeros(6), np.ones(2)]
    change = side_by_side(np.ones(8), first, second, (0.5, 0.5), np.repeat([0, 1, 2, 3], 2)).changes["sensitivity"]
    assert change.p == 0.25  # three patients lose both films each


@pytest.mark.parametrize("patients", [3, 5, 11])
def test_few_patients_are_covered_too(patients: int):
    """Student's interval alone held 25 to 40 % where a change is nearly certain."""
    rng, held = np.random.default_rng(patients), 0
    for _ in range(400):
        second = (rng.random(patients) < 0.1).astype(float)
        change = side_by_side(np.ones(patients), np.ones(patients), second, (0.5, 0.5)).changes["sensitivity"]
        held += change.low <= -0.9 <= change.high
    assert held / 400 >= 0.93


def test_no_interval_goes_beyond_what_can_be():
    labels = np.r_[np.ones(5), np.zeros(40)]
    second = np.r_[0.9, np.zeros(44)]
    change = side_by_side(labels, np.ones(45), second, (0.5, 0.5)).changes["sensitivity"]
    assert change.difference == pytest.approx(-0.8) and -1.0 <= change.low < change.high < 0


def test_a_share_of_nothing_is_not_compared():
    found = side_by_side(np.zeros(5), np.full(5, 0.2), np.full(5, 0.9), (0.5, 0.5)).changes
    assert math.isnan(found["sensitivity"].difference) and math.isnan(found["ppv"].first)
    assert found["predicted_prevalence"].difference == 1.0


def test_two_models_are_compared_on_the_films_that_both_predicted():
    labels, z = binormal(np.random.default_rng(6), 400, 0.3, 1.5)
    whole = made(expit(z), labels)
    other = made(expit(z[::-1] - 1), labels[::-1]).restrict(np.arange(100, 400))
    renamed = other.films.assign(film=[f"f{399 - k}" for k in range(100, 400)])
    found = side_by_side_judged(whole, _with(other, renamed), "Emphysema", (0.5, 0.5))
    assert found.films == 300 and found.changes["predicted_prevalence"].difference < 0
    assert found.changes["sensitivity"].first == pytest.approx((z[:300][labels[:300] == 1] >= 0).mean())
    with pytest.raises(EvaluateError, match="no film in common"):
        side_by_side_judged(
            whole, _with(other, other.films.assign(film="x" + renamed["film"])), "Emphysema", (0.5, 0.5)
        )


def _with(judged, films):
    return dataclasses.replace(judged, films=films)


def test_an_interval_and_a_p_that_disagree_are_named():
    """Ten patients have one film more flagged, of 15 or more others with four flagged films each either way."""
    first, owner = np.r_[np.ones(60), np.zeros(3940)], np.arange(4000) // 4
    second = first.copy()
    second[60 + 4 * np.arange(10)] = 1
    found = side_by_side(np.zeros(4000), first, second, (0.5, 0.5), owner)
    change = found.changes["predicted_prevalence"]
    assert change.p == pytest.approx(2 / 2**10) and change.low < 0 < change.difference < change.high
    assert disagree(found) == ["specificity", "predicted_prevalence"]  # no film has it, so they are the same question
    # The other way about: five of 300 is beyond the interval, and not yet beyond five coins.
    found = side_by_side(np.zeros(300), np.zeros(300), np.r_[np.ones(5), np.zeros(295)], (0.5, 0.5))
    change = found.changes["predicted_prevalence"]
    assert change.p == 0.0625 and change.low > 0
    assert disagree(found) == ["specificity", "predicted_prevalence"]


def test_an_interval_and_a_p_that_agree_are_not_named():
    first, second = np.r_[np.ones(200), np.zeros(200)], np.r_[np.ones(120), np.zeros(280)]
    assert disagree(side_by_side(np.arange(400) % 2, first, second, (0.5, 0.5))) == []
    assert disagree(side_by_side(np.arange(400) % 2, first, first, (0.5, 0.5))) == []
