"""Read the tensors of a ``.pth``, ``.pt`` or ``.pth.tar`` file: torch's zip files, and the plain ones before 1.6."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from training.weights.tensors import MAX_BYTES, MAX_TENSORS, Checkpoint, WeightsError, decode, width
from training.weights.torch_pickle import WAY_OUT, Inert, Storage, Tensor, load

MAX_PICKLE = 64 * 1024**2
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
WHERE_WEIGHTS_LIE = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights")
FACTS = ("op_threshs", "pathologies", "targets")
MAX_DEPTH = 50


def read_torch(path: Path) -> Checkpoint:
    """Read a torch file without torch, running nothing in it.

    Raises
    ------
    WeightsError
        If the file is damaged, wants to run code, or holds no weights.
    """
    with Path(path).open("rb") as file:
        is_zip = file.read(2) == b"PK"
    content, values = _read_zip(path) if is_zip else _read_legacy(path)
    tensors, facts, aside = collect(content)
    if sum(tensor.size for tensor in tensors.values()) * 8 > MAX_BYTES:
        raise WeightsError(f"its tensors have more than {MAX_BYTES // 2**30} GiB")
    missing = [name for name, tensor in tensors.items() if tensor.storage.key not in values]
    if missing:
        raise WeightsError(f"it is not complete: the numbers of {missing[0][:80]} are not in it")
    return Checkpoint({name: view.array(values[view.storage.key]) for name, view in tensors.items()}, facts, aside)


def _read_zip(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.rsplit("/", 1)[-1] == "constants.pkl" for name in names):
                raise WeightsError(f"this is a TorchScript program, which is code and not weights; {WAY_OUT}")
            pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise WeightsError("this zip archive is not one that torch.save wrote: it has no data.pkl")
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise WeightsError(f"it unpacks to more than {MAX_BYTES // 2**30} GiB")
            if archive.getinfo(pickles[0]).file_size > MAX_PICKLE:
                raise WeightsError(f"its pickle is larger than {MAX_PICKLE // 2**20} MiB, which weights do not need")
            root = pickles[0].removesuffix("data.pkl")
            if f"{root}byteorder" in names and archive.read(f"{root}byteorder") != b"little":
                raise WeightsError("it was written by a big-endian machine, which is not read here")
            content, storages = load(io.BytesIO(archive.read(pickles[0])))
            known = [storage for storage in storages.values() if storage.dtype]
            return content, {kind.key: _numbers(kind, archive.read(f"{root}data/{kind.key}")) for kind in known}
    except WeightsError:
        raise
    except Exception as error:  # zipfile raises almost anything on damaged bytes
        raise WeightsError(f"it is damaged or not complete ({type(error).__name__})") from error


def _read_legacy(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Read what torch wrote before 1.6: three pickles about the file, the content, a list of storages, the storages."""
    with Path(path).open("rb") as file:
        if file.read(1) != b"\x80":
            raise WeightsError("it is no file that torch.save wrote: neither a zip archive nor a pickle")
        file.seek(0)
        if load(file)[0] != LEGACY_MAGIC:
            raise WeightsError(f"it is a pickle that torch.save did not write; {WAY_OUT}")
        if load(file)[0] != LEGACY_PROTOCOL:
            raise WeightsError("it was written by a version of torch that is not known here")
        machine = load(file)[0]
        if not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise WeightsError("it was written by a big-endian machine, which is not read here")
        content, storages = load(file)
        keys = load(file)[0]
        if not isinstance(keys, list) or not all(isinstance(key, str) and key in storages for key in keys):
            raise WeightsError("it is damaged: its storages are not those that its pickle names")
        return content, {key: _read_legacy_storage(storages[key], file) for key in keys}


def _read_legacy_storage(storage: Storage, file: BinaryIO) -> np.ndarray:
    header = file.read(8)
    if header != struct.pack("<q", storage.length) or not storage.dtype:
        raise WeightsError("it is damaged or not complete: a storage has not the length that its pickle names")
    left = os.fstat(file.fileno()).st_size - file.tell()
    return _numbers(storage, file.read(min(left, storage.length * width(storage.dtype))))


def _numbers(storage: Storage, data: bytes) -> np.ndarray:
    expected = storage.length * width(storage.dtype)
    if len(data) != expected:
        raise WeightsError(f"it is damaged or not complete: a storage has {len(data)} bytes instead of {expected}")
    return decode(data, storage.dtype)


def collect(content: Any) -> tuple[dict[str, Tensor], dict[str, Any], tuple[str, ...]]:
    """Find the tensors in what a torch file holds.

    Parameters
    ----------
    content : object
        A state dict, a pickled module, or a checkpoint that holds one of them beside other things.

    Returns
    -------
    tensors : dict of str to Tensor
        By their names in the state dict.
    facts : dict
        Plain attributes of a pickled module that say what its outputs mean.
    aside : tuple of str
        Names of what else the checkpoint holds.
    """
    aside: tuple[str, ...] = ()
    for _ in range(MAX_DEPTH):
        if isinstance(content, Inert):
            tensors: dict[str, Tensor] = {}
            _collect_module(content, "", tensors, 0)
            if tensors:
                own = vars(content)
                return tensors, {name: own[name] for name in FACTS if isinstance(own.get(name), (list, tuple))}, aside
            break
        if not isinstance(content, Mapping):
            break
        tensors = {name: value for name, value in content.items() if isinstance(value, Tensor)}
        inside = [name for name in WHERE_WEIGHTS_LIE if isinstance(content.get(name), (Mapping, Inert))]
        if inside:
            aside += tuple(_name(name) for name in content if name != inside[0])
            content = content[inside[0]]
        elif tensors and all(isinstance(name, str) for name in tensors):
            return tensors, {}, aside + tuple(_name(name) for name in content if name not in tensors)
        else:
            break
    raise WeightsError(f"it holds no weights that can be found ({_describe(content)}); {WAY_OUT}")


def _collect_module(module: Inert, prefix: str, tensors: dict[str, Tensor], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise WeightsError("its modules lie in one another without end")
    state = vars(module)
    for kind in ("_parameters", "_buffers"):
        for name, value in _mapping(state.get(kind)).items():
            if isinstance(value, Tensor):
                tensors[f"{prefix}{name}"] = value
    if len(tensors) > MAX_TENSORS:
        raise WeightsError(f"it has more than {MAX_TENSORS} tensors")
    for name, inner in _mapping(state.get("_modules")).items():
        if isinstance(inner, Inert):
            _collect_module(inner, f"{prefix}{name}.", tensors, depth + 1)


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _name(key: Any) -> str:
    return key[:40] if isinstance(key, str) else type(key).__name__


def _describe(content: Any) -> str:
    if isinstance(content, Mapping):
        return "a dictionary with " + (", ".join(_name(name) for name in list(content)[:6]) or "nothing in it")
    return f"a {type(content).__name__}"
