"""Read the weights in an HDF5 file: those that Keras 2 and 3 write, or plain arrays under names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.weights.tensors import MAX_TENSORS, Checkpoint, WeightsError, refuse_much
from xai.inflating import hdf5_bytes
from xai.models.keras_2 import objects

if TYPE_CHECKING:
    import h5py

# In the order in which a layer of Keras 3 stores them, by their number.
WEIGHT_NAMES = {1: ("kernel",), 2: ("kernel", "bias"), 4: ("gamma", "beta", "moving_mean", "moving_variance")}


def read_h5(path: Path) -> Checkpoint:
    """Read an HDF5 file of weights.

    Returns
    -------
    Checkpoint
        Tensors named ``layer/weight`` where Keras wrote the file (``conv1/bn/gamma``), by their path where it did
        not. Fact ``layers``: names of all layers, also those without weights, where the file tells.

    Raises
    ------
    WeightsError
        If the file is damaged or points at other files.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            datasets = _datasets(file)
            group = file.get("model_weights", file)
            if "layer_names" in group.attrs:
                return _read_named_layers(group)
            if isinstance(file.get("layers"), h5py.Group):
                return _read_numbered_layers(file["layers"])
            return Checkpoint({name: np.asarray(dataset) for name, dataset in datasets.items()})
    except WeightsError:
        raise
    except Exception as error:  # h5py raises anything on damaged bytes
        raise WeightsError(f"it is damaged or no HDF5 file ({type(error).__name__})") from error


def _datasets(file: h5py.File) -> dict[str, Any]:
    """Every dataset by its path; refuses links to other files, and more than a file of weights can hold."""
    import h5py

    found: dict[str, h5py.Dataset] = {}
    pending = [("", file)]
    seen = size = 0
    while pending:
        prefix, group = pending.pop()
        for key in group:
            seen += 1
            if isinstance(group.get(key, getlink=True), (h5py.ExternalLink, h5py.SoftLink)):
                raise WeightsError("it points at other places or files, which weights do not need")
            item = group[key]
            if isinstance(item, h5py.Group):
                pending.append((f"{prefix}{key}/", item))
            elif item.external or item.is_virtual:
                raise WeightsError("it points at other files, which weights do not need")
            else:
                size += _bytes_of(item)
                found[f"{prefix}{key}"] = item
            if seen > MAX_TENSORS:
                raise WeightsError(f"it holds more than {MAX_TENSORS} tensors")
    refuse_much(size, Path(file.filename).stat().st_size)
    return found


def _bytes_of(dataset: h5py.Dataset) -> int:
    try:
        return hdf5_bytes(dataset)
    except ValueError as error:
        raise WeightsError(f"it {error}") from error


def _read_named_layers(group: h5py.Group) -> Checkpoint:
    """Read what ``save_weights`` of Keras 2 and ``save`` to ``.h5`` of any Keras write."""
    tensors = {}
    layers = _texts(group.attrs["layer_names"])
    for layer in layers:
        names = _texts(group[layer].attrs["weight_names"])
        inside = len(names) > max(WEIGHT_NAMES)  # a model inside the model: its weights say whose they are
        for name in names:
            owner, _, weight = name.rpartition("/")  # conv1/bn/gamma:0
            tensors[f"{owner if inside else layer}/{weight.split(':')[0]}"] = np.asarray(group[layer][name])
    return Checkpoint(tensors, {"layers": (*layers, *_configured_layers(group.file.attrs.get("model_config")))})


def _configured_layers(config: Any) -> list[str]:
    """Names of all layers in a model's configuration, where the file has one."""
    found = objects(json.loads(config)) if config is not None else ()
    return [str(node["config"].get("name")) for node in found if isinstance(node.get("config"), dict)]


def _read_numbered_layers(group: h5py.Group) -> Checkpoint:
    """Read a ``.weights.h5`` of Keras 3, whose layers say their name beside their numbered weights."""
    tensors = {}
    layers = []
    for key in group:
        variables = group[key].get("vars", {})
        layer = variables.attrs.get("name", key) if hasattr(variables, "attrs") else key
        layers.append(layer)
        names = WEIGHT_NAMES.get(len(variables), tuple(f"weight{number}" for number in range(len(variables))))
        for number, name in enumerate(names[: len(variables)]):
            tensors[f"{layer}/{name}"] = np.asarray(variables[str(number)])
    return Checkpoint(tensors, {"layers": layers})


def _texts(names: Any) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]
