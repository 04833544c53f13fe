from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.components.packing import STEPS, check_array, in_steps, pack


def unpack(content: bytes) -> dict:
    """Read a packed payload as the browser does."""
    length = int.from_bytes(content[:4], "little")
    start = 4 + length
    assert start % 8 == 0

    def filled(value):
        if isinstance(value, list):
            return [filled(part) for part in value]
        if not isinstance(value, dict):
            return value
        if {"shape", "dtype", "at"} <= set(value):
            assert value["at"] % 8 == 0
            count = int(np.prod(value["shape"]))
            array = np.frombuffer(content, "<" + value["dtype"], count, start + value["at"]).reshape(value["shape"])
            if "scales" in value:
                array = (array * np.array(value["scales"])[:, None, None]).astype(np.float32)
            return array
        return {name: filled(part) for name, part in value.items()}

    return filled(json.loads(content[4:start]))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(13, dtype=np.uint8),
        np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000,
        np.arange(12, dtype=">u2").astype(np.uint16).reshape(2, 6)[:, ::2],
        np.zeros((0, 4), np.uint8),
    ],
    ids=["u1", "u2", "strided", "empty"],
)
def test_whole_numbers_come_back_as_they_were(array):
    (got,) = unpack(pack({"array": array})).values()
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype


def test_maps_come_back_within_half_a_step_and_their_largest_exactly():
    maps = np.random.default_rng(0).normal(0, [[[1e-6]], [[1.0]], [[1e6]], [[0.0]]], (4, 9, 7)).astype(np.float32)
    got = unpack(pack({"maps": maps}))["maps"]
    for one, wanted in zip(got, maps, strict=True):
        largest = np.abs(wanted).max()
        np.testing.assert_allclose(one, wanted, atol=largest * (0.5 / STEPS + 1e-6))
        assert np.abs(one).max() == pytest.approx(largest, rel=1e-6)
    assert not got[3].any()


def test_steps_are_whole_and_keep_signs():
    steps, scales = in_steps(np.array([[[-2.0, 1.0, 0.0]]], np.float32))
    assert steps.dtype == np.int16
    assert steps.tolist() == [[[-STEPS, round(STEPS / 2), 0]]]
    assert scales.tolist() == [2.0 / STEPS]


def test_words_and_several_arrays_keep_their_places():
    payload = {"a": np.arange(3, dtype=np.uint8), "words": {"Größe": [1, None, "x"]}, "b": [np.ones((2, 2), np.uint16)]}
    got = unpack(pack(payload))
    assert got["words"] == payload["words"]
    np.testing.assert_array_equal(got["a"], payload["a"])
    np.testing.assert_array_equal(got["b"][0], payload["b"][0])
    assert pack(payload) == pack(payload)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), "not float64"),
        (np.zeros(3, dtype=bool), "not bool"),
        (np.array([1, np.nan], dtype=np.float32), "NaN"),
        (np.array([1, np.inf], dtype=np.float32), "infinity"),
    ],
)
def test_what_the_browser_cannot_read_is_refused(array, message):
    with pytest.raises(ValueError, match=message):
        check_array(array)
