"""Read a file of weights, whatever its format; nothing in it is run."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from training.weights.keras_h5 import read_h5
from training.weights.safetensors import read_safetensors
from training.weights.tensors import MAX_BYTES, MAX_TENSORS, Checkpoint, WeightsError
from training.weights.torch_file import read_torch

TORCH_SUFFIXES = (".pth", ".pt", ".tar", ".bin", ".ckpt", "")
H5_MAGIC = b"\x89HDF\r\n\x1a\n"


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the tensors of a file.

    Parameters
    ----------
    path : Path
        ``.safetensors``, ``.npz``, ``.h5``, or a torch file (``.pth``, ``.pt``, ``.pth.tar``, or without an ending,
        as CheXNet's reproduction has it).

    Raises
    ------
    WeightsError
        In one sentence, if the file cannot be read, wants to run code, or holds no weights.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There is no file of weights {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise WeightsError(f"{path.name} is larger than {MAX_BYTES // 2**30} GiB.")
    try:
        checkpoint = _reader(path)(path)
    except WeightsError as error:
        raise WeightsError(f"{path.name} cannot be imported: {error}.") from error
    return Checkpoint(
        {name: _as_float32(values) for name, values in checkpoint.tensors.items()}, checkpoint.facts, checkpoint.aside
    )


def _reader(path: Path) -> Callable[[Path], Checkpoint]:
    with path.open("rb") as file:
        start = file.read(8)
    suffix = path.suffix.lower()
    if start == H5_MAGIC:
        return read_h5
    if suffix == ".safetensors":
        return read_safetensors
    if suffix == ".npz":
        return read_npz
    if suffix in TORCH_SUFFIXES:
        return read_torch
    raise WeightsError("expected a file that ends in .safetensors, .npz, .h5, .pth, .pt or .pth.tar")


def read_npz(path: Path) -> Checkpoint:
    """Read the arrays of a ``.npz`` file, none of which may be a pickle.

    Raises
    ------
    WeightsError
        If the file is damaged, too large, or holds objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = [member.file_size for member in archive.infolist()]
        if sum(sizes) > MAX_BYTES or len(sizes) > MAX_TENSORS:
            raise WeightsError(f"it unpacks to more than {MAX_BYTES // 2**30} GiB or {MAX_TENSORS} tensors")
        with np.load(path, allow_pickle=False) as arrays:
            return Checkpoint({name: arrays[name] for name in arrays.files})
    except WeightsError:
        raise
    except Exception as error:  # zipfile and NumPy raise almost anything on damaged bytes
        objects = "Object arrays" in str(error)
        reason = "it holds pickled objects, not numbers" if objects else f"it is damaged ({type(error).__name__})"
        raise WeightsError(reason) from error


def _as_float32(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) if values.dtype.kind == "f" else values
