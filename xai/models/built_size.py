"""How large a Keras model would be, from its configuration alone: asked before any of it is made.

A line of configuration can ask for more weights than any machine has, or for a layer whose output for one film fills
it. All layers are built without their weights' values, which shows every shape.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from xai.inflating import HARMLESS_BYTES, MOST_BYTES
from xai.models.errors import ModelError

MOST_OUTPUT = 2**30  # bytes that one layer gives for one film: 64 channels of 2048 x 2048
MOST_TIMES = 8  # that weights may be larger than in their file, which may hold them in a lower precision
SINGLE = 4  # bytes


def refuse_oversized(name: str, config: Any, held: int) -> None:
    """Refuse a model whose configuration asks for more than can be.

    Parameters
    ----------
    name : str
        Of its file.
    config : dict
        Its architecture in the words of Keras 3, already known to hold no code.
    held : int
        Bytes of the weights that its file holds.

    Raises
    ------
    ModelError
        If its weights, or what one layer gives for one film, are too large. Anything that Keras raises where it cannot
        be built.
    """
    with ThreadPoolExecutor(1) as apart:  # Keras keeps what has no value yet for the rest of a thread
        weights, output = apart.submit(_sizes, copy.deepcopy(config)).result()
    if weights > MOST_BYTES or weights > max(HARMLESS_BYTES, MOST_TIMES * held):
        raise ModelError(
            f"{name} asks for {_large(weights)} of weights and holds {_large(held)}: its configuration is damaged, or "
            "belongs to another file."
        )
    if output > MOST_OUTPUT:
        raise ModelError(
            f"A layer of {name} would fill {_large(output)} for a single film; at most {_large(MOST_OUTPUT)} are made."
        )


def _sizes(config: Any) -> tuple[int, int]:
    """Give the bytes of all weights, and of the largest output for one film."""
    from xai.backend import keras
    from xai.models import tensor_functions  # noqa: F401 - registers what a translated configuration names

    with keras.StatelessScope(initialize_variables=False):
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    weights = sum(math.prod(one.shape) for one in getattr(model, "weights", ()))
    outputs = [math.prod(size or 1 for size in shape) for shape in _shapes(model)]
    return SINGLE * weights, SINGLE * max(outputs, default=0)


def _shapes(model: Any) -> Iterator[tuple[int | None, ...]]:
    """Give the shapes of what all its layers give, those inside others too."""
    for layer in getattr(model, "layers", ()):
        for node in getattr(layer, "_inbound_nodes", ()):
            for tensor in node.output_tensors:
                yield tuple(tensor.shape)
        yield from _shapes(layer)


def _large(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB" if size >= 2**29 else f"{size / 2**20:,.1f} MiB"
