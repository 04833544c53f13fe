"""Read a Keras model file safely: ``.keras`` or legacy ``.h5``, nothing in it is executed.

A model file may name any Python object to be built. Before Keras sees it, its configuration is read as plain JSON
and refused if it names code of its own, a Lambda, or anything that is not a building block of Keras.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from xai.cards.model_card import SUFFIXES
from xai.models.keras_2 import objects
from xai.models.legacy import load_translated

MAX_MODEL_BYTES = 2 * 1024**3
MAX_CONFIG_BYTES = 64 * 1024**2
CODE_CLASSES = {
    "Lambda",
    "TFOpLambda",  # Keras 2's name for a bare TensorFlow function between two layers
    "SlicingOpLambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
}
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
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path.name} is not a model file: expected {' or '.join(SUFFIXES[:2])}.")
    if not path.is_file():
        raise ModelError(f"There is no model file {path.name}.")
    if path.stat().st_size > MAX_MODEL_BYTES:
        raise ModelError(f"{path.name} is larger than {MAX_MODEL_BYTES // 2**30} GiB.")
    is_archive = path.suffix == ".keras"  # as Keras decides it: what is checked must be what is loaded
    config = _archive_config(path) if is_archive else _h5_config(path)
    _refuse_code(config, path.name)

    try:
        model = _read_archive(path) if is_archive else load_h5(path, config)
    except Exception as error:  # Keras raises anything from KeyError to UnicodeDecodeError on a damaged file
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"Keras cannot rebuild {path.name}: {reason}") from error
    if not model.weights:
        raise ModelError(
            f"{path.name} holds no weights: call the model on a film, or build it, before you save it, "
            "so that its layers have them."
        )
    return model


def _read_archive(path: Path) -> Any:
    from xai.backend import keras

    return keras.models.load_model(path, compile=False, safe_mode=True)


def _archive_config(path: Path) -> Any:
    import h5py

    if h5py.is_hdf5(path):
        raise ModelError(f"{path.name} is an HDF5 file, not a .keras archive: rename it to {path.stem}.h5.")
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > 2 * MAX_MODEL_BYTES or archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise ModelError(f"{path.name} unpacks to more than a model can be.")
            strays = [name for name in archive.namelist() if name.startswith("/") or ".." in PurePosixPath(name).parts]
            if strays:
                raise ModelError(f"{path.name} wants to unpack {strays[0]}, which lies outside the model.")
            config = json.loads(archive.read("config.json"))
            written_by = str(json.loads(archive.read("metadata.json"))["keras_version"])
    except ModelError:
        raise
    except Exception as error:  # zipfile raises almost anything on damaged bytes
        raise ModelError(f"{path.name} is damaged or no Keras model: it has no readable config.json.") from error
    if written_by.startswith("2."):
        raise ModelError(
            f"{path.name} was written by Keras {written_by}, whose .keras files Keras 3 cannot read: "
            "save it there with model.save('name.h5')."
        )
    if isinstance(config, dict):
        config.pop("compile_config", None)  # a loss of one's own is code too, but it is never built here
    return config


def _h5_config(path: Path) -> Any:
    import h5py

    if zipfile.is_zipfile(path) and not h5py.is_hdf5(path):
        raise ModelError(f"{path.name} is a .keras archive, not an HDF5 file: rename it to {path.stem}.keras.")
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
    except ModelError:
        raise
    except Exception as error:  # so does h5py
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
        elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            raise ModelError(f"{name} points at another file, which a model may not.")


def _refuse_code(config: Any, name: str) -> None:
    from xai.backend import keras

    registered = set(keras.saving.get_custom_objects())
    for node in objects(config):
        kind, module, known = str(node["class_name"]), node.get("module"), str(node.get("registered_name"))
        if kind in CODE_CLASSES or kind.startswith("__lambda__"):
            raise ModelError(
                f"{name} has a {kind} layer, which holds code that Lightbox does not run: "
                "save the model with built-in layers instead."
            )
        if known in registered or f"Custom>{kind}" in registered:
            continue
        own = ">" in known  # as Keras writes what somebody registered: package>name
        if not own and (module is None or str(module) == "builtins"):
            continue
        if own or str(module).split(".")[0] != "keras" or str(module).startswith(CODE_MODULES):
            raise ModelError(
                f"{name} uses {known if module is None else f'{module}.{kind}'}, which is not a layer of Keras: "
                "Lightbox cannot rebuild it unless its class is registered with "
                "keras.saving.register_keras_serializable."
            )
