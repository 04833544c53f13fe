"""TensorFlow SavedModels: only the operations between picture and scores run, and only those on a list.

TensorFlow's own loader runs what a file asks for while it restores variables. Here the part of the graph that gives the
scores is cut out, its operations are held against a list, and its weights are read as plain arrays.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from xai.inflating import too_much, zip_bytes
from xai.models.closed import Closed, Shape, close, refuse_large
from xai.models.errors import ModelError, reason_of
from xai.models.file_kinds import GRAPH
from xai.models.saved_model_operations import OPERATIONS

SAVED_MODEL = Closed("a SavedModel")
SERVING = "serving_default"
OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"  # what a checkpoint of TensorFlow 2 calls its list of objects


def load_saved_model(path: Path) -> Any:
    """Load a SavedModel, a folder or a ``.zip`` of one, as a classifier of pictures.

    Returns
    -------
    keras.Model
        Closed; a dict of scores by name where it has several outputs.

    Raises
    ------
    ModelError
        If it is damaged, takes something else than one picture, or holds operations that are not on the list.
    """
    with _folder(path) as folder:
        try:
            return _load(folder, path.name)
        except ModelError:
            raise
        except Exception as error:  # protobuf and TensorFlow raise their own errors on damaged files
            raise ModelError(f"{path.name} cannot be read as a SavedModel: {reason_of(error)}") from error


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Give the folder of a SavedModel, unpacked where it is an archive."""
    if path.is_dir():
        strays = [one for one in path.rglob("*") if path.resolve() not in one.resolve().parents]
        if strays:
            raise ModelError(f"{path.name} points at {strays[0].name}, outside its folder, which a model may not.")
        yield path
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, zipfile.ZipFile(path) as archive:
        top = next(PurePosixPath(name).parent for name in archive.namelist() if PurePosixPath(name).name == GRAPH)
        wanted = [one for one in archive.infolist() if _belongs(PurePosixPath(one.filename), top) and not one.is_dir()]
        if told := too_much(zip_bytes(wanted), path.stat().st_size):
            raise ModelError(f"{path.name} {told}.")
        for one in wanted:
            archive.extract(one, home)  # zipfile leaves out `..` and leading slashes
        yield Path(home) / top


def _belongs(name: PurePosixPath, top: PurePosixPath) -> bool:
    return ".." not in name.parts and name.parent in (top, top / "variables")


def _load(folder: Path, name: str) -> Any:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved = SavedModel.FromString((folder / GRAPH).read_bytes())
    graph = next((one for one in saved.meta_graphs if "serve" in one.meta_info_def.tags), None)
    if graph is None:
        raise ModelError(f"{name} was not saved to answer (it has no part that is called serve).")
    signature = _signature(graph, name)
    picture, shape = _picture(signature, name)
    outputs = {word: signature.outputs[word] for word in sorted(signature.outputs)}
    part = _part(graph.graph_def, [output.name.split(":")[0] for output in outputs.values()])
    strange = sorted(_operations(part) - OPERATIONS)
    if strange:
        raise ModelError(
            f"{name} holds {', '.join(strange[:3])}, which is not among the operations that Lightbox runs: "
            "save the model without it, from picture to scores only."
        )
    weights = _weights(part, graph.object_graph_def, folder, name)
    _know_functions(part)
    function = _function(part, picture, shape, outputs, weights)
    refuse_large(_sizes(function.get_concrete_function().graph, part), name)
    return close(function, shape, SAVED_MODEL)


def _signature(graph: Any, name: str) -> Any:
    signatures = graph.signature_def
    if SERVING in signatures:
        return signatures[SERVING]
    named = [word for word in signatures if not word.startswith("__saved_model")]
    if len(named) != 1:
        raise ModelError(f"{name} offers {', '.join(sorted(named)) or 'nothing'} to be called, and no {SERVING}.")
    return signatures[named[0]]


def _picture(signature: Any, name: str) -> tuple[str, Shape]:
    """Name of the tensor that takes the picture, and its height, width and channels."""
    from xai.backend import tf

    if len(signature.inputs) != 1:
        raise ModelError(f"{name} takes {len(signature.inputs)} inputs; Lightbox feeds one picture.")
    (info,) = signature.inputs.values()
    extents = [None if one.size < 0 else one.size for one in info.tensor_shape.dim]
    kind = tf.as_dtype(info.dtype)
    if len(extents) != 4 or extents[3] not in (1, 3) or not kind.is_floating:
        raise ModelError(
            f"{name} takes {kind.name} {tuple(extents)}; Lightbox feeds pictures (height, width, channels) of 1 or 3 "
            "channels, channels last, as floating numbers."
        )
    return info.name, (extents[1], extents[2], extents[3])


def _part(graph: Any, ends: list[str]) -> Any:
    """Cut out what the outputs need, without notes on where it ran."""
    from xai.backend import tf

    part = tf.compat.v1.graph_util.extract_sub_graph(graph, ends)
    for node in part.node:
        node.attr.pop("_class", None)
        node.device = ""
    return part


