"""What every reader of weights gives, and how it says that a file is no such thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xai.inflating import MOST_BYTES, too_much

MAX_BYTES = MOST_BYTES
MAX_TENSORS = 100_000
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}
FLOATS = ("F64", "F32", "F16", "BF16")


class WeightsError(ValueError):
    """A file of weights that cannot be used; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The tensors of a file.

    Attributes
    ----------
    tensors : dict of str to ndarray
        By the name that the file gives them, floating-point ones as float32.
    facts : dict
        What else it tells: ``op_threshs`` and ``names`` of the outputs in a torch file, ``layers`` of a Keras file.
    aside : tuple of str
        What it holds beside the weights, such as the state of an optimizer; not read.
    """

    tensors: dict[str, np.ndarray]
    facts: dict[str, Any] = field(default_factory=dict)
    aside: tuple[str, ...] = ()


def refuse_much(size: int, stored: int) -> None:
    """Refuse a file of weights that would unpack to so many bytes from those that it has on the disk."""
    if told := too_much(size, stored):
        raise WeightsError(f"it {told}")


def decode(data: bytes | memoryview, dtype: str) -> np.ndarray:
    """Give little-endian numbers as a flat array; floating-point ones as float32.

    Parameters
    ----------
    data : bytes
        A whole number of elements.
    dtype : str
        One of `DTYPES`; ``BF16`` is the upper half of a float32.
    """
    values = np.frombuffer(data, DTYPES[dtype])
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32) if dtype in FLOATS else values


def width(dtype: str) -> int:
    """Bytes of one element."""
    return np.dtype(DTYPES[dtype]).itemsize
