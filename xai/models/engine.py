"""How a batch runs: OpenVINO where it is installed and gives TensorFlow's answers, else TensorFlow.

Hidden films are nearly all of what LIME and SHAP cost. On a processor OpenVINO runs them faster: it folds batch
normalisation into convolutions, and each core goes through few films at a time, so that a layer's activations stay in
its cache. Both engines compute in single precision, and on most models their logits agree to about six digits; on some,
such as quantised ones, they do not. So each model's answers to a few films are compared when it is made ready, and
TensorFlow runs it where they differ. Grad-CAM needs gradients and always runs in TensorFlow.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.cards.input_spec import Size, sides
from xai.machine import cores
from xai.models.errors import ModelError
from xai.models.probes import probe_canvases
from xai.others import stop_calls_home

if TYPE_CHECKING:
    from xai.models.closed import Closed

Run = Callable[[np.ndarray], np.ndarray]
ENGINES = ("auto", "openvino", "tensorflow")
DEFAULT_ENGINE = "auto"
BATCH_SIZE = 32  # films at a time: larger batches gain nothing on a CPU and hold more memory
PIXELS_AT_ONCE = 224**2  # of films that a core takes in one go; measured on DenseNet-121 and a small network

TOLERANCE = 1e-3  # logits, and as a share of a logit: at most a quarter of a thousandth in probability

log = logging.getLogger(__name__)


class EngineError(ModelError):
    """An engine that gives other answers than TensorFlow."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A function that runs on an engine.

    Attributes
    ----------
    engine : {"openvino", "tensorflow"}
        What runs it.
    run : callable
        float32 canvases (N, height, width) to logits (N, K).
    note : str
        Why it is not the engine that was wanted; empty where it is.
    facts : str
        For people: which engine it is, and what its answers were held against.
    """

    engine: str
    run: Run
    note: str = ""
    facts: str = ""


def compile_for(engine: str, function: Any, size: Size) -> Compiled:
    """Make a TensorFlow function from canvases to logits run on an engine.

    Parameters
    ----------
    engine : {"auto", "openvino", "tensorflow"}
        ``"auto"`` takes OpenVINO, and TensorFlow where that is missing, does not know one of the model's layers, or
        gives other answers than TensorFlow to `xai.models.probes.probe_canvases`.
    function : tf.types.experimental.ConcreteFunction
        From a float32 tensor of canvases (N, height, width) to one of logits (N, K).
    size : int or (int, int)
        Side of a canvas, or its height and width.

    Raises
    ------
    ModelError
        If OpenVINO was asked for by name and is not installed, cannot run the model or gives other answers.
    """
    if engine not in ENGINES:
        raise ModelError(f"Expected an engine among {', '.join(ENGINES)}, but got {engine}.")
    reference = _tensorflow(function)
    if engine == "tensorflow":
        return Compiled("tensorflow", reference, facts="TensorFlow, as it was asked for.")
    try:
        run = _openvino(function, size)
        canvases = probe_canvases(size)
        largest = _compare(run, reference, canvases)
    except ModelError as error:
        if engine == "openvino":
            raise
        log.debug("OpenVINO is not used", exc_info=True)
        note = str(error) if isinstance(error, EngineError) else ""
        return Compiled("tensorflow", reference, note, f"TensorFlow, which is slower. {error}")
    facts = (
        f"OpenVINO. When the model was loaded, its logits for {len(canvases)} films made for the comparison differed "
        f"from TensorFlow's by at most {largest:.1g}; from {TOLERANCE:g} on, TensorFlow would run it."
    )
    return Compiled("openvino", run, facts=facts)


def only_engine(engine: str, closed: Closed, function: Any) -> Compiled:
    """Say of a model that calls its engine itself that it does, and that no other can be held against it.

    Raises
    ------
    ModelError
        If another engine was asked for.
    """
    if engine not in ("auto", closed.engine):
        raise ModelError(f"It is {closed.kind}, which only the engine {closed.engine} runs; {engine} was asked for.")
    facts = f"OpenVINO, which alone can run {closed.kind}: there is no second engine to hold its answers against."
    return Compiled(closed.engine, _tensorflow(function), facts=facts)


def _compare(run: Run, reference: Run, canvases: np.ndarray) -> float:
    """Give the largest difference of an engine's logits; refuse an engine that differs by more than `TOLERANCE`."""
    found, expected = run(canvases), reference(canvases)
    difference = np.abs(found - expected)
    if not (difference <= TOLERANCE * (1 + np.abs(expected))).all():  # a NaN is no agreement
        raise EngineError(
            f"OpenVINO's logits for this model differ from TensorFlow's by up to {np.nanmax(difference):.2g} on "
            f"{len(canvases)} films made for the comparison; TensorFlow, which is slower, is right."
        )
    return float(difference.max())


def _tensorflow(function: Any) -> Run:
    from xai.backend import tf

    return lambda canvases: function(tf.constant(canvases)).numpy()


def _openvino(function: Any, size: Size) -> Run:
    stop_calls_home()
    try:
        import openvino
    except ImportError as error:
        raise ModelError(
            "The engine openvino is not installed: `pip install openvino`, or use the engine tensorflow."
        ) from error
    height, width = sides(size)
    films = max(1, PIXELS_AT_ONCE // (height * width))
    try:
        queue = openvino.AsyncInferQueue(_compile(openvino, function, (films, height, width)))
    except Exception as error:  # TensorFlow cannot freeze a layer that draws numbers, OpenVINO may not know one
        raise ModelError("OpenVINO cannot run this model.") from error

    def run(canvases: np.ndarray) -> np.ndarray:
        short = -len(canvases) % films  # every request takes as many films, the last one some that are empty
        filled = np.concatenate([canvases, np.zeros((short, height, width), np.float32)]) if short else canvases
        logits: dict[int, np.ndarray] = {}
        queue.set_callback(lambda request, start: logits.update({start: request.get_output_tensor(0).data.copy()}))
        for start in range(0, len(filled), films):
            queue.start_async({0: filled[start : start + films]}, start)
        queue.wait_all()
        return np.concatenate([logits[start] for start in sorted(logits)])[: len(canvases)]

    return run


def _compile(openvino: Any, function: Any, shape: tuple[int, int, int]) -> Any:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
    core = openvino.Core()
    # By way of a file: `openvino.convert_model` would need all of OpenVINO's tools, and tell of its use.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps a file that is mapped
        path = Path(folder) / "model.pb"
        path.write_bytes(graph.SerializeToString())
        model = core.read_model(path)
    model.reshape(openvino.PartialShape(shape))
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": str(cores()), "INFERENCE_PRECISION_HINT": "f32"}
    return core.compile_model(model, "CPU", settings)
