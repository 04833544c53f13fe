"""Masks as COCO writes them: run lengths down the columns, packed into text.

``counts`` holds the lengths of runs of 0 and 1 in turn, beginning with 0, down one column after the other. Each length
but the first three is told by its difference from the one before the last, in pieces of five bits, lowest first: a
character is 48 more than its piece, with 32 added where another follows, and bit 16 of the last is the sign (Lin et
al., Microsoft COCO, ECCV 2014; ``rleToString`` and ``rleFrString`` of cocodataset/cocoapi, common/maskApi.c).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from xai.films.film import MAX_PIXELS

MAX_RUNS = 2_000_000  # of a mask; one drawn by hand on a film of 7 million pixels has some thousands
FIRST, BITS, MORE, SIGN = 48, 5, 32, 16
LONGEST = 7  # characters of a length: 35 bits
DIFFERENCES_FROM = 3  # the first length that is told by a difference


class RleError(ValueError):
    """Run lengths that are no mask; the message is what follows "the mask cannot be read"."""


def decode(size: Any, counts: Any) -> np.ndarray:
    """Unpack a mask.

    Parameters
    ----------
    size : sequence of two ints
        Height and width.
    counts : str, or sequence of ints
        Packed, or the plain lengths of the runs.

    Returns
    -------
    bool array (height, width)

    Raises
    ------
    RleError
        If either is of the wrong type, the mask is larger than any film that is read, or the runs do not fill it.

    Examples
    --------
    >>> decode([2, 3], [1, 2, 3])
    array([[False,  True, False],
           [ True, False, False]])
    """
    height, width = _checked_size(size)
    runs = lengths(counts)
    if (runs < 0).any():
        raise RleError("one of its runs is shorter than nothing")
    if int(runs.sum()) != height * width:
        raise RleError(f"its runs have {int(runs.sum()):,} pixels, not {height} × {width}")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def encode(mask: np.ndarray) -> str:
    """Pack a bool mask (height, width) as text."""
    flat = np.concatenate([[False], np.asarray(mask, bool).ravel(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    runs = np.diff(np.concatenate([[0], changes, [flat.size - 1]]))
    told = runs.copy()
    told[DIFFERENCES_FROM:] -= runs[DIFFERENCES_FROM - 2 : -2]
    return "".join(_packed(int(one)) for one in told)


def lengths(counts: Any) -> np.ndarray:
    """Give the lengths of a mask's runs; raises `RleError`. See `decode`."""
    if isinstance(counts, str):
        return _unpacked(counts)
    if not isinstance(counts, list | tuple) or not all(type(one) is int for one in counts):
        raise RleError(f"its counts are {type(counts).__name__}, not text or a list of whole numbers")
    if len(counts) > MAX_RUNS:
        raise RleError(f"it has more than {MAX_RUNS:,} runs")
    if any(abs(one) > MAX_PIXELS for one in counts):
        raise RleError("one of its runs is longer than any film")
    return np.array(counts, np.int64)


def _checked_size(size: Any) -> tuple[int, int]:
    if not isinstance(size, list | tuple) or len(size) != 2 or not all(type(one) is int and one > 0 for one in size):
        raise RleError("its size is not two whole numbers above 0, height and width")
    if size[0] * size[1] > MAX_PIXELS:
        raise RleError(f"it is {size[0]} × {size[1]} pixels; at most {MAX_PIXELS // 10**6} million are read")
    return size[0], size[1]


def _packed(length: int) -> str:
    text = ""
    while True:
        piece = length & (MORE - 1)
        length >>= BITS
        is_last = length == (-1 if piece & SIGN else 0)
        text += chr(FIRST + piece + (0 if is_last else MORE))
        if is_last:
            return text


def _unpacked(text: str) -> np.ndarray:
    if not text:
        raise RleError("its counts are empty")
    if len(text) > LONGEST * MAX_RUNS:
        raise RleError(f"it has more than {MAX_RUNS:,} runs")
    codes = np.frombuffer(text.encode(errors="replace"), np.uint8).astype(np.int64) - FIRST
    if not text.isascii() or codes.min() < 0 or codes.max() >= 2 * MORE:
        raise RleError("its counts hold a character that no run length has")
    ends = np.flatnonzero(codes < MORE)
    if not len(ends) or ends[-1] != len(codes) - 1:
        raise RleError("its counts end in the middle of a run length")
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if len(sizes) > MAX_RUNS or sizes.max() > LONGEST:
        raise RleError("one of its runs is longer than any film" if len(sizes) <= MAX_RUNS else "it has too many runs")
    place = np.arange(len(codes)) - np.repeat(starts, sizes)
    told = np.add.reduceat((codes & (MORE - 1)) << (BITS * place), starts)
    told -= np.where(codes[ends] & SIGN, 1 << (BITS * sizes), 0)
    return _added_up(told)


def _added_up(told: np.ndarray) -> np.ndarray:
    """Turn differences into lengths: each from the one before the last, the first three as they are."""
    runs = told.copy()
    for start in (1, 2):
        runs[start::2] = np.cumsum(told[start::2])
    if (np.abs(runs) > MAX_PIXELS).any():
        raise RleError("one of its runs is longer than any film")
    return runs
