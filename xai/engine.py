"""How a batch runs: OpenVINO where it is installed, else TensorFlow.

Hidden films are nearly all of what LIME and SHAP cost. On a processor OpenVINO runs them faster: it folds batch
normalisation into convolutions, and goes through few films at a time, so that a layer's activations stay in the
cache. Both engines compute in single precision; their logits agree to about six digits. Grad-CAM needs gradients and
always runs in TensorFlow.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xai.loading import ModelError

Run = Callable[[np.ndarray], np.ndarray]
ENGINES = ("auto", "openvino", "tensorflow")
DEFAULT_ENGINE = "auto"
PIXELS_AT_ONCE = 4 * 224**2  # of films that OpenVINO takes in one go; measured on DenseNet-121 and a small network

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Compiled:
    """A function that runs on an engine.

    Attributes
    ----------
    engine : {"openvino", "tensorflow"}
        What runs it.
    run : callable
        float32 canvases (N, size, size) to logits (N, K).
    """

    engine: str
    run: Run


def compile_for(engine: str, function: Any, size: int) -> Compiled:
    """Make a TensorFlow function from canvases to logits run on an engine.

    Parameters
    ----------
    engine : {"auto", "openvino", "tensorflow"}
        ``"auto"`` takes OpenVINO, and TensorFlow where that is missing or does not know one of the model's layers.
    function : tf.types.experimental.ConcreteFunction
        From a float32 tensor of canvases (N, size, size) to one of logits (N, K).
    size : int
        Side of a canvas.

    Raises
    ------
    ModelError
        If OpenVINO was asked for by name and is not installed or cannot run the model.
    """
    if engine not in ENGINES:
        raise ModelError(f"Expected an engine among {', '.join(ENGINES)}, but got {engine}.")
    if engine != "tensorflow":
        try:
            return Compiled("openvino", _openvino(function, size))
        except ModelError:
            if engine == "openvino":
                raise
            log.debug("OpenVINO is not used", exc_info=True)
    return Compiled("tensorflow", _tensorflow(function))


def _tensorflow(function: Any) -> Run:
    from xai.backend import tf

    return lambda canvases: function(tf.constant(canvases)).numpy()


def _openvino(function: Any, size: int) -> Run:
    try:
        import openvino
    except ImportError as error:
        raise ModelError(
            "The engine openvino is not installed: `pip install openvino`, or use the engine tensorflow."
        ) from error
    try:
        request = _infer_request(openvino, function, size)
    except RuntimeError as error:
        raise ModelError("OpenVINO cannot run this model: use the engine tensorflow.") from error
    at_once = max(1, PIXELS_AT_ONCE // size**2)

    def run(canvases: np.ndarray) -> np.ndarray:
        logits = []
        for start in range(0, len(canvases), at_once):
            request.infer({0: canvases[start : start + at_once]})
            logits.append(request.get_output_tensor(0).data.copy())
        return np.concatenate(logits)

    return run


def _infer_request(openvino: Any, function: Any, size: int) -> Any:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
    core = openvino.Core()
    # By way of a file, since `openvino.convert_model` reports to its makers that it was used.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pb"
        path.write_bytes(graph.SerializeToString())
        model = core.read_model(path)
    model.reshape(openvino.PartialShape([-1, size, size]))
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    return core.compile_model(model, "CPU", settings).create_infer_request()
