"""Read a model file safely: ``.keras``, ``.h5``, ONNX or SavedModel, nothing in it is executed.

A Keras file may name any Python object to be built. Before Keras sees it, its configuration is read as plain JSON,
translated where an older Keras wrote it, and refused if it names code of its own, a Lambda, or anything that is not a
building block of Keras.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import io
import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from xai.inflating import MOST_BYTES, hdf5_bytes, too_much, zip_bytes
from xai.models.built_size import refuse_oversized
from xai.models.errors import ModelError as ModelError
from xai.models.errors import reason_of
from xai.models.file_kinds import Kind, kind_of
from xai.models.hub import is_allowed, is_installed, is_of_hub
from xai.models.keras_2 import keras_3_in_hdf5, modernise, objects

MAX_CONFIG_BYTES = 64 * 1024**2
IN_MEMORY = 256 * 1024**2  # bytes
CODE_CLASSES = {
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
}
PACKAGES = ("keras", "tf_keras")
EXPORT_WAY = (
    "Where it was made, save it with layers of Keras only, or export it "
    "(`model.export('name.onnx', format='onnx')`): SHAP and LIME explain that too."
)
ENDINGS = {
    Kind.KERAS: ((".keras",), "a .keras archive"),
    Kind.HDF5: ((".h5", ".hdf5"), "an HDF5 file"),
    Kind.ONNX: ((".onnx",), "an ONNX model"),
    Kind.SAVED_MODEL_ZIP: ((".zip",), "a SavedModel in an archive"),
}
NAMES = {ending: name for endings, name in ENDINGS.values() for ending in endings}
STRUCTURES = {"TensorShape", "TypeSpec", "ListWrapper"}  # of plain values, in place of a class
CODE_MODULES = (
    "keras.utils",
    "keras.config",
    "keras.saving",
    "keras.datasets",
    "keras.export",
    "keras.src.utils",
)


def file_sha256(path: Path) -> str:
    """Give the sha256 of a file, or of all files of a folder and their names, as hexadecimal text."""
    path = Path(path)
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file())
        named = "".join(f"{one.relative_to(path).as_posix()} {file_sha256(one)}\n" for one in files)
        return hashlib.sha256(named.encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_model(path: Path) -> Any:
    """Load a model for inference.

    Parameters
    ----------
    path : Path
        A ``.keras``, ``.h5`` or ``.onnx`` file on this machine, or a SavedModel: its folder, or a ``.zip`` of it.

    Returns
    -------
    keras.Model
        One that is no Keras model is a closed one; see `xai.models.closed`.

    Raises
    ------
    ModelError
        If it is no such model, names code of its own, or cannot be rebuilt. It says what the file is, from its bytes.
    """
    path = Path(path)
    kind = checked_kind(path)
    if kind is Kind.ONNX:
        from xai.models.onnx_model import load_onnx

        return load_onnx(path)
    if kind in (Kind.SAVED_MODEL, Kind.SAVED_MODEL_ZIP):
        from xai.models.saved_model import load_saved_model

        return load_saved_model(path)
    model = _load_keras(path, kind)
    if not model.weights:
        raise ModelError(
            f"{path.name} holds no weights: call the model on a film, or build it, before you save it, "
            "so that its layers have them."
        )
    return model


def checked_kind(path: Path) -> Kind:
    """Tell what a model file is, without loading it; raises `ModelError` where it is none, or has a wrong ending."""
    if not path.exists():
        raise ModelError(f"There is no model file {path.name}.")
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise ModelError(f"{path.name} is larger than {MOST_BYTES // 2**30} GiB.")
    kind = kind_of(path)
    if isinstance(kind, str):
        raise ModelError(f"{path.name} {kind}.")
    if kind is Kind.SAVED_MODEL:
        return kind
    expected, name = ENDINGS[kind]
    if path.suffix not in expected:
        told = f", not {NAMES[path.suffix]}" if path.suffix in NAMES else ""
        raise ModelError(f"{path.name} is {name}{told}: rename it to {path.stem}{expected[0]}.")
    return kind


def _load_keras(path: Path, kind: Kind) -> Any:
    config, written_by, held = _archive_config(path) if kind is Kind.KERAS else _h5_config(path)
    is_old = not written_by.startswith("3.")
    try:
        translated = modernise(config) if is_old else keras_3_in_hdf5(config) if kind is Kind.HDF5 else config
    except Exception as error:  # a configuration may hold anything anywhere
        raise ModelError(f"{path.name} is damaged: the configuration of its layers makes no sense.") from error
    _refuse_code(translated, path.name)
    try:
        refuse_oversized(path.name, translated, held)
        if kind is Kind.KERAS and not is_old:
            from xai.backend import keras

            return keras.models.load_model(path, compile=False, safe_mode=True)
        from xai.models.legacy import load_translated

        return load_translated(path, translated)
    except ModelError:
        raise
    except Exception as error:  # Keras raises anything from KeyError to UnicodeDecodeError on a damaged file
        raise ModelError(f"Keras cannot rebuild {path.name}: {reason_of(error)}") from error


def refuse_much(name: str, size: int, stored: int) -> None:
    """Refuse a model that would fill far more memory than weights that are stored in so few bytes can."""
    if told := too_much(size, stored):
        raise ModelError(f"{name} {told}.")


def _archive_config(path: Path) -> tuple[Any, str, int]:
    """Read the configuration of a ``.keras`` file, the version of Keras that wrote it, and its weights' bytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            stored = path.stat().st_size
            refuse_much(path.name, zip_bytes(archive.infolist()), stored)
            if archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise ModelError(f"{path.name} has a longer configuration than a model can have.")
            held = [
                _weights_bytes(archive, one, path.name) for one in archive.infolist() if one.filename.endswith(".h5")
            ]
            refuse_much(path.name, sum(held), stored)
            strays = [name for name in archive.namelist() if name.startswith("/") or ".." in PurePosixPath(name).parts]
            if strays:
                raise ModelError(f"{path.name} wants to unpack {strays[0]}, which lies outside the model.")
            config = json.loads(archive.read("config.json"))
            written_by = str(json.loads(archive.read("metadata.json"))["keras_version"])
    except ModelError:
        raise
    except Exception as error:  # zipfile raises almost anything on damaged bytes
        raise ModelError(f"{path.name} is damaged or no Keras model: it has no readable config.json.") from error
    if isinstance(config, dict):
        config.pop("compile_config", None)  # a loss of one's own is code too, but it is never built here
    return config, written_by, sum(held)


