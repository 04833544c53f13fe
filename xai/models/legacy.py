"""Read ``.h5`` models that Keras 2 wrote: say what they say in the words of Keras 3."""

from __future__ import annotations

import copy
import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What Keras 2 wrote into every layer of a kind, without effect there, and what Keras 3 does not accept.
OBSOLETE = {
    "DepthwiseConv2D": ("groups",),
    "Conv2DTranspose": ("groups",),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SpatialDropout1D": ("trainable", "noise_shape"),
    "SpatialDropout2D": ("trainable", "noise_shape"),
}
OBSOLETE_EVERYWHERE = ("rng_type", "time_major")


def load_h5(path: Path, config: dict[str, Any]) -> Any:
    """Load an ``.h5`` model of Keras 2 or 3 for inference.

    Parameters
    ----------
    path : Path
        The file; its weights are read.
    config : dict
        Its architecture, already known to hold no code.

    Returns
    -------
    keras.Model
    """
    from xai.backend import keras

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about words that Keras 3 still knows, but would rather not
        if not _written_by(path).startswith("3."):
            path = _rewritten(path, modernise(config), Path(folder) / "modern.h5")
        return keras.models.load_model(path, compile=False, safe_mode=True)


def _written_by(path: Path) -> str:
    """Version of Keras that wrote a file; "" where it does not say, as the oldest do not."""
    import h5py

    with h5py.File(path, "r") as file:
        version = file.attrs.get("keras_version", "")
        return version.decode() if isinstance(version, bytes) else str(version)


def _rewritten(path: Path, config: dict[str, Any], target: Path) -> Path:
    """Write the same weights with another configuration: Keras takes both from one file only."""
    import h5py

    with h5py.File(path, "r") as source, h5py.File(target, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs.update({name: source.attrs[name] for name in ("keras_version", "backend") if name in source.attrs})
        source.copy("model_weights", file)
    return target


def modernise(config: dict[str, Any]) -> dict[str, Any]:
    """Translate a model's configuration from Keras 2 to Keras 3.

    Weights are matched by their order, so a layer may be renamed: Keras 3 allows no ``/`` in a name, and every
    DenseNet of Keras 2 has one.
    """
    config = copy.deepcopy(config)
    renamed = {}
    for node in objects(config):
        settings = node.get("config")
        if not isinstance(settings, dict):
            continue
        for word in (*OBSOLETE.get(node["class_name"], ()), *OBSOLETE_EVERYWHERE):
            settings.pop(word, None)
        if isinstance(settings.get("axis"), list) and len(settings["axis"]) == 1:
            settings["axis"] = settings["axis"][0]
        if isinstance(settings.get("dtype"), dict) and settings["dtype"].get("class_name") == "Policy":
            settings["dtype"] = settings["dtype"]["config"]["name"]
        if "output_layers" in settings:
            _modernise_graph(settings)
        name = settings.get("name")
        if isinstance(name, str) and "/" in name:
            renamed[name] = name.replace("/", "_")
    return _replaced(config, renamed) if renamed else config


def _modernise_graph(model: dict[str, Any]) -> None:
    """Rewrite how a functional model names its tensors, as [layer, call, output], in place."""
    tensors = [tensor for layer in model["layers"] for call in layer["inbound_nodes"] for tensor in _tensors(call)]
    tensors += _tensors(model["output_layers"])
    for layer in model["layers"]:
        if "layers" in layer["config"]:  # Keras 2 counted the making of an inner model as its call 0
            used = [tensor for tensor in tensors if tensor[0] == layer["name"]]
            first = min((tensor[1] for tensor in used), default=0)
            for tensor in used:
                tensor[1] -= first
    for end in ("input_layers", "output_layers"):
        if len(model[end]) == 1:
            model[end] = model[end][0]


def _tensors(node: Any) -> list[list[Any]]:
    """Every [layer, call, output, ...] in a nest of lists."""
    if not isinstance(node, list):
        return []
    if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
        return [node]
    return [tensor for inner in node for tensor in _tensors(inner)]


def objects(config: Any) -> Iterator[dict[str, Any]]:
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


def _replaced(node: Any, words: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _replaced(value, words) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, words) for value in node]
    return words.get(node, node) if isinstance(node, str) else node
