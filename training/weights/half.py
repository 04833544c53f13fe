"""Weights in half precision: a model file of half the size, which is read as any other.

What is rounded is the model itself, before it is measured, so that the file holds exactly what was measured; it goes on
computing in float32.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from h5py import Group
    from keras import Model

WEIGHTS = "model.weights.h5"  # as Keras names them in a .keras file


def round_weights(model: Model) -> None:
    """Round all weights to float16, the nearest that there is; they stay float32.

    Raises
    ------
    ValueError
        If a weight is too large for float16, 65,504.
    """
    with np.errstate(over="ignore"):  # it is looked for below
        rounded = [weight.astype(np.float16) for weight in model.get_weights()]
    if not all(np.isfinite(weight).all() for weight in rounded):
        raise ValueError("a weight is too large to be kept in half precision")
    model.set_weights([weight.astype(np.float32) for weight in rounded])


def halve(path: Path) -> None:
    """Keep the float32 weights of a ``.keras`` file in float16, where they are the same in both.

    Raises
    ------
    ValueError
        If a weight would change: `round_weights` comes first.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[WEIGHTS] = _halved(members[WEIGHTS])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_STORED if name == WEIGHTS else None)


def _halved(weights: bytes) -> bytes:
    import h5py

    written = io.BytesIO()
    with h5py.File(io.BytesIO(weights), "r") as read, h5py.File(written, "w") as write:
        _copy(read, write)
    return written.getvalue()


def _copy(read: Group, write: Group) -> None:
    import h5py

    for name, value in read.attrs.items():
        write.attrs[name] = value
    for name, item in read.items():
        if isinstance(item, h5py.Group):
            _copy(item, write.create_group(name))
            continue
        values = item[()]
        if item.dtype == np.float32:
            values = values.astype(np.float16)
            if not np.array_equal(values.astype(np.float32), item[()], equal_nan=True):
                raise ValueError(f"{item.name} would change in half precision")
        copied = write.create_dataset(name, data=values)
        for label, value in item.attrs.items():
            copied.attrs[label] = value
