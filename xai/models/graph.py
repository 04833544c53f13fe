"""A Keras classifier as one flat graph, from input to logits, with every inner tensor in reach.

Nested backbones, Sequential models that were never called, and subclassed models hide the tensors that Grad-CAM
needs, and a head's sigmoid hides the logits. Here the layers are called once more on a fresh symbolic input, the
nested ones unfolded, and the last activation left out. The layers and their weights are shared with the loaded
model, which keeps its own graph and its own activation: what it computes does not change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from xai.backend import keras
from xai.cards.input_spec import Size, sides

KerasTensor: TypeAlias = keras.KerasTensor
OWN = "lightbox_"  # so that no layer made here has the name of one of the model's
PASSING = (keras.layers.Dropout, keras.layers.Identity, keras.layers.Reshape, keras.layers.Flatten)


@dataclass(frozen=True)
class FlatGraph:
    """The tensors of a flattened classifier.

    Attributes
    ----------
    inputs : KerasTensor, shape (None, height, width, channels)
    outputs : KerasTensor, shape (None, K)
        What the model itself gives.
    logits : KerasTensor or None, shape (None, K)
        Before the last activation; None where the head cannot be opened.
    link : {"sigmoid", "softmax", None}
        The last activation that was found; None where there is none or it cannot be seen.
    names : tuple of str or None
        Of the outputs, in their order, where whoever built the model named its heads.
    """

    inputs: KerasTensor
    outputs: KerasTensor
    logits: KerasTensor | None
    link: str | None
    names: tuple[str, ...] | None = None


def flatten(model: keras.Model, size: Size, channels: int) -> FlatGraph:
    """Unfold a classifier into one flat graph.

    Parameters
    ----------
    model : keras.Model
        Functional, Sequential (also never called) or subclassed; nested to any depth.
    size : int or (int, int)
        The input's side, or its height and width.
    channels : int

    Raises
    ------
    ValueError
        If the model cannot take such an input, or gives something else than one row of scores a film.
    """
    inputs = keras.Input((*sides(size), channels))
    heads = _Unfolding().call(model, inputs)
    outputs = _one_row(heads)
    logits, link = _open_head(outputs)
    return FlatGraph(inputs, outputs, logits, link, _names(heads))


def run(model: keras.Model, inputs: Any, on_output: dict[str, Callable[[Any], Any]]) -> Any:
    """Run a flat model on tensors, and take what some layers put out in hand before it goes on.

    Parameters
    ----------
    model : keras.Model
        Functional, made of the tensors of a `FlatGraph`.
    inputs : tensor, shape (N, height, width, channels)
    on_output : dict of str to callable
        Called with the output of the layer of that name; the model goes on with what it gives back.
    """

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = operation(*args, **kwargs)
        return on_output[operation.name](outputs) if operation.name in on_output else outputs

    return model._run_through_graph(inputs, call_fn=call)


def nodes_in_order(graph: FlatGraph, target: KerasTensor) -> list[Any]:
    """Give the calls of operations between the input and a tensor, from the first to the last."""
    nodes_by_depth = keras.Model(graph.inputs, target)._nodes_by_depth
    return [node for depth in sorted(nodes_by_depth, reverse=True) for node in nodes_by_depth[depth]]


def scaled_input(graph: FlatGraph) -> KerasTensor:
    """Give what the first layer with weights is fed: the input after the model's own scaling, if it has any."""
    nodes = nodes_in_order(graph, graph.outputs)
    return next((node.input_tensors[0] for node in nodes if is_learned(node.operation)), graph.inputs)


def inner(operation: Any) -> Any:
    """Give the loaded model's own operation behind one of a flat graph."""
    return operation.inner if isinstance(operation, _Renamed) else operation


def is_learned(operation: Any) -> bool:
    """Whether an operation has weights: rescaled or normalised input is no evidence yet."""
    operation = inner(operation)
    return bool(getattr(operation, "weights", [])) and not isinstance(operation, keras.layers.Normalization)


