"""Keras on TensorFlow, imported without the lines that TensorFlow prints about itself.

TensorFlow writes to the process's standard error before its own log level can be set, so that file is pointed at
nothing while it is imported. What goes wrong still arrives, as an exception.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def _quiet_standard_error() -> Iterator[None]:
    saved = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nothing)


os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with _quiet_standard_error():
    import keras
    import tensorflow as tf

tf.get_logger().setLevel("ERROR")  # its advice is for people who write models, not for those who use them

__all__ = ["keras", "tf"]
