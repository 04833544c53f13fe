from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from xai.cards.calibration import LogitMap, logit_map_from_dict
from xai.cards.model_card import InputSpec, ModelCard, ModelCardError, card_from_dict, card_to_dict

CARD = ModelCard("two", ("Effusion", "Emphysema"), "sigmoid", "logits", InputSpec(16, 1))


def test_a_straight_map_is_a_line():
    np.testing.assert_allclose(LogitMap(0.5, -1.0)(np.array([[-2.0], [4.0]])), [[-2.0], [1.0]])


def test_knots_are_joined_and_continued_with_slope_one():
    curve = LogitMap(knots=((0.0, -1.0), (2.0, 3.0)))
    np.testing.assert_allclose(curve([-5.0, 0.0, 1.0, 2.0, 4.0]), [-6.0, -1.0, 1.0, 3.0, 5.0])


def test_every_map_keeps_the_order():
    logits = np.sort(np.random.default_rng(0).normal(0, 5, 1000))
    for one in (LogitMap(0.01, 3), LogitMap(2, -1, ((-3.0, -2.0), (-1.0, -1.9), (4.0, 0.0)))):
        assert (np.diff(one(logits)) > 0).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("steep", "must be an object"),
        ({"slope": 0}, "slope must be a number above 0"),
        ({"slope": -1}, "slope must be a number above 0"),
        ({"intercept": math.nan}, "intercept must be a number"),
        ({"intercept": "1"}, "intercept must be a number"),
        ({"knots": "rise"}, "knots must be pairs"),
        ({"knots": [[0, 1, 2]]}, "knots must be pairs"),
        ({"knots": [[0, 1], [1, 1]]}, "knots must rise"),
        ({"knots": [[1, 0], [0, 1]]}, "knots must rise"),
        ({"knots": [[k, k] for k in range(1001)]}, "at most 1000 knots"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused_in_a_sentence(content, words):
    card = card_to_dict(CARD) | {"calibration": {"Emphysema": content}}
    with pytest.raises(ModelCardError, match=words):
        card_from_dict(card)


def test_a_map_of_no_output_is_refused():
    with pytest.raises(ModelCardError, match="calibration must name outputs"):
        dataclasses.replace(CARD, calibration={"Mass": LogitMap()})


def test_a_card_with_calibration_survives_json():
    maps = {"Effusion": LogitMap(0.5, -1.0, rule="a line"), "Emphysema": LogitMap(knots=((0.0, 1.0), (1.0, 1.5)))}
    card = dataclasses.replace(CARD, calibration=maps)
    assert card_from_dict(card_to_dict(card)) == card
    assert logit_map_from_dict(maps["Emphysema"].to_dict()) == maps["Emphysema"]


def test_a_card_from_before_there_was_calibration_reads_and_keeps_its_fingerprint():
    before = {key: value for key, value in card_to_dict(CARD).items() if key != "calibration"}
    assert card_from_dict(before) == CARD
    what = (CARD.outputs, CARD.link, CARD.emits, dataclasses.astuple(CARD.input)[:8], CARD.feature_layer)
    assert CARD.fingerprint == json.dumps([*what, None])


def test_calibration_is_part_of_the_fingerprint_but_its_wording_is_not():
    one, other = (dataclasses.replace(CARD, calibration={"Emphysema": LogitMap(2.0, rule=rule)}) for rule in "ab")
    assert one.fingerprint == other.fingerprint != CARD.fingerprint
    assert dataclasses.replace(CARD, calibration={"Effusion": LogitMap(2.0)}).fingerprint != one.fingerprint


def test_probabilities_go_through_the_calibration_of_their_output():
    card = dataclasses.replace(CARD, calibration={"Emphysema": LogitMap(2.0, -1.0)})
    logits = np.array([[0.0, 0.0], [1.0, 0.5]])
    expected = 1 / (1 + np.exp(-np.array([[0.0, -1.0], [1.0, 0.0]])))
    np.testing.assert_allclose(card.probabilities(logits), expected)
    np.testing.assert_allclose(CARD.probabilities(logits), 1 / (1 + np.exp(-logits)))
    np.testing.assert_allclose(card.probabilities(logits[1]), expected[1])
    assert card.probabilities(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("first", [LogitMap(0.5, 1.0), LogitMap(2.0, -1.0, ((-2.0, -1.0), (0.0, 0.5), (3.0, 1.0)))])
@pytest.mark.parametrize(
    "second", [LogitMap(1.0, -2.0), LogitMap(3.0, 0.5), LogitMap(0.7, 0.2, ((0.0, 0.0), (1.0, 4.0)))]
)
def test_one_map_after_another(first, second):
    logits = np.linspace(-20, 20, 1001)
    np.testing.assert_allclose(first.then(second)(logits), second(first(logits)), atol=1e-9)
