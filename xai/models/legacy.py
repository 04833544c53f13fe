"""Load a Keras model from a configuration in the words of Keras 3 and weights in a file of Keras 2 or 3."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def load_translated(path: Path, config: dict[str, Any]) -> Any:
    """Build a model and read its weights, for inference.

    Parameters
    ----------
    path : Path
        An ``.h5`` or ``.keras`` file; its weights are read, matched by their order.
    config : dict
        Its architecture in the words of Keras 3, already known to hold no code.

    Returns
    -------
    keras.Model
    """
    from xai.backend import keras
    from xai.models import tensor_functions  # noqa: F401 - registers what a translated configuration names

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about words that Keras 3 still knows, but would rather not
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise ValueError(f"it holds a {type(model).__name__}, not a model")
        for layer in _inner_layers(model):
            _build_activation(layer)
        model.load_weights(path)
    return model


def _inner_layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield layer
        yield from _inner_layers(layer) if hasattr(layer, "layers") else ()


def _build_activation(layer: Any) -> None:
    """Give an activation with weights, such as a PReLU, its weights: Keras does when it is first called."""
    activation: Any = getattr(layer, "activation", None)
    if hasattr(activation, "build") and not activation.built and hasattr(layer, "output"):
        activation.build(layer.output.shape)
