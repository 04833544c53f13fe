"""Keras on TensorFlow, imported without the lines that TensorFlow prints about itself.

`BACKEND_VARIABLE` in the environment may name JAX, on which networks can be trained, and nothing else; ``tf`` is None
then, as TensorFlow need not be there.

TensorFlow writes to the process's standard error before its own log level can be set, so that file is pointed at
nothing while it is imported. What goes wrong still arrives, as an exception.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from xai.backend_choice import BACKEND_VARIABLE, BACKENDS


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


BACKEND = os.environ.get(BACKEND_VARIABLE, BACKENDS[0])
os.environ["KERAS_BACKEND"] = BACKEND
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
tf: Any = None
with _quiet_standard_error():
    import keras

    if BACKEND == "tensorflow":
        import tensorflow

        tf = tensorflow
        tf.get_logger().setLevel("ERROR")  # its advice is for people who write models, not for those who use them

__all__ = ["BACKEND", "keras", "tf"]
