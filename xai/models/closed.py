"""A model that is no Keras model, as a Keras model of one layer that nobody can look into.

SHAP and LIME ask for answers only, so they work; Grad-CAM needs feature maps and gradients, which such a model hides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from xai.backend import keras
from xai.models.errors import ModelError

Shape: TypeAlias = tuple[int | None, int | None, int]
MAX_BYTES = 2 * 1024**3
ANY_SIZE = 64  # of a picture that asks a model of any size for the shape of its answer


@dataclass(frozen=True)
class Closed:
    """What a closed model is.

    Attributes
    ----------
    kind : str
        For people, such as ``"an ONNX model"``.
    engine : str
        What alone can run it; empty where TensorFlow can.
    """

    kind: str
    engine: str = ""


class ClosedLayer(keras.layers.Layer):  # type: ignore[misc] # Keras ships no types
    """A function from pictures (N, height, width, channels) to scores, or to scores by name."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__(name="closed_model")
        self.function = function

    def call(self, pictures: Any) -> Any:
        """Run the function."""
        return self.function(pictures)


def close(function: Callable[[Any], Any], shape: Shape, closed: Closed) -> keras.Model:
    """Make a Keras model of a function from pictures to scores.

    Parameters
    ----------
    function : callable
        From a float32 tensor (N, height, width, channels) to one of scores (N, K), or a dict of such.
    shape : tuple
        Height, width and channels; None where any will do.
    closed : Closed

    Returns
    -------
    keras.Model
        `closed_in` finds out that it is one.
    """
    inputs = keras.Input(shape)
    model = keras.Model(inputs, ClosedLayer(function)(inputs))
    model.closed = closed
    return model


def refuse_large(sizes: Iterable[tuple[Iterable[int | None], int]], name: str) -> None:
    """Refuse a network that makes something out of nothing that no machine holds: a file of a few bytes can ask for it.

    Parameters
    ----------
    sizes : iterable of (sides, bytes)
        Of each thing that it computes for one picture: its sides, None where they are not known before it runs, and
        the bytes of one number.
    name : str
        Of the file.

    Raises
    ------
    ModelError
        If one of them takes more than `MAX_BYTES`.
    """
    for sides, width in sizes:
        needed = math.prod(side for side in sides if side is not None) * width
        if needed > MAX_BYTES:
            raise ModelError(
                f"{name} computes something of {needed / 2**30:,.0f} GiB for one picture; a classifier of films takes "
                f"less than {MAX_BYTES // 2**30}."
            )


def closed_in(model: keras.Model) -> Closed | None:
    """What a model is if it is a closed one, else None."""
    found = getattr(model, "closed", None)
    return found if isinstance(found, Closed) else None
