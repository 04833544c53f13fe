"""From canvases, grey and on the scale of [0, 1], to what a model takes: its own units and channels."""

from __future__ import annotations

from xai.backend import tf
from xai.cards.input_spec import InputSpec


def model_units(canvases: tf.Tensor, spec: InputSpec) -> tf.Tensor:
    """Scale the shades of canvases and repeat their channel.

    Parameters
    ----------
    canvases : tensor of float32, shape (N, height, width)
    spec : InputSpec
        Where it standardises, each canvas's own mean and deviation are taken, also of one that is partly hidden; the
        deviation is at least that of TensorFlow's ``per_image_standardization``.

    Returns
    -------
    tensor of float32, shape (N, height, width, channels)
    """
    grey = canvases[..., None] * spec.multiply
    x = tf.repeat(grey, spec.channels, axis=-1)
    if spec.standardise:
        return tf.image.per_image_standardization(x)
    return (x - tf.constant(spec.mean, tf.float32)) / tf.constant(spec.std, tf.float32)
