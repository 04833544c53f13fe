"""Bare TensorFlow functions between the layers of a model that Keras 2 wrote: those on a list are called again.

Keras 2 wrote arithmetic such as ``x / 127.5 - 1`` as layers that name a function of TensorFlow. Nothing is looked up by
the name in the file: a name is known here or refused.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from xai.backend import keras, tf

_NAMES = """
    __operators__.getitem cast clip_by_value concat expand_dims identity ones_like pad repeat reshape
    reverse split squeeze stack stop_gradient strided_slice tile transpose unstack where zeros_like
    compat.v1.concat compat.v1.expand_dims compat.v1.pad compat.v1.squeeze compat.v1.transpose
    image.adjust_contrast image.grayscale_to_rgb image.per_image_standardization image.resize image.rgb_to_grayscale
    linalg.matmul
    math.abs math.add math.argmax math.ceil math.cos math.divide math.divide_no_nan math.erf math.exp math.floor
    math.floordiv math.log math.log1p math.log_sigmoid math.maximum math.minimum math.multiply math.negative math.pow
    math.reciprocal math.reduce_max math.reduce_mean math.reduce_min math.reduce_prod math.reduce_std math.reduce_sum
    math.reduce_variance math.rsqrt math.sigmoid math.sign math.sin math.softplus math.sqrt math.square
    math.squared_difference math.subtract math.tanh math.truediv math.l2_normalize math.top_k
    nn.avg_pool2d nn.bias_add nn.depth_to_space nn.elu nn.gelu nn.leaky_relu nn.log_softmax nn.max_pool2d nn.relu
    nn.relu6 nn.selu nn.silu nn.softmax nn.softsign nn.space_to_depth
"""
_OTHER_NAMES = {"__operators__.add": "math.add"}
FUNCTIONS = frozenset(_NAMES.split()) | set(_OTHER_NAMES)


@keras.saving.register_keras_serializable("lightbox")
class TensorFunction(keras.Operation):  # type: ignore[misc] # Keras ships no types
    """A TensorFlow function as a node of a model.

    Parameters
    ----------
    function : str
        One of `FUNCTIONS`.
    name : str, optional

    Raises
    ------
    ValueError
        If the function is not among them.
    """

    def __init__(self, function: str, name: str | None = None) -> None:
        super().__init__(name=name)
        if function not in FUNCTIONS:
            raise ValueError(f"the function tf.{function} is not among those that Lightbox calls")
        self.function = function

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        if "slice_spec" in kwargs:
            kwargs["slice_spec"] = [_index(one) for one in kwargs["slice_spec"]]
        return attrgetter(_OTHER_NAMES.get(self.function, self.function))(tf)(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {"function": self.function, "name": self.name}


def _index(one: Any) -> Any:
    """Give one index of a slice, which a file writes as an object."""
    if isinstance(one, dict):
        return slice(one["start"], one["stop"], one["step"])
    return ... if one == "..." else one


@keras.saving.register_keras_serializable("lightbox")  # type: ignore[untyped-decorator]
def hard_sigmoid_of_keras_2(x: Any) -> Any:
    """Give the line from 0 at -2.5 to 1 at 2.5; Keras 3 calls another one ``hard_sigmoid``, from -3 to 3."""
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


@keras.saving.register_keras_serializable("lightbox")
class ThresholdedReLU(keras.layers.Layer):  # type: ignore[misc]
    """``x`` where it is above ``theta``, else 0: a layer that Keras 3 no longer has."""

    def __init__(self, theta: float = 1.0, **words: Any) -> None:
        super().__init__(**words)
        self.theta = float(theta)

    def call(self, x: Any) -> Any:
        """Compute it."""
        return x * tf.cast(x > self.theta, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {**super().get_config(), "theta": self.theta}
