from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit

from tests.training.evaluate.made_scores import binormal, made
from training.evaluate.by_patient import share_of
from training.evaluate.doubt import doubt_table, doubts, judged_doubts, out_of_sample
from training.evaluate.doubt_simulated import Truth, behind, simulate
from training.evaluate.met import Met

NOTHING = float("nan")


def test_counted_by_hand():
    # Means: 0.6 of those labelled present, 0.3 of those labelled absent.
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, NOTHING, 1])
    scores = np.array([0.9, 0.8, 0.5, 0.2, 0.1, 0.15, 0.25, 0.7, 0.99, NOTHING])
    found = doubts(labels, scores)
    assert (found.sure_present, found.sure_absent) == pytest.approx((0.6, 0.3))
    assert {label: rows.tolist() for label, rows in found.doubted.items()} == {"present": [3], "absent": [7]}
    # Sure of 3 of the 4 present ones (the one at 0.5 is neither), one of them in doubt: 4/3 of 4 labels.
    assert (found.present.films, found.present.share.count, found.present.share.of) == (4, 1, 3)
    assert found.present.wrong[0] == pytest.approx(4 / 3)
    assert (found.absent.films, found.absent.share.count, found.absent.share.of) == (4, 1, 4)
    assert found.absent.wrong[0] == pytest.approx(1)
    assert found.absent.wrong[1] < 1 < found.absent.wrong[2]


@pytest.mark.parametrize(
    "shift, means, joint, wrong, absent, present",
    [
        (0, (0.4410614, 1 - 0.81221329), (191, 37, 23, 52), (46, 35), [383, 46, 368, 47, 278, 96], [31, 289, 352]),
        (2, (0.76875439, 1 - 0.52679021), (147, 58, 15, 74), (81, 19), [383, 46, 368, 47, 278, 96], [31, 289, 352]),
    ],
)
def test_as_cleanlab_counts(shift, means, joint, wrong, absent, present):
    """Numbers of cleanlab 2.7.1: `get_confident_thresholds`, `compute_confident_joint` plain and calibrated, ranks."""
    rng = np.random.default_rng(2021)
    true = rng.random(400) < 0.25
    evidence = rng.normal(size=400) + 1.5 * true
    scores = np.round(expit(1.5 * evidence - 1.125 + np.log(0.25 / 0.75) + shift), 3)
    labels = (true ^ (rng.random(400) < 0.08)).astype(float)
    found = doubts(labels, scores)
    assert (found.sure_present, found.sure_absent) == pytest.approx(means, abs=1e-8)
    sides = found.absent.share, found.present.share
    counts = (sides[0].of - sides[0].count, sides[0].count, sides[1].count, sides[1].of - sides[1].count)
    assert counts == joint
    assert [round(side.wrong[0]) for side in (found.absent, found.present)] == list(wrong)
    assert found.doubted["absent"][:6].tolist() == absent
    assert found.doubted["present"][:3].tolist() == present


def test_intervals_know_whose_films_they_are():
    labels, z = binormal(np.random.default_rng(3), 300, 0.3, 1.2)
    patients = np.arange(300) // 3
    found, alone = doubts(labels, expit(z), patients), doubts(labels, expit(z))
    sure = (labels == 0) & ((expit(z) >= found.sure_present) | (expit(z) <= found.sure_absent))
    doubted = np.zeros(300, bool)
    doubted[found.doubted["absent"]] = True
    assert found.absent.share == share_of(doubted, sure, patients)
    assert found.absent.share.value == alone.absent.share.value and found.absent.share != alone.absent.share


def test_the_same_probability_everywhere_doubts_nothing_and_says_why():
    for labels, scores, why in (
        ([1, 0, 1, 0], [0.3] * 4, "no higher probabilities"),
        ([1, 0, 1, 0], [0.1, 0.8, 0.2, 0.9], "no higher probabilities"),
        ([1, 1, NOTHING], [0.1, 0.8, 0.9], "films without it"),
        ([0, 0, 1], [0.1, 0.8, NOTHING], "films with the finding"),
    ):
        found = doubts(np.array(labels), np.array(scores))
        assert why in found.problem and not any(len(rows) for rows in found.doubted.values())
        assert math.isnan(found.absent.wrong[0])


def test_films_that_have_exactly_the_mean_are_sure():
    found = doubts(np.array([1, 1, 1, 0, 0, 0]), np.array([0.7] * 3 + [0.1] * 3))
    assert (found.present.share.of, found.absent.share.of, found.absent.share.count) == (3, 3, 0)


