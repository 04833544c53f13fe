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

from training.weights.tensors import MAX_BYTES, MAX_TENSORS, Checkpoint, WeightsError, decode, refuse_much, width
from training.weights.torch_pickle import SAVE, WAY_OUT, Inert, Storage, Tensor, load
from xai.inflating import zip_bytes

MAX_PICKLE = 64 * 1024**2
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
WHERE_WEIGHTS_LIE = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params", "module"),
    *("model_weights", "net_state_dict", "params_ema", "ema", "state_dict_ema", "model_ema"),
)
WHERE_FACTS_LIE = ("hyper_parameters", "hparams", "args", "config", "meta")
# Of the outputs, by their order or by their number; what datasets and trainers call them.
NAMES = ("pathologies", "targets", "class_names", "classes", "labels", "class_to_idx")
EXPORTED = (
    "a program that torch.export wrote",
    "program = torch.export.load('FILE'); torch.save(program.state_dict, 'weights.pth')",
)
# How other programs that torch writes as zip archives are told, what they are, and how one gets at their weights.
PROGRAMS = {
    "constants.pkl": ("a TorchScript program", f"model = torch.jit.load('FILE'); {SAVE}"),
    "serialized_exported_program.json": EXPORTED,
    "archive_format": EXPORTED,  # of a later torch
    "model.weights.h5": ("a Keras model", ""),
}
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
            _refuse_programs({name.rsplit("/", 1)[-1] for name in names})
            pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise WeightsError("this zip archive is not one that torch.save wrote: it has no data.pkl")
            refuse_much(zip_bytes(archive.infolist()), Path(path).stat().st_size)
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


def _refuse_programs(names: set[str]) -> None:
    for name, (what, export) in PROGRAMS.items():
        if name in names and export:
            raise WeightsError(f"this is {what}, which is code and not weights; export these, in two lines: {export}")
        if name in names:
            raise WeightsError(f"this is {what}, which needs no import: put it beside its card into models/")


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
    facts: dict[str, Any] = {}
    for _ in range(MAX_DEPTH):
        if isinstance(content, Inert):
            tensors: dict[str, Tensor] = {}
            _collect_module(content, "", tensors, 0)
            facts = _said(vars(content)) | facts
            if tensors:
                return tensors, facts, aside
            content = vars(content)  # what is no module may have one, as fastai's learner does
        if not isinstance(content, Mapping):
            break
        facts = _said(content) | facts
        inside = _weights_in(content)
        if inside:
            aside += tuple(_name(name) for name in content if name not in inside)
            content = content[inside[0]] if len(inside) == 1 else _joined(content, inside)
            continue
        tensors = {name: value for name, value in content.items() if isinstance(value, Tensor)}
        if tensors and all(isinstance(name, str) for name in tensors):
            return tensors, facts, aside + tuple(_name(name) for name in content if name not in tensors)
        break
    raise WeightsError(f"it holds no weights that can be found ({_describe(content)}); {WAY_OUT}")


def _weights_in(content: Mapping[Any, Any]) -> list[str]:
    """Give the names under which weights lie in a dictionary; none where it holds them itself."""
    usual = [name for name in WHERE_WEIGHTS_LIE if _holds_module(content.get(name))]
    if usual:
        return usual[:1]
    if any(isinstance(value, Tensor) and len(value.shape) > 1 for value in content.values()):
        return []
    named = {name: value for name, value in content.items() if isinstance(name, str)}
    states = [name for name, value in named.items() if _state(value)]
    return states or [name for name, value in named.items() if "optim" not in name and _holds_module(value)][:1]


def _holds_tensors(value: Any) -> bool:
    """Whether there is a tensor in a dictionary or a module, or anywhere below it."""
    pending, seen = [value], set()
    while pending:
        one = pending.pop()
        if isinstance(one, Tensor):
            return True
        if isinstance(one, (Mapping, Inert)) and id(one) not in seen:
            seen.add(id(one))
            pending.extend(one.values() if isinstance(one, Mapping) else vars(one).values())
    return False


def _holds_module(value: Any) -> bool:
    return isinstance(value, (Mapping, Inert)) and _holds_tensors(value)


def _state(value: Any) -> dict[str, Tensor]:
    """Give the tensors of a state dict or a module; none of what is neither, such as the state of an optimizer."""
    tensors: dict[str, Tensor] = {}
    if isinstance(value, Inert):
        _collect_module(value, "", tensors, 0)
    elif isinstance(value, Mapping):
        tensors = {name: one for name, one in value.items() if isinstance(one, Tensor) and isinstance(name, str)}
    return tensors


def _joined(content: Mapping[Any, Any], inside: list[str]) -> dict[str, Tensor]:
    """Give the tensors of several state dicts, each behind the name of its own."""
    return {f"{name}.{inner}": tensor for name in inside for inner, tensor in _state(content[name]).items()}


def _said(content: Mapping[Any, Any]) -> dict[str, Any]:
    """Give what a checkpoint or a module says of its outputs: ``op_threshs``, and their ``names``."""
    said: dict[str, Any] = {}
    for place in (content, *(_mapping(content.get(name)) for name in WHERE_FACTS_LIE)):
        if isinstance(place.get("op_threshs"), (list, tuple)):
            said.setdefault("op_threshs", place["op_threshs"])
        for key in NAMES:
            if names := _output_names(place.get(key)):
                said.setdefault("names", names)
    return said


def _output_names(value: Any) -> list[str] | None:
    if isinstance(value, Mapping):  # name to number, as torchvision's ImageFolder has it
        numbers = list(value.values())
        in_order = all(type(number) is int for number in numbers) and sorted(numbers) == list(range(len(numbers)))
        value = sorted(value, key=value.__getitem__) if in_order else None
    is_list = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value) and any(value)
    return list(value) if is_list else None


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
