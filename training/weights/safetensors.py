"""Read ``.safetensors``: a length, a JSON header of names, types, shapes and places, then the numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from training.weights.tensors import DTYPES, MAX_BYTES, MAX_TENSORS, Checkpoint, WeightsError, decode, width

MAX_HEADER = 64 * 1024**2


def read_safetensors(path: Path) -> Checkpoint:
    """Read the tensors of a file.

    Raises
    ------
    WeightsError
        If the header is damaged, or its tensors do not fill the rest of the file one after the other.
    """
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= min(MAX_HEADER, len(data) - 8):
        raise WeightsError(f"it is no safetensors file: its header would be {length} bytes long")
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=_without_repeats)
        described = {name: _described(entry) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError("its header is damaged") from error
    if len(described) > MAX_TENSORS:
        raise WeightsError(f"it has more than {MAX_TENSORS} tensors")
    return Checkpoint(_arrays(described, memoryview(data)[8 + length :]))


def _described(entry: dict[str, Any]) -> tuple[int, int, str, tuple[int, ...]]:
    """Give start, end, type and shape of a tensor, checked against one another."""
    dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    if dtype not in DTYPES:
        raise WeightsError(f"it has a tensor of type {str(dtype)[:20]}, which is not read here")
    numbers = (*shape, start, end)
    if not all(type(number) is int and 0 <= number <= MAX_BYTES for number in numbers):
        raise WeightsError("its header is damaged")
    if end - start != math.prod(shape) * width(dtype):
        raise WeightsError(f"its header says {end - start} bytes for a tensor of {dtype} and shape {tuple(shape)}")
    return start, end, dtype, tuple(shape)


def _arrays(described: dict[str, tuple[int, int, str, tuple[int, ...]]], data: memoryview) -> dict[str, np.ndarray]:
    place = 0
    arrays = {}
    for name, (start, end, dtype, shape) in sorted(described.items(), key=lambda item: item[1][:2]):
        if start != place or end > len(data):
            raise WeightsError(f"it is damaged or not complete: {name[:80]} lies outside its place in the file")
        arrays[name] = decode(data[start:end], dtype).reshape(shape)
        place = end
    if place != len(data):
        raise WeightsError(f"it has {len(data) - place} bytes that belong to no tensor")
    return arrays


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise WeightsError("its header names a tensor twice")
    return dict(pairs)
