"""How far a picture is from a model's training films, in closed form."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xai.cards.checks import ModelCardError
from xai.cards.seen import PERCENTILES, Seen, fit_seen, seen_from_dict

FAR = np.linspace(0, 10, PERCENTILES).astype(np.float32)
PLANE = Seen(
    ("real", "made"),
    300,
    100,
    np.float32([[0, 0, 0], [10, 0, 0]]),
    np.float32([[1, 0, 0], [0, 1, 0]]),
    np.float32([4, 1]),
    0.25,
    FAR,
)


@pytest.mark.parametrize(
    ("features", "distance"),
    [
        ([0, 0, 0], 0),
        ([2, 0, 0], 1),  # one standard deviation of 2
        ([0, 3, 0], 3),
        ([0, 0, 1], 2),  # beside both directions, where it is 0.5
        ([2, 3, 1], np.sqrt(1 + 9 + 4)),
        ([9, 0, 0], 0.5),  # nearer to the other mean
    ],
)
def test_distances_in_closed_form(features, distance):
    assert PLANE.distances(np.float32([features]))[0] == pytest.approx(distance, abs=1e-6)


def test_what_is_far_is_beyond_99_of_100_of_the_films_held_out():
    assert FAR[99] == pytest.approx(9.9)
    assert not PLANE.is_far(9.89)
    assert PLANE.is_far(9.91)
    assert PLANE.share_nearer(5.05) == 0.51
    assert PLANE.share_nearer(0) == 0
    assert PLANE.share_nearer(99) == 1


def test_what_is_said_of_a_far_picture():
    rest = "the 100 films of real and made that were held out"
    start = "unlike the films that the model learned from, farther away than"
    assert PLANE.doubt(5) == ""
    assert PLANE.doubt(9.95) == f"{start} 99 of 100 of {rest}"
    assert PLANE.doubt(11) == f"{start} all {rest}"


def test_a_planted_outlier_is_far_and_few_of_the_like_are():
    rng = np.random.default_rng(0)
    stretched = rng.normal(size=(3, 40)) * np.array([[5], [3], [2]])

    def draw(count: int) -> np.ndarray:
        return rng.normal(size=(count, 3)) @ stretched + 0.5 * rng.normal(size=(count, 40)) + 7

    seen = fit_seen({"real": draw(2000)}, draw(1000), directions=3)
    assert np.mean([seen.is_far(one) for one in seen.distances(draw(1000))]) == pytest.approx(0.01, abs=0.01)
    # What is left beside the three directions has 37 dimensions of variance 0.25 each.
    assert seen.rest == pytest.approx(0.25, rel=0.05)
    beside = np.linalg.svd(stretched)[2][-1]
    outlier = draw(1) + 8 * beside
    assert seen.is_far(seen.distances(outlier)[0])
    assert seen.distances(outlier)[0] == pytest.approx(16, abs=3)


def test_each_dataset_has_its_own_mean():
    rng = np.random.default_rng(1)
    real, made = rng.normal(size=(500, 8)), rng.normal(size=(500, 8)) + 30
    seen = fit_seen({"real": real, "made": made}, np.concatenate([real, made]), directions=2)
    between = np.full((1, 8), 15.0)
    assert seen.distances(between)[0] > 3 * seen.distances(real).max()


def test_features_that_never_move_break_nothing():
    rng = np.random.default_rng(2)
    features = np.concatenate([rng.normal(size=(50, 3)), np.zeros((50, 5))], axis=1)
    seen = fit_seen({"real": features}, features, directions=6)
    assert np.isfinite(seen.distances(features)).all()
    assert seen.is_far(seen.distances(features[:1] + np.eye(8)[[7]])[0])


def test_it_comes_back_from_json():
    again = seen_from_dict(json.loads(json.dumps(PLANE.to_dict())))
    assert again == PLANE
    np.testing.assert_allclose(again.distances(np.ones((2, 3))), PLANE.distances(np.ones((2, 3))))


def test_the_figures_of_1280_features_fit_into_a_card():
    rng = np.random.default_rng(3)
    seen = fit_seen({"real": rng.normal(size=(200, 1280))}, rng.normal(size=(50, 1280)))
    assert len(json.dumps(seen.to_dict())) < 130_000


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"datasets": []}, "list of names"),
        ({"films": 0}, "whole number above 0"),
        ({"variances": [4, -1]}, "list of numbers"),
        ({"variances": [4, 0]}, "above 0"),
        ({"rest": 0}, "seen.rest"),
        ({"far": [1, 2]}, "101 numbers"),
        ({"far": FAR[::-1].tolist()}, "do not fall"),
        ({"means": "no base64!"}, "2 rows of numbers"),
        ({"directions": PLANE.to_dict()["means"]}, "as many features"),
    ],
)
def test_figures_that_make_no_sense_are_refused(change, complaint):
    with pytest.raises(ModelCardError, match=complaint):
        seen_from_dict(PLANE.to_dict() | change)
    with pytest.raises(ModelCardError, match="must be an object"):
        seen_from_dict("far")


def test_too_few_films_are_refused():
    with pytest.raises(ValueError, match="too few"):
        fit_seen({"real": np.ones((2, 4))}, np.ones((1, 4)))
