"""TensorFlow: on the processor in single precision, which all others are held against, and on a GPU."""

from __future__ import annotations

from typing import Any

from xai.models.engines.compiled import Run

PROCESSOR, GPU = "/CPU:0", "/GPU:0"


def run_on_processor(function: Any) -> Run:
    """Give the reference: a GPU, where there is one, may multiply in less than single precision."""
    if not has_gpu():
        return _run_of(function)
    return run_on(frozen(function), PROCESSOR)


def run_on_gpu(function: Any) -> Run:
    """Give the function on the first GPU, in whatever precision TensorFlow takes there."""
    return run_on(frozen(function), GPU)


def run_on(function: Any, device: str) -> Run:
    """Give a function without variables on a device, by TensorFlow's name."""
    from xai.backend import tf

    run = _run_of(function)

    def run_there(canvases: Any) -> Any:
        with tf.device(device):
            return run(canvases)

    return run_there


def has_gpu() -> bool:
    """Whether TensorFlow has a GPU."""
    from xai.backend import tf

    return bool(tf.config.list_logical_devices("GPU"))


def frozen(function: Any) -> Any:
    """Turn a function's variables into constants, so that it can run anywhere."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(function)


def _run_of(function: Any) -> Run:
    from xai.backend import tf

    def run(canvases: Any) -> Any:
        found = function(tf.constant(canvases))
        return (found[0] if isinstance(found, list | tuple) else found).numpy()

    return run
