"""Payloads as bytes for the browser: one line of JSON that says what there is, then the arrays one after the other.

A file is the length of the JSON (four bytes, little-endian), the JSON padded with spaces to a multiple of eight, and
the arrays, little-endian, each at a multiple of eight from where they begin. In the JSON an array is
``{"shape", "dtype", "at"}``, with ``dtype`` ``"u1"``, ``"u2"``, ``"f4"`` or ``"i2"``. Float maps travel as ``"i2"``: in
whole steps of their largest value, `STEPS` of them, with ``"scales"``, the value of one step of each map.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

STEPS = 4095  # finer than the browser's 255 colours; a fifth of what float32 takes once both are compressed
EIGHT = 8

_DTYPES = {np.dtype("uint8"): "u1", np.dtype("uint16"): "u2", np.dtype("int16"): "i2"}


def check_array(array: np.ndarray) -> np.ndarray:
    """Give an array back if the browser can read it.

    Raises
    ------
    ValueError
        For another dtype than uint8, uint16 or float32, or for NaN or infinite values.
    """
    if array.dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"The viewer takes uint8, uint16 or float32 arrays, not {array.dtype}: convert it first.")
    if not np.isfinite(array).all():
        raise ValueError("The viewer takes finite values only: this array has NaN or infinity in it.")
    return array


def pack(payload: Mapping[str, Any]) -> bytes:
    """Pack a payload whose arrays are uint8, uint16 or float32; the same payload always gives the same bytes.

    Float arrays are (maps, height, width), each map rounded to `STEPS` steps of its largest magnitude.
    """
    arrays: list[np.ndarray] = []
    head = json.dumps(_referred(payload, arrays), separators=(",", ":"), allow_nan=False).encode()
    head += b" " * (-(len(head) + 4) % EIGHT)
    return b"".join([len(head).to_bytes(4, "little"), head, *(_padded(array) for array in arrays)])


def _referred(value: Any, arrays: list[np.ndarray]) -> Any:
    """Give a payload with a reference in place of each array."""
    if isinstance(value, Mapping):
        return {name: _referred(part, arrays) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_referred(part, arrays) for part in value]
    if not isinstance(value, np.ndarray):
        return value
    extra: dict[str, Any] = {}
    if check_array(value).dtype == np.float32:
        value, scales = in_steps(value)
        extra = {"scales": scales.tolist()}
    at = sum(len(_padded(array)) for array in arrays)
    arrays.append(value)
    return {"shape": list(value.shape), "dtype": _DTYPES[value.dtype], "at": at, **extra}


def in_steps(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round maps to whole steps.

    Parameters
    ----------
    maps : float32 array (maps, height, width)

    Returns
    -------
    steps : int16 array (maps, height, width)
        From -`STEPS` to `STEPS`.
    scales : float64 array (maps,)
        Value of one step; 0 for a map of zeros.
    """
    largest = np.abs(maps).max(axis=(1, 2), initial=0.0).astype(np.float64)
    scales = largest / STEPS
    safe = np.where(scales > 0, scales, 1.0)[:, None, None]
    return np.rint(maps / safe).astype(np.int16), scales


def _padded(array: np.ndarray) -> bytes:
    content = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
    return content + bytes(-len(content) % EIGHT)