def _know_functions(part: Any) -> None:
    """Make the functions of a graph known under names that no other model has: TensorFlow keeps one list of all."""
    from tensorflow.python.eager import context

    mark = hashlib.sha256(part.SerializeToString(deterministic=True)).hexdigest()[:16]
    functions = {one.signature.name: f"{one.signature.name}_{mark}" for one in part.library.function}
    for node in (*part.node, *(node for one in part.library.function for node in one.node_def)):
        node.op = functions.get(node.op, node.op)
        for value in node.attr.values():
            for called in (*([value.func] if value.HasField("func") else ()), *value.list.func):
                called.name = functions.get(called.name, called.name)
    for one in part.library.function:
        one.signature.name = functions[one.signature.name]
        one.attr.pop("_input_shapes", None)
        context.context().add_function_def(one)


def _operations(part: Any) -> set[str]:
    """Names of all operations that a graph reaches, in the functions that it calls too."""
    functions = {one.signature.name: one for one in part.library.function}
    found: set[str] = set()
    pending, seen = list(part.node), set[str]()
    while pending:
        node = pending.pop()
        called = {node.op} & set(functions)
        for value in node.attr.values():
            called |= {value.func.name, *(one.name for one in value.list.func)} - {""}
        found |= {node.op} - set(functions)
        for word in called - seen:
            seen.add(word)
            pending += functions[word].node_def
    return found


def _weights(part: Any, objects: Any, folder: Path, name: str) -> dict[str, Any]:
    """Read the weights of each variable of a graph, by the name of its node."""
    from xai.backend import tf

    nodes = [node for node in part.node if node.op in ("VarHandleOp", "VariableV2", "Variable")]
    if not nodes:
        return {}
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    places = _places(part, objects, reader)
    missing = [node.name for node in nodes if node.name not in places]
    if missing:
        raise ModelError(f"{name} does not say where the weights of {missing[0]} lie.")
    return {node.name: reader.get_tensor(places[node.name]) for node in nodes}


def _places(part: Any, objects: Any, reader: Any) -> dict[str, str]:
    """Where in a checkpoint the weights of each variable lie, by the name of its node.

    TensorFlow 1 calls both the same. TensorFlow 2 lists, for each function, the objects that it is given beside the
    picture, in their order, and names in the checkpoint are paths from one object to the next; other names repeat.
    """
    if not reader.has_tensor(OBJECTS):
        variables = reader.get_variable_to_shape_map()
        shared = {node.name: node.attr["shared_name"].s.decode() for node in part.node if "shared_name" in node.attr}
        named = {node.name: shared.get(node.name) or node.name for node in part.node}
        return {node: name for node, name in named.items() if name in variables}
    keys = _keys(objects, reader)
    found = {}
    for node in part.node:
        given = objects.concrete_functions[node.attr["f"].func.name].bound_inputs if "f" in node.attr else ()
        inputs = [one.split(":")[0] for one in node.input if not one.startswith("^")]
        for one, number in zip(inputs[len(inputs) - len(given) :], given, strict=True):
            if number in keys:
                found[one] = keys[number]
    return found


def _keys(objects: Any, reader: Any) -> dict[int, str]:
    """Where in a checkpoint the value of each object lies, by its number: both are walked from the root at once."""
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

    stored = TrackableObjectGraph.FromString(reader.get_tensor(OBJECTS))
    pending, seen, found = [(0, 0)], {0}, {}
    while pending:
        ours, theirs = pending.pop()
        for one in stored.nodes[theirs].attributes:
            found[ours] = one.checkpoint_key
        children = {child.local_name: child.node_id for child in stored.nodes[theirs].children}
        for child in objects.nodes[ours].children:
            if child.local_name in children and child.node_id not in seen:
                seen.add(child.node_id)
                pending.append((child.node_id, children[child.local_name]))
    return found


def _function(part: Any, picture: str, shape: Shape, outputs: dict[str, Any], weights: dict[str, Any]) -> Any:
    """Give a function from pictures to scores, or scores by name."""
    from xai.backend import tf

    for node in part.node:
        if node.op in ("VariableV2", "Variable"):  # TensorFlow 1: the weights take the variable's place
            name, value = node.name, tf.make_tensor_proto(weights.pop(node.name))
            node.Clear()
            node.name, node.op, node.attr["dtype"].type = name, "Const", value.dtype
            node.attr["value"].tensor.CopyFrom(value)
    variables = {name: tf.Variable(value, trainable=False) for name, value in weights.items()}
    kind = next(node.attr["dtype"].type for node in part.node if node.name == picture.split(":")[0])

    def run(pictures: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        given = {picture: tf.cast(pictures, kind)}
        for name, variable in variables.items():
            variable.read_value()  # so that the graph knows it as its own
            given[f"{name}:0"] = graph.capture(variable.handle)
        found = tf.graph_util.import_graph_def(part, given, [one.name for one in outputs.values()], name="")
        for tensor, output in zip(found, outputs.values(), strict=True):
            tensor.set_shape([None if one.size < 0 else one.size for one in output.tensor_shape.dim])
        scores = [tf.cast(one, tf.float32) for one in found]
        return scores[0] if len(scores) == 1 else dict(zip(outputs, scores, strict=True))

    return tf.function(run, input_signature=[tf.TensorSpec((None, *shape), tf.float32)], autograph=False)


def _sizes(graph: Any, part: Any) -> Iterator[tuple[list[int | None], int]]:
    """Sides of all that a graph and its functions compute, as far as they are known, and the bytes of a number."""
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

    for one in (graph, *map(function_def_to_graph, part.library.function)):
        for operation in one.get_operations():
            for tensor in operation.outputs:
                yield tensor.shape.as_list() if tensor.shape.rank is not None else [], tensor.dtype.size or 1
