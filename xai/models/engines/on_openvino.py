"""OpenVINO on the processor, in single precision or in bf16.

It folds batch normalisation into convolutions, and each core goes through few films at a time, so that a layer's
activations stay in its cache.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from xai.cards.input_spec import Size, sides
from xai.machine import cores
from xai.models.engines.compiled import BATCH_SIZE, SINGLE, Run
from xai.models.engines.on_tensorflow import frozen
from xai.models.errors import ModelError
from xai.others import stop_calls_home

PIXELS_AT_ONCE = 224**2  # of films that a core takes in one go; measured on DenseNet-121 and a small network
HALF = "bf16"


def films_at_once(size: Size) -> int:
    """Films that a core takes in one go: few large ones, and of small ones no more than its part of a batch."""
    height, width = sides(size)
    return max(1, min(PIXELS_AT_ONCE // (height * width), BATCH_SIZE // cores()))


def run_on_openvino(function: Any, size: Size, precision: str = SINGLE) -> Run:
    """Compile a TensorFlow function.

    Parameters
    ----------
    function : tf.types.experimental.ConcreteFunction
        From a float32 tensor of canvases (N, height, width) to one of logits (N, K).
    size : int or (int, int)
    precision : {"f32", "bf16"}

    Raises
    ------
    ModelError
        If OpenVINO is not installed, cannot run the model, or the processor has no bf16.
    """
    openvino = _module()
    if precision == HALF and not _has_half(openvino):
        raise ModelError("This processor has no bf16, which the engine openvino-bf16 computes in.")
    films, shape = films_at_once(size), sides(size)
    try:
        queue = openvino.AsyncInferQueue(_compile(openvino, function, (films, *shape), precision))
    except Exception as error:  # TensorFlow cannot freeze a layer that draws numbers, OpenVINO may not know one
        raise ModelError("OpenVINO cannot run this model.") from error

    def run(canvases: np.ndarray) -> np.ndarray:
        short = -len(canvases) % films  # every request takes as many films, the last one some that are empty
        filled = np.concatenate([canvases, np.zeros((short, *shape), np.float32)]) if short else canvases
        logits: dict[int, np.ndarray] = {}
        queue.set_callback(lambda request, start: logits.update({start: request.get_output_tensor(0).data.copy()}))
        for start in range(0, len(filled), films):
            queue.start_async({0: filled[start : start + films]}, start)
        queue.wait_all()
        return np.concatenate([logits[start] for start in sorted(logits)])[: len(canvases)]

    return run


def _module() -> Any:
    stop_calls_home()
    try:
        import openvino
    except ImportError as error:
        raise ModelError(
            "The engine openvino is not installed: `pip install openvino`, or use the engine tensorflow."
        ) from error
    return openvino


@functools.cache
def _has_half(openvino: Any) -> bool:
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compile(openvino: Any, function: Any, shape: tuple[int, int, int], precision: str) -> Any:
    graph = frozen(function).graph.as_graph_def()
    core = openvino.Core()
    # By way of a file: `openvino.convert_model` would need all of OpenVINO's tools, and tell of its use.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps a file that is mapped
        path = Path(folder) / "model.pb"
        path.write_bytes(graph.SerializeToString())
        model = core.read_model(path)
    model.reshape(openvino.PartialShape(shape))
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": str(cores()), "INFERENCE_PRECISION_HINT": precision}
    return core.compile_model(model, "CPU", settings)
