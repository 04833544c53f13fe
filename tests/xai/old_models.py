"""Files as Keras 2 wrote them, put together by hand in its words, with the weights of a model that is known."""

from __future__ import annotations

import json

import h5py
import numpy as np

from xai.models.loading import load_model


def old_layer(layer, **words):
    """Configuration of a layer as Keras 2 had it: no build shapes, initialisers by class and config only."""
    config = {key: value for key, value in layer.get_config().items() if not isinstance(value, dict)}
    config.pop("quantization_config", None)
    config["dtype"] = "float32"
    return {"class_name": type(layer).__name__, "config": config | words}


def write_h5(path, model, config, version="2.11.0"):
    model.save(path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = version
    return path


def assert_same_answers(path, model, channels):
    x = np.random.default_rng(0).random((3, 24, 24, channels)).astype(np.float32)
    np.testing.assert_allclose(load_model(path)(x), model(x), atol=1e-6)


def input_layer(name, channels):
    return {
        "class_name": "InputLayer",
        "config": {
            "batch_input_shape": [None, 24, 24, channels],
            "dtype": "float32",
            "sparse": False,
            "ragged": False,
            "name": name,
        },
    }


def old_functional(name, channels, layers):
    """Chain layers as Keras 2 wrote a functional model; an inner model is called for the second time."""
    start = input_layer(f"{name}_input", channels)
    described, last = [start | {"name": f"{name}_input", "inbound_nodes": []}], (f"{name}_input", 0)
    for layer in layers:
        own = layer["config"]["name"]
        described.append(layer | {"name": own, "inbound_nodes": [[[*last, 0, {}]]]})
        last = (own, 1 if "layers" in layer["config"] else 0)
    ends = {"input_layers": [[f"{name}_input", 0, 0]], "output_layers": [[*last, 0]]}
    return {"class_name": "Functional", "config": {"name": name, "layers": described} | ends}
