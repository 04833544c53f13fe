"""How the layers of a Keras 2 model call each other, and TensorFlow's functions among them, in the words of Keras 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

CONSTANT = "_CONSTANT_VALUE"  # stands where the name of a layer would, before a number
KEPT_TOGETHER = "lightbox>TensorFunction"  # takes a list of one as a list

# TensorFlow's operations by the functions that they come from; those with an attribute that is an argument of these.
OPERATIONS = {
    "Abs": "math.abs",
    "Add": "math.add",
    "AddV2": "math.add",
    "BiasAdd": "nn.bias_add",
    "Cast": "cast",
    "ConcatV2": "concat",
    "Elu": "nn.elu",
    "Exp": "math.exp",
    "ExpandDims": "expand_dims",
    "Log": "math.log",
    "Max": "math.reduce_max",
    "Maximum": "math.maximum",
    "Mean": "math.reduce_mean",
    "Min": "math.reduce_min",
    "Minimum": "math.minimum",
    "Mul": "math.multiply",
    "Neg": "math.negative",
    "Pad": "pad",
    "Pow": "math.pow",
    "RealDiv": "math.truediv",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Reshape": "reshape",
    "Rsqrt": "math.rsqrt",
    "Selu": "nn.selu",
    "Sigmoid": "math.sigmoid",
    "Softmax": "nn.softmax",
    "Softplus": "math.softplus",
    "Sqrt": "math.sqrt",
    "Square": "math.square",
    "Squeeze": "squeeze",
    "StridedSlice": "strided_slice",
    "Sub": "math.subtract",
    "Sum": "math.reduce_sum",
    "Tanh": "math.tanh",
    "Transpose": "transpose",
}
ATTRIBUTES = {
    "keep_dims": "keepdims",
    "squeeze_dims": "axis",
    **{f"{name}_mask": f"{name}_mask" for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")},
}


def operation_layers(node: Node) -> None:
    """tf.keras 2.0 to 2.15: TensorFlow's functions, and before 2.4 its operations, as layers."""
    words = node["config"]
    if node["class_name"] in ("TFOpLambda", "SlicingOpLambda"):
        _call_function(node, str(words.get("function")))
    elif node["class_name"] == "TensorFlowOpLayer":
        operation = _node_def(words["node_def"])
        function = OPERATIONS.get(operation.op, f"raw_ops.{operation.op}")
        _call_function(node, function)
        node["inbound_nodes"] = [
            _with_constants(call, words.get("constants") or {}, _attributes(operation), function == "concat")
            for call in node.get("inbound_nodes", [])
        ]


def calls_with_arguments(node: Node) -> None:
    """Keras 1 to 2.15: a layer is called with a list of [layer, call, output, words], Keras 3 writes arguments.

    Keras 2 counted the making of an inner model as its call 0.
    """
    words = node["config"]
    if not isinstance(words, dict) or "output_layers" not in words:
        return
    layers = {layer["name"]: layer for layer in words["layers"]}
    tensors = [*_tensors([layer["inbound_nodes"] for layer in layers.values()], layers)]
    tensors += _tensors(words["output_layers"], layers)
    for name, layer in layers.items():
        if "layers" in layer["config"]:
            used = [tensor for tensor in tensors if tensor[0] == name]
            first = min((tensor[1] for tensor in used), default=0)
            for tensor in used:
                tensor[1] -= first
    for layer in layers.values():
        keeps = layer.get("registered_name") == KEPT_TOGETHER
        layer["inbound_nodes"] = [_arguments(call, layers, keeps) for call in layer["inbound_nodes"]]
    for tensor in _tensors(words["output_layers"], layers):
        tensor[1] += layers[tensor[0]]["class_name"] == "Functional"  # Keras 3 reads it so where a model ends
    for end in ("input_layers", "output_layers"):
        if isinstance(words[end], list) and len(words[end]) == 1:
            words[end] = words[end][0]


def _call_function(node: Node, function: str) -> None:
    name = node.get("name") or node["config"].get("name")
    node |= {"module": None, "class_name": "TensorFunction", "registered_name": KEPT_TOGETHER}
    node["config"] = {"function": function, "name": name}


def _node_def(written: Any) -> Any:
    """Read an operation: as JSON, which tf.keras 2.2 and 2.3 wrote, or as bytes in a text, as those before."""
    from google.protobuf import json_format
    from tensorflow.core.framework.node_def_pb2 import NodeDef

    if isinstance(written, dict):
        return json_format.ParseDict(written, NodeDef())
    return NodeDef.FromString(str(written).encode())


def _attributes(operation: Any) -> Node:
    """What an operation holds beside its inputs, as arguments of the function."""
    from xai.backend import tf

    found: Node = {}
    for name, value in operation.attr.items():
        if name in ATTRIBUTES:
            kind = value.WhichOneof("value")
            found[ATTRIBUTES[name]] = list(value.list.i) if kind == "list" else getattr(value, kind)
        elif operation.op == "Cast" and name == "DstT":
            found["dtype"] = tf.as_dtype(value.type).name
    return found


def _with_constants(call: list[Any], constants: Node, words: Node, together: bool) -> Node:
    """Put numbers among the tensors that an operation takes, each at its place."""
    tensors = iter(call)
    places = {int(place): [CONSTANT, -1, value] for place, value in constants.items()}
    inputs = [places[k] if k in places else next(tensors) for k in range(len(call) + len(places))]
    if together:  # tf.concat takes its tensors as a list, the operation one by one
        inputs = [inputs[:-1], inputs[-1]]
    return {"inputs": inputs, "words": words}


def _arguments(call: Any, layers: dict[str, Node], keeps: bool) -> Node:
    """Write one call as Keras 3 does."""
    if isinstance(call, dict) and set(call) == {"inputs", "words"}:
        return {"args": [_plain(one, layers) for one in call["inputs"]], "kwargs": call["words"]}
    words: Node = next((one[3] for one in _entries(call, layers) if len(one) > 3), {})
    if not keeps:
        call = call[0] if not _is_entry(call, layers) and isinstance(call, list) and len(call) == 1 else call
        words = {word: value for word, value in words.items() if value is not None}
    return {"args": [_plain(call, layers)], "kwargs": _plain(words, layers)}


def _plain(value: Any, layers: dict[str, Node]) -> Any:
    """Write tensors as Keras 3 does, anywhere in a nest of lists and words."""
    if _is_entry(value, layers):
        if value[0] == CONSTANT:
            return value[2]
        history = {"shape": [None], "dtype": "float32", "keras_history": value[:3]}  # only the last is read
        return {"class_name": "__keras_tensor__", "config": history}
    if isinstance(value, list):
        return [_plain(one, layers) for one in value]
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return "..."
    return {word: _plain(one, layers) for word, one in value.items()} if isinstance(value, dict) else value


def _is_entry(value: Any, layers: dict[str, Node]) -> bool:
    """Whether something stands for a tensor, [layer, call, output, ...], or for a number in the place of one."""
    if not isinstance(value, list) or len(value) < 3 or not isinstance(value[0], str) or not isinstance(value[1], int):
        return False
    return value[0] == CONSTANT or (value[0] in layers and isinstance(value[2], int))


def _entries(value: Any, layers: dict[str, Node]) -> Iterator[list[Any]]:
    """Everything in a nest that stands for a tensor or a number."""
    if _is_entry(value, layers):
        yield value
        value = value[3] if len(value) > 3 else None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _entries(one, layers)


def _tensors(value: Any, layers: dict[str, Node]) -> list[list[Any]]:
    return [entry for entry in _entries(value, layers) if entry[0] != CONSTANT]