def made_from(tensor: KerasTensor) -> list[KerasTensor]:
    """Give the tensors that the operation which made a tensor took; none for the graph's input."""
    history = tensor._keras_history
    return list(history.operation._inbound_nodes[history.node_index].input_tensors)


class _Renamed(keras.Operation):  # type: ignore[misc] # Keras ships no types
    """An operation under another name.

    Names are unique within a model only, so an inner model and the one around it may both have a ``dense``; in one
    flat graph they may not. The layer itself keeps its name, because it is the loaded model's.
    """

    def __init__(self, inner: Any, name: str) -> None:
        super().__init__(name=name)
        self.inner = inner

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the operation does."""
        return self.inner(*args, **kwargs)


class _Unfolding:
    """Calls layers on symbolic tensors, models layer by layer, each call under a name of its own."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a layer; unfold it where it is made of others."""
        if isinstance(layer, keras.Sequential):
            tensor = args[0]
            for part in layer.layers:
                tensor = self.call(part, tensor)
            return tensor
        if isinstance(layer, keras.Model) and hasattr(layer, "_run_through_graph"):
            # Public API calls a functional model as one block; only this shows each of its operations.
            return layer._run_through_graph(args[0], call_fn=self.call)
        if _is_made_of_others(layer, args, kwargs) and (outputs := self._opened(layer, args[0], kwargs)) is not None:
            return outputs
        if getattr(layer, "_call_has_training_arg", False):
            kwargs["training"] = False
        return self._named(layer)(*args, **kwargs)

    def _opened(self, layer: Any, tensor: KerasTensor, options: dict[str, Any]) -> Any:
        """Trace a layer's own ``call``, and call what it calls; None where that fails, and it is taken as one block."""
        inputs = keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype)
        try:
            traced = keras.Model(inputs, layer.call(inputs, **options))
        except Exception:  # user code may raise anything on a symbolic tensor; as a block it still predicts
            return None
        return traced._run_through_graph(tensor, call_fn=self.call)

    def _named(self, operation: Any) -> Any:
        """Give an operation that was not called yet: itself, or under another name where its own is taken."""
        name, number = operation.name, 2
        while name in self._names:
            name, number = f"{operation.name}__{number}", number + 1
        self._names.add(name)
        return operation if name == operation.name else _Renamed(inner(operation), name)


def _is_made_of_others(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a layer or model whose code is not Keras' own works on one tensor by way of other layers."""
    if not isinstance(layer, keras.layers.Layer) or not layer._layers:
        return False
    tensors = [one for one in keras.tree.flatten((args, kwargs)) if isinstance(one, keras.KerasTensor)]
    is_own = isinstance(layer, keras.Model) or not type(layer).__module__.startswith("keras.")
    has_one_precision = layer.compute_dtype == layer.variable_dtype  # else its call must be told what to compute in
    return is_own and has_one_precision and len(args) == 1 and len(tensors) == 1 and tensors[0] is args[0]


def _heads(outputs: Any) -> list[tuple[str | None, KerasTensor]]:
    """Outputs of a model in its own order, which `keras.tree` would sort, each with its name where it has one."""
    if isinstance(outputs, dict):
        return [(str(name), tensor) for name, inner in outputs.items() for _, tensor in _heads(inner)]
    if isinstance(outputs, (list, tuple)):
        return [head for inner in outputs for head in _heads(inner)]
    return [(_given_name(outputs), outputs)]


def _names(outputs: Any) -> tuple[str, ...] | None:
    """Names of all scores in a row, if each head has one that somebody gave it."""
    heads = _heads(outputs)
    if len(heads) == 1 and not isinstance(outputs, dict):
        operation, node = _made_by(heads[0][1])
        if not isinstance(operation, keras.layers.Concatenate):
            return None
        heads = [(_given_name(part), part) for part in node.input_tensors]
    names = []
    for name, tensor in heads:
        if name is None or len(tensor.shape) != 2:
            return None
        width = tensor.shape[1]
        names += [name] if width == 1 else [f"{name} {k + 1}" for k in range(width)]
    return tuple(names) if len(set(names)) == len(names) else None


def _given_name(tensor: KerasTensor) -> str | None:
    """Name of the layer that made a tensor, unless Keras made it up from the layer's kind."""
    operation, _ = _made_by(tensor)
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(operation).__name__).lower()
    return None if re.fullmatch(rf"{kind}(_\d+)?", operation.name) else operation.name


