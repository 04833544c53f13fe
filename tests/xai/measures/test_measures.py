"""What is said of a map: a sentence a measure."""

from __future__ import annotations

import numpy as np

from xai import measures
from xai.measures import MEASURES, describe, location


def test_location_is_said_first():
    assert list(MEASURES)[0] == "location"
    assert describe(np.ones((9, 10))).startswith(location.describe(np.ones((9, 10))))


def test_each_measure_says_its_sentence_in_order(monkeypatch):
    said = {"largest": lambda values: f"At most {values.max():g}.", "least": lambda values: f"At least {values.min()}."}
    monkeypatch.setattr(measures, "MEASURES", said)
    assert describe(np.array([[1.5, -2]])) == "At most 1.5. At least -2.0."
