"""Read a Keras model file safely: ``.keras`` or legacy ``.h5``, nothing in it is executed.

A model file may name any Python object to be built. Before Keras sees it, its configuration is read as plain JSON
and refused if it names code of its own, a Lambda, or anything that is not a building block of Keras.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUFFIXES = (".keras", ".h5", ".hdf5")
MAX_MODEL_BYTES = 2 * 1024**3
MAX_CONFIG_BYTES = 64 * 1024**2
CODE_CLASSES = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
CODE_MODULES = (
    "keras.utils",
    "keras.config",
    "keras.saving",
    "keras.datasets",
    "keras.export",
    "keras.src.utils",
)


class ModelError(ValueError):
    """A model that cannot be used; the message is one sentence for the person who chose it."""


def file_sha256(path: Path) -> str:
    """Give the sha256 of a file as hexadecimal text."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_model(path: Path) -> Any:
    """Load a Keras model for inference.

    Parameters
    ----------
    path : Path
        A ``.keras`` or ``.h5`` file on this machine.

    Returns
    -------
    keras.Model

    Raises
    ------
    ModelError
        If the file is no such model, names code of its own, or Keras cannot rebuild it.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(f"{path.name} is not a model file: expected {' or '.join(SUFFIXES[:2])}.")
    if not path.is_file():
        raise ModelError(f"There is no model file {path.name}.")
    if path.stat().st_size > MAX_MODEL_BYTES:
        raise ModelError(f"{path.name} is larger than {MAX_MODEL_BYTES // 2**30} GiB.")
    is_zip = zipfile.is_zipfile(path)
    config = _zip_config(path) if is_zip else _h5_config(path)
    _refuse_code(config, path.name)

    from xai.backend import keras

    try:
        if is_zip:
            return keras.models.load_model(path, compile=False, safe_mode=True)
        return _load_h5(path)
    except Exception as error:  # Keras raises anything from KeyError to UnicodeDecodeError on a damaged file
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"Keras cannot rebuild {path.name}: {reason}") from error


def _zip_config(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > 2 * MAX_MODEL_BYTES or archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise ModelError(f"{path.name} unpacks to more than a model can be.")
            return json.loads(archive.read("config.json"))
    except (KeyError, ValueError, zipfile.BadZipFile, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path.name} is damaged or no Keras model: it has no readable config.json.") from error


def _h5_config(path: Path) -> Any:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _refuse_links(file, path.name)
            text = file.attrs.get("model_config")
            if text is None:
                raise ModelError(
                    f"{path.name} holds weights without an architecture: save the whole model "
                    "with model.save('name.keras')."
                )
            return json.loads(text)
    except (OSError, ValueError, RuntimeError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{path.name} is damaged or no Keras model: it is neither a .keras nor an HDF5 file."
        ) from error


def _refuse_links(group: Any, name: str) -> None:
    """Refuse an HDF5 file that points at other files of this machine."""
    import h5py

    for key in group:
        if isinstance(group.get(key, getlink=True), h5py.ExternalLink):
            raise ModelError(f"{name} points at another file, which a model may not.")
        item = group.get(key)
        if isinstance(item, h5py.Group):
            _refuse_links(item, name)
        elif isinstance(item, h5py.Dataset) and item.external:
            raise ModelError(f"{name} points at another file, which a model may not.")


def _refuse_code(config: Any, name: str) -> None:
    from xai.backend import keras

    registered = set(keras.saving.get_custom_objects())
    for node in _objects(config):
        kind, module, known = str(node["class_name"]), node.get("module"), node.get("registered_name")
        if kind in CODE_CLASSES or kind.startswith("__lambda__"):
            raise ModelError(
                f"{name} has a {kind} layer, which holds code that Lightbox does not run: "
                "save the model with built-in layers instead."
            )
        if known in registered or f"Custom>{kind}" in registered:
            continue
        if module is None or str(module) == "builtins":
            continue
        if str(module).split(".")[0] != "keras" or str(module).startswith(CODE_MODULES):
            raise ModelError(
                f"{name} uses {module}.{kind}, which is not a layer of Keras: Lightbox cannot rebuild it "
                "unless its class is registered with keras.saving.register_keras_serializable."
            )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every object that a configuration asks to be built."""
    pending = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if "class_name" in node:
                yield node
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _load_h5(path: Path) -> Any:
    from xai.backend import keras

    class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
        """Keras 2 wrote ``groups`` into every depthwise convolution; Keras 3 does not know the word."""

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> keras.layers.DepthwiseConv2D:
            return keras.layers.DepthwiseConv2D.from_config({k: v for k, v in config.items() if k != "groups"})

    custom = {"DepthwiseConv2D": DepthwiseConv2D}
    return keras.models.load_model(path, custom_objects=custom, compile=False, safe_mode=True)
