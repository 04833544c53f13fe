"""Masks as COCO writes them, against the publishers' own loop and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.datasets.rle import RleError, decode, encode, lengths
from xai.films.film import MAX_PIXELS


def as_in_maskapi_c(text: str) -> list[int]:
    """rleFrString of cocoapi's common/maskApi.c, line by line."""
    counts: list[int] = []
    p = 0
    while p < len(text):
        x, k, more = 0, 0, True
        while more:
            c = ord(text[p]) - 48
            x |= (c & 0x1F) << 5 * k
            more = bool(c & 0x20)
            p += 1
            k += 1
            if not more and c & 0x10:
                x |= -1 << 5 * k
        if len(counts) > 2:
            x += counts[-2]
        counts.append(x)
    return counts


def test_runs_go_down_the_columns_and_begin_with_what_is_outside():
    np.testing.assert_array_equal(decode([2, 3], [1, 2, 3]), [[False, True, False], [True, False, False]])
    np.testing.assert_array_equal(decode([2, 3], "123"), [[False, True, False], [True, False, False]])
    assert encode(np.ones((3, 3), bool)) == "09" and decode([3, 3], "09").all()
    assert not decode([40, 1], encode(np.zeros((40, 1), bool))).any()


def test_a_mask_is_read_as_the_publishers_read_it_and_packed_as_it_was():
    rng = np.random.default_rng(0)
    for _ in range(60):
        height, width = (int(side) for side in rng.integers(1, 90, 2))
        mask = rng.random((height, width)) < rng.random()
        if rng.random() < 0.5:  # long runs, and differences of both signs
            mask = np.kron(mask, np.ones((23, 1), bool))[:height]
        text = encode(mask)
        runs = as_in_maskapi_c(text)
        assert lengths(text).tolist() == runs
        flat = np.repeat(np.arange(len(runs)) % 2, runs)
        np.testing.assert_array_equal(decode([height, width], text), flat.reshape((height, width), order="F") == 1)
        np.testing.assert_array_equal(decode([height, width], text), mask)
        np.testing.assert_array_equal(decode([height, width], runs), mask)


@pytest.mark.parametrize(
    ("size", "counts", "said"),
    [
        ([2, 3], [1, 2], "its runs have 3 pixels, not 2 × 3"),
        ([2, 3], [7, -1], "shorter than nothing"),
        ([2, 3], [1, 2, 10**15], "longer than any film"),
        ([2, 3], "`````````0", "longer than any film"),
        ([2, 3], "12`", "end in the middle"),
        ([2, 3], "1 3", "a character that no run length has"),
        ([2, 3], "1→3", "a character that no run length has"),
        ([2, 3], "", "its counts are empty"),
        ([2, 3], None, "its counts are NoneType"),
        ([2, 3], [1.0, 5.0], "its counts are list, not text or a list of whole numbers"),
        ([2, 3], [True, 5], "not text or a list of whole numbers"),
        ([2.0, 3], "123", "its size is not two whole numbers above 0"),
        ([0, 3], "0", "its size is not two whole numbers above 0"),
        ("23", "123", "its size is not two whole numbers above 0"),
        ([10**6, 10**6], [10**12], f"at most {MAX_PIXELS // 10**6} million are read"),
    ],
)
def test_what_is_no_mask_is_told_in_a_few_words_and_never_unpacked(size, counts, said):
    with pytest.raises(RleError, match=said):
        decode(size, counts)
