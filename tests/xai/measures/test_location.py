"""Where the evidence lies, in words."""

from __future__ import annotations

import numpy as np
import pytest

from xai.measures.location import Zone, describe, strongest_zone, zone_shares


def map_with(row, column):
    values, columns = np.zeros((9, 10)), (0, 4, 6, 10)
    values[row * 3 : (row + 1) * 3, columns[column] : columns[column + 1]] = 1 / (columns[column + 1] - columns[column])
    return values


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (0, 0, "upper zone on the patient's right"),
        (1, 1, "middle midline"),
        (2, 2, "lower zone on the patient's left"),
        (2, 0, "lower zone on the patient's right"),
    ],
)
def test_the_images_left_is_the_patients_right(row, column, words):
    values = map_with(row, column)
    assert strongest_zone(values) == (Zone(row, column), 1.0)
    assert describe(values) == f"Most in the {words}: 100% of the evidence for it."


def test_shares_are_those_of_what_speaks_for_it():
    values = 3 * map_with(0, 0) + map_with(1, 2) - 10 * map_with(2, 2)
    expected = np.zeros((3, 3))
    expected[0, 0], expected[1, 2] = 0.75, 0.25
    np.testing.assert_allclose(zone_shares(values), expected)


def test_no_evidence_is_said_to_be_none():
    for values in (np.zeros((9, 9)), -np.ones((9, 9))):
        assert describe(values) == "No evidence for this finding."
        assert strongest_zone(values) is None


def test_an_even_map_is_spread():
    assert describe(np.ones((9, 10))).startswith("Spread over the film; most (13%)")


def test_the_midline_is_the_middle_fifth():
    for at, words in ((0.35, "middle zone on the patient's right"), (0.5, "middle midline"), (0.65, "patient's left")):
        values = np.zeros((100, 100))
        values[50, int(at * 100)] = 1
        assert words in describe(values)


@pytest.mark.parametrize("shape", [(8, 8), (24, 24), (100, 97), (3, 3)])
def test_every_pixel_belongs_to_one_zone(shape):
    values = np.random.default_rng(0).random(shape)
    assert zone_shares(values).sum() == pytest.approx(1)