def test_a_model_that_says_too_much_does_not_doubt_all_that_it_flags():
    """A mean for each class, not one threshold for all models: weighting the loss 30 times is not believed."""
    labels, z = binormal(np.random.default_rng(0), 20_000, 0.05, 1.8)
    for lift, flagged, doubted in ((0, 0.006, 0.03), (math.log(30), 0.258, 0.09)):
        p = expit(z + lift)
        false = (p >= 0.5) & (labels == 0)
        found = doubts(labels, p)
        assert false.sum() / (labels == 0).sum() == pytest.approx(flagged, abs=0.003)
        assert found.absent.share.count / (labels == 0).sum() == pytest.approx(doubted, abs=0.02)
    assert found.absent.share.count / false.sum() == pytest.approx(0.33, abs=0.01)


def test_the_table_lists_each_film_in_doubt_with_what_the_model_met():
    scores = np.array([0.9, 0.8, 0.5, 0.2, 0.1, 0.15, 0.25, 0.7])
    judged = made(scores, [1, 1, 1, 1, 0, 0, 0, 0], patients=np.array(list("abcdefgh")))
    fit = np.arange(8) == 7
    judged = dataclasses.replace(judged, met=Met({"fit": fit}, {}, np.arange(8) == 3))
    table = doubt_table(judged, "Emphysema")
    assert table[["film", "patient", "label", "rank", "met"]].to_numpy().tolist() == [
        ["f3", "d", 1, 1, "not known"],
        ["f7", "h", 0, 1, "served to fit it"],
    ]
    assert table["self_confidence"].tolist() == pytest.approx([0.2, 0.3])
    assert table["normalized_margin"].tolist() == pytest.approx([-0.6, -0.4])
    said = out_of_sample(judged, "Emphysema")
    assert said.startswith("The model has met 1 of these 8 films for Emphysema. Of 1 of these 8 films it is not known")
    new = dataclasses.replace(judged, met=Met({}, {}, np.zeros(8, bool)))
    assert out_of_sample(new, "Emphysema") == "" and set(doubt_table(new, "Emphysema")["met"]) == {"new"}
    assert judged_doubts(judged, "Emphysema").present.films == 4


def test_what_is_behind_labels_some_of_which_are_wrong():
    assert behind(0.8, 0.1, 0.0) == Truth(pytest.approx(0.8), pytest.approx(0.1), 0.0)
    # By hand: 3 % have it and 2 % of the labels are turned: 4.88 % are labelled, of these 60.2 % rightly.
    found = behind(0.5 + 0.3 * (0.0294 / 0.0488 + 0.9506 / 0.9512 - 1), 0.0488, 0.02)
    assert (found.auroc, found.prevalence) == pytest.approx((0.8, 0.03))
    assert behind(0.8, 0.04, 0.05) is None  # more would be wrong than are labelled
    assert behind(0.9, 0.05, 0.04) is None  # the model would be better than perfect
    assert behind(0.45, 0.2, 0.01) is None


@pytest.mark.parametrize("auroc, prevalence, wrong", [(0.7, 0.2, 0.02), (0.8, 0.03, 0.02), (0.9, 0.2, 0.1)])
def test_the_truth_that_is_simulated_gives_what_is_seen_and_back(auroc, prevalence, wrong):
    seen = simulate(Truth(auroc, prevalence, wrong), 20_000, np.random.default_rng(1), draws=5)
    back = behind(seen.auroc, seen.labelled, wrong)
    assert (back.auroc, back.prevalence) == pytest.approx((auroc, prevalence), abs=0.02)


def test_turned_labels_are_found_among_those_in_doubt_as_the_docs_say():
    found = simulate(Truth(0.8, 0.2, 0.05), 5000, np.random.default_rng(0), draws=20).found
    present, absent = found["present"], found["absent"]
    assert (present.precision, present.recall) == pytest.approx((0.40, 0.64), abs=0.03)
    assert (absent.precision, absent.recall) == pytest.approx((0.05, 0.49), abs=0.03)
    assert present.first_precision > 0.6 > absent.first_precision
    nothing = simulate(Truth(0.8, 0.2, 0.0), 2000, np.random.default_rng(0), draws=2).found["absent"]
    assert nothing.doubted > 50 and nothing.right == 0 and math.isnan(nothing.recall)