def _weights_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> int:
    """Look at the weights in an archive as at those of an HDF5 file; what is none, Keras says. Gives their bytes."""
    import h5py

    # In memory this takes a fifth of the time; what is large is read where it lies, unless steps back unpack it anew.
    in_place = member.compress_type == zipfile.ZIP_STORED and member.file_size > IN_MEMORY
    with archive.open(member) if in_place else io.BytesIO(archive.read(member)) as stream:
        try:
            weights = h5py.File(stream, "r")
        except OSError:
            return 0
        with weights:
            return _checked_bytes(weights, name)


def _h5_config(path: Path) -> tuple[Any, str, int]:
    """Read of an HDF5 file what `_archive_config` does of an archive; the oldest do not say who wrote them."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            held = _checked_bytes(file, path.name)
            refuse_much(path.name, held, path.stat().st_size)
            text = file.attrs.get("model_config")
            if text is None:
                raise ModelError(
                    f"{path.name} holds weights without an architecture: save the whole model "
                    "with model.save('name.keras'), or, if it is of a network that `python -m training import-weights` "
                    "knows, make a model of it there."
                )
            if _text(file.attrs.get("backend", "")) == "theano":
                raise ModelError(
                    f"{path.name} was trained on Theano, whose convolutions are mirrored: load it with Keras 2 on "
                    "TensorFlow, which turns them, and save it again."
                )
            return json.loads(text), _text(file.attrs.get("keras_version", "")), held
    except ModelError:
        raise
    except Exception as error:  # so does h5py
        raise ModelError(
            f"{path.name} is damaged: it begins as an HDF5 file, and its download or copy may have been cut short."
        ) from error


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _checked_bytes(group: Any, name: str, seen: set[int] | None = None) -> int:
    """Refuse an HDF5 file that points at other files of this machine; give the bytes of all that it holds."""
    import h5py

    seen = set() if seen is None else seen
    address = h5py.h5o.get_info(group.id).addr
    if address in seen:  # what leads to itself has no end, and what forks often enough has none that can be reached
        raise ModelError(f"{name} holds one group of weights in two places, which no model does: get it anew.")
    seen.add(address)
    size = 0
    for key in group:
        if isinstance(group.get(key, getlink=True), h5py.ExternalLink):
            raise ModelError(f"{name} points at another file, which a model may not.")
        item = group.get(key)
        if isinstance(item, h5py.Group):
            size += _checked_bytes(item, name, seen)
        elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            raise ModelError(f"{name} points at another file, which a model may not.")
        elif isinstance(item, h5py.Dataset):
            try:
                size += hdf5_bytes(item)
            except ValueError as error:
                raise ModelError(f"{name} {error}.") from error
    return size


def _refuse_code(config: Any, name: str) -> None:
    """Refuse what names code of its own, or anything that is no building block of Keras."""
    from xai.backend import keras
    from xai.models.tensor_functions import FUNCTIONS

    registered = set(keras.saving.get_custom_objects())
    for node in objects(config):
        kind, module, known = str(node["class_name"]), node.get("module"), str(node.get("registered_name"))
        if kind in CODE_CLASSES or kind.startswith("__lambda__"):
            raise ModelError(f"{name} has a {kind} layer, which holds code that Lightbox does not run. {EXPORT_WAY}")
        if known == "lightbox>TensorFunction" and (function := str(node["config"]["function"])) not in FUNCTIONS:
            raise ModelError(
                f"{name} calls tf.{function} between its layers, which is not among the functions that Lightbox "
                f"knows. {EXPORT_WAY}"
            )
        if is_of_hub(known):
            _refuse_of_hub(known, module, name)
            continue
        if kind == "function":
            own = str(node.get("config"))
            if own in registered or own in _activations():
                continue
            raise ModelError(
                f"{name} uses {own}, which is not a function of Keras: Lightbox runs no code that belongs to a model. "
                f"{EXPORT_WAY}"
            )
        if known in registered or f"Custom>{kind}" in registered or kind in registered:
            continue
        if ">" not in known and (_is_structure(kind) if module is None else _is_part(str(module), kind)):
            continue
        called = known if ">" in known else kind if module is None else f"{module}.{kind}"
        raise ModelError(
            f"{name} uses {called}, which is not a layer of Keras: Lightbox runs no code that belongs to a model. "
            f"{EXPORT_WAY}"
        )


def _is_part(module: str, kind: str) -> bool:
    """Whether a name of a module of Keras is of a kind of part, and not of one of its functions.

    Keras gives any of its functions where an object is asked for, such as an activation, and calls it with a film.
    """
    if module == "builtins":
        return True
    if module.split(".")[0] not in PACKAGES or module.startswith(CODE_MODULES):
        return False
    from xai.backend import keras  # chosen and started before any part of it is imported

    try:
        place = keras if module == "keras" else importlib.import_module(module)
    except ImportError:  # of an older Keras; this one then says so
        return True
    return kind in _activations() or not hasattr(place, kind) or isinstance(getattr(place, kind), type)


@functools.cache
def _activations() -> frozenset[str]:
    """Name the functions of Keras that are activations: all of that module but those that look one up."""
    from xai.backend import keras

    named = inspect.getmembers(keras.activations, inspect.isfunction)
    return frozenset(name for name, _ in named) - {"get", "serialize", "deserialize"}


def _is_structure(kind: str) -> bool:
    """Whether a name without a module is one that Keras gives to plain values and, in ``.h5`` files, to its classes."""
    from xai.backend import keras

    homes = (keras.layers, keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies)
    return (
        kind.startswith("__") or kind in STRUCTURES or any(isinstance(getattr(one, kind, None), type) for one in homes)
    )


def _refuse_of_hub(known: str, module: Any, name: str) -> None:
    """Refuse a part of KerasHub that is not there, or that no picture classifier is made of."""
    if not is_installed():
        raise ModelError(
            f"{name} uses {known.partition('>')[2]} of KerasHub, which is not installed: "
            "`pip install -r requirements/hub.txt`, or `pip install lightbox[hub]`."
        )
    if not is_allowed(known, module):
        raise ModelError(f"{name} uses {module}.{known.partition('>')[2]}, which is no part of a picture classifier.")
