"""What is said of a map: a sentence a measure."""

from __future__ import annotations

import numpy as np
import pytest

from xai import measures
from xai.measures import MEASURES, describe, location
from xai.measures.frame import Frame


def test_location_is_said_first():
    assert next(iter(MEASURES)) == "location"
    assert describe(np.ones((9, 10))).startswith(location.describe(np.ones((9, 10))))


def test_each_measure_says_its_sentence_in_order(monkeypatch):
    said = {
        "largest": lambda values, frame: f"At most {values.max():g}.",
        "covers": lambda values, frame: f"On {frame.footprint[3]:g} of the film.",
    }
    monkeypatch.setattr(measures, "MEASURES", said)
    assert describe(np.array([[1.5, -2]])) == "At most 1.5. On 1 of the film."
    assert describe(np.array([[1.5, -2]]), Frame(footprint=(0, 0, 1, 0.5))) == "At most 1.5. On 0.5 of the film."


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("values", [np.zeros((24, 24)), -np.ones((24, 24)), np.ones((24, 20)), np.eye(24)])
def test_a_measure_says_one_sentence_of_any_map_and_leaves_it_as_it_is(name, values):
    before = values.copy()
    sentence = MEASURES[name](values, Frame())
    assert sentence[0].isupper() and sentence.endswith(".") and "\n" not in sentence
    assert "nan" not in sentence
    np.testing.assert_array_equal(values, before)
