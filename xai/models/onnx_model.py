"""ONNX models: run by OpenVINO, which knows no operation that reads or writes files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from xai.models.closed import ANY_SIZE, Closed, Shape, close, refuse_large
from xai.models.errors import ModelError, reason_of
from xai.others import stop_calls_home

CHANNELS = (1, 3)
ML = ("ai.onnx.ml", "com.microsoft")  # sets of operations beside ONNX' own of which OpenVINO knows some
ONNX = Closed("an ONNX model", "openvino")


def load_onnx(path: Path) -> Any:
    """Load an ONNX classifier of pictures.

    Returns
    -------
    keras.Model
        Closed; takes channels last, whichever way the file does.

    Raises
    ------
    ModelError
        If it is damaged, keeps weights outside its folder, takes something else than one picture, or OpenVINO, which
        runs it, is not installed or does not know one of its operations.
    """
    stop_calls_home()
    try:
        import openvino
    except ImportError as error:
        raise ModelError(f"{path.name} is an ONNX model, which runs in OpenVINO: `pip install openvino`.") from error
    content = _with_weights(path)
    core = openvino.Core()
    try:
        model = core.read_model(content)
        refuse_large(_sizes(model), path.name)
        shape, first, batch = _input(model, path.name)
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        run = _runner(compiled, first, batch)
        sample = run(np.zeros((1, *(side or ANY_SIZE for side in shape)), np.float32))
    except RuntimeError as error:
        raise ModelError(
            f"OpenVINO, which runs ONNX models, cannot run {path.name}: {_reason(content, error)}"
        ) from error
    if sample.ndim != 2:
        raise ModelError(f"{path.name} gives {sample.shape[1:]} a picture; Lightbox explains one row of scores.")
    return close(_as_tensor_function(run, sample.shape[1]), shape, ONNX)


def _reason(content: bytes, error: Exception) -> str:
    """Why OpenVINO refuses: an operation that ONNX does not define, else its own words without places in its code."""
    import onnx

    model = onnx.load_model_from_string(content)
    own = {(one.domain, one.name) for one in model.functions}
    strange = sorted(
        {
            one.op_type
            for one in model.graph.node
            if one.domain not in ("", "ai.onnx", *ML) and (one.domain, one.op_type) not in own
        }
    )
    if strange:
        return f"{', '.join(strange[:3])} is no operation of ONNX's own; export it without."
    return re.sub(r"(Exception from|Check '.*?' failed at) src/\S+:\s*", "", reason_of(error))


def _with_weights(path: Path) -> bytes:
    """Read a model with the weights that it keeps in files beside it."""
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf and onnx raise their own errors on damaged bytes
        raise ModelError(f"{path.name} is damaged: its download or copy may have been cut short.") from error
    home = path.resolve().parent
    for tensor in _tensors(model):
        for word in tensor.external_data:
            if word.key == "location" and home not in (home / word.value).resolve().parents:
                raise ModelError(f"{path.name} points at {word.value}, outside its folder, which a model may not.")
    try:
        return bytes(onnx.load(path).SerializeToString())
    except Exception as error:
        raise ModelError(
            f"{path.name} keeps weights in files beside it, which are missing or damaged: put them into its folder."
        ) from error


def _tensors(message: Any) -> Iterator[Any]:
    """Every tensor of a model, in its graph, in graphs within that, and in its functions."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for one in value if field.is_repeated else (value,):
            if field.message_type.name == "TensorProto":
                yield one
            else:
                yield from _tensors(one)


def _input(model: Any, name: str) -> tuple[Shape, bool, int | None]:
    """Shape of the picture that a model takes, whether its channels come first, and how many pictures it takes."""
    if len(model.inputs) != 1:
        raise ModelError(f"{name} takes {len(model.inputs)} inputs; Lightbox feeds one picture.")
    extents = model.inputs[0].partial_shape
    known: list[Any] = (
        [extent.get_length() if extent.is_static else None for extent in extents] if extents.rank.is_static else []
    )
    if len(known) != 4 or not (known[1] in CHANNELS or known[3] in CHANNELS):
        raise ModelError(f"{name} takes {extents}; Lightbox feeds pictures of 1 or 3 channels.")
    first = known[1] in CHANNELS and known[3] not in CHANNELS
    batch, *rest = known
    height, width, channels = (rest[1], rest[2], rest[0]) if first else rest
    return (height, width, channels), first, batch


def _sizes(model: Any) -> Iterator[tuple[list[int | None], int]]:
    """Sides of all that a network computes, as far as they are known, and the bytes of a number."""
    for operation in model.get_ops():
        for output in operation.outputs():
            sides = output.get_partial_shape()
            known = [side.get_length() if side.is_static else None for side in sides] if sides.rank.is_static else []
            yield known, output.get_element_type().size


def _runner(compiled: Any, first: bool, batch: int | None) -> Any:
    """Give a function from pictures, channels last, to the first output; of a model with a fixed batch, bit by bit."""
    kind = compiled.inputs[0].element_type.to_dtype()

    def run(pictures: np.ndarray) -> np.ndarray:
        request = compiled.create_infer_request()
        x = (pictures.transpose(0, 3, 1, 2) if first else pictures).astype(kind)
        step, parts = batch or len(x), []
        for start in range(0, len(x), max(step, 1)):
            some = x[start : start + step]
            filled = np.concatenate([some, np.repeat(some[-1:], step - len(some), axis=0)])
            parts.append(np.array(request.infer([filled])[compiled.outputs[0]], np.float32)[: len(some)])
        return np.concatenate(parts)

    return run


def _as_tensor_function(run: Any, outputs: int) -> Any:
    from xai.backend import tf

    def function(pictures: Any) -> Any:
        scores = tf.numpy_function(run, [pictures], tf.float32)
        scores.set_shape((None, outputs))
        return scores

    return function