def _made_by(tensor: KerasTensor) -> tuple[Any, Any]:
    """Operation that made a tensor, and the call in which it did."""
    operation = tensor._keras_history.operation
    return inner(operation), operation._inbound_nodes[tensor._keras_history.node_index]


def _one_row(outputs: Any) -> KerasTensor:
    """Join the outputs of a model with one head a finding; refuse what is not a row of scores."""
    tensors = [tensor for _, tensor in _heads(outputs)]
    if len(tensors) > 1 and all(len(tensor.shape) == 2 for tensor in tensors):
        links = {_open_head(tensor)[1] for tensor in tensors}
        if len(links) > 1:
            kinds = ", ".join(sorted(link or "no activation that is known" for link in links))
            raise ValueError(f"its outputs must all end in the same activation; they end in {kinds}")
        return keras.layers.Concatenate(name=f"{OWN}heads")(tensors)
    if len(tensors) != 1 or len(tensors[0].shape) != 2 or tensors[0].shape[-1] is None:
        shapes = ", ".join(str(tensor.shape) for tensor in tensors)
        raise ValueError(f"a classifier must give one row of scores a film, shape (None, K); this one gives {shapes}")
    return tensors[0]


def _open_head(tensor: KerasTensor) -> tuple[KerasTensor | None, str | None]:
    """Find what a score was before its sigmoid or softmax.

    Returns
    -------
    logits, link
        (None, None) where the last operation is of a kind that cannot be told.
    """
    history = tensor._keras_history
    operation, node = inner(history.operation), history.operation._inbound_nodes[history.node_index]
    if isinstance(operation, keras.layers.Dense):
        return _open_dense(operation, tensor, node, history.operation.name)
    if link := _kind(operation.activation if type(operation) is keras.layers.Activation else operation):
        return node.input_tensors[0], link
    if isinstance(operation, PASSING):
        logits, link = _open_head(node.input_tensors[0])
        if logits is None or (link == "softmax" and logits.shape[-1] != tensor.shape[-1]):
            return None, None  # several softmaxes in one row are no softmax of the row
        return keras.layers.Reshape((tensor.shape[-1],), name=f"{OWN}{operation.name}")(logits), link
    if isinstance(operation, keras.layers.Concatenate):
        parts = [_open_head(part) for part in node.input_tensors]
        links = {link for _, link in parts}
        if len(links) == 1 and "softmax" not in links and all(logits is not None for logits, _ in parts):
            join = keras.layers.Concatenate(name=f"{OWN}{operation.name}")
            return join([logits for logits, _ in parts]), links.pop()
    return None, None


def _open_dense(
    dense: keras.layers.Dense, tensor: KerasTensor, node: Any, name: str
) -> tuple[KerasTensor | None, str | None]:
    link = _kind(dense.activation)
    if type(dense) is not keras.layers.Dense or dense.quantization_mode:
        return None, None  # it may compute something else than a plain dense layer
    if link is None:
        return (tensor, None) if dense.activation is keras.activations.linear else (None, None)
    linear = keras.layers.Dense(dense.units, use_bias=dense.use_bias, dtype=dense.dtype_policy, name=f"{OWN}{name}")
    logits = linear(node.input_tensors[0])
    linear.set_weights(dense.get_weights())
    return logits, link


def _kind(what: Any) -> str | None:
    """Tell whether one of Keras' functions or operations is a sigmoid or a softmax, and nothing before it.

    A layer that has one as its last step, such as a convolution, is none: what it takes are no logits.
    """
    is_function = hasattr(what, "__name__")
    if not (what if is_function else type(what)).__module__.startswith("keras."):
        return None
    name = (what.__name__ if is_function else type(what).__name__).lower()
    return name if name in ("sigmoid", "softmax") else None
