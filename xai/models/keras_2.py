"""Translate a model's configuration from the words of Keras 1 and 2, and tf.keras, into those of Keras 3.

A configuration is plain JSON. Each rule mends one thing in one object of it, in place; its first words say who wrote it
so.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from xai.models.keras_2_calls import calls_with_arguments, operation_layers

Node: TypeAlias = dict[str, Any]

# What was written into every layer of a kind, without effect when it answers, and what Keras 3 does not accept.
OBSOLETE = {
    "AdditiveAttention": ("causal",),
    "Attention": ("causal",),
    "BatchNormalization": ("mode", "fused", "renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size"),
    "Conv2DTranspose": ("groups",),
    "DepthwiseConv2D": ("groups", "filters"),
    "Dot": ("dot_axes",),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "SeparableConv2D": ("groups",),
    "SpatialDropout1D": ("trainable", "noise_shape"),
    "SpatialDropout2D": ("trainable", "noise_shape"),
}
OBSOLETE_EVERYWHERE = (
    "rng_type",
    "time_major",
    "input_dtype",
    "input_dim",
    "input_length",
    "ragged",
    "experimental_autocast",
)
ONLY_FOR_TRAINING = ("_initializer", "_regularizer", "_constraint")
RENAMED = {
    "Model": "Functional",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "Deconvolution2D": "Conv2DTranspose",
    "FixedDropout": "Dropout",  # of the package efficientnet
}
SAME_WHEN_IT_ANSWERS = ("RandomHeight", "RandomWidth")  # gone from Keras 3; they do nothing but in training
PICTURE_CHANGES = ("Random", "AugMix")
MODULES_OF_KERAS = ("keras", "tf_keras", "tensorflow")


def modernise(config: Node) -> Node:
    """Translate a model's configuration to Keras 3; the one given stays as it is.

    Weights are matched by their order, so a layer may be renamed: Keras 3 allows no ``/`` in a name, and every
    DenseNet of Keras 2 has one.
    """
    config = copy.deepcopy(config)
    config.pop("compile_config", None)  # what it was trained with
    for rule in RULES:
        for node in list(objects(config)):
            if "config" in node:
                rule(node)
    names = {name for node in objects(config) if isinstance(name := _settings(node).get("name"), str) and "/" in name}
    return _replaced(config, {name: name.replace("/", "_") for name in names}) if names else config


def keras_3_in_hdf5(config: Node) -> Node:
    """Complete a configuration that Keras 3 wrote into an ``.h5`` file, without the modules of its layers."""
    config = copy.deepcopy(config)
    for rule in (frozen_layers_one_by_one, modules_of_keras_3):
        for node in list(objects(config)):
            if "config" in node:
                rule(node)
    return config


def objects(config: Any) -> Iterator[Node]:
    """Every object that a configuration asks to be built."""
    pending = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if "class_name" in node:
                yield node
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def layers_in_a_bare_list(node: Node) -> None:
    """Keras 1 to 2.2.2: a Sequential model is a list of layers without a name."""
    if isinstance(node["config"], list):
        node["config"] = {"name": node.get("name", "sequential"), "layers": node["config"]}


def classes_under_other_names(node: Node) -> None:
    """Keras 1, tf.keras 1.13 to 2.3 and widespread packages: other names of the same layers."""
    if node["class_name"] in SAME_WHEN_IT_ANSWERS:
        node |= {"class_name": "Identity", "config": {"name": _settings(node).get("name")}}
    elif node["class_name"] == "FixedDropout":
        node["config"]["noise_shape"] = None
    elif node["class_name"] == "SyncBatchNormalization":
        node["config"]["synchronized"] = True
    elif node["class_name"] == "RandomCrop":
        size = {side: node["config"].get(side) for side in ("height", "width", "name")}
        node |= {"class_name": "Resizing", "config": size | {"crop_to_aspect_ratio": True}}
    elif node["class_name"] == "ThresholdedReLU":
        node |= {"module": None, "registered_name": "lightbox>ThresholdedReLU"}
    node["class_name"] = RENAMED.get(node["class_name"], node["class_name"])


def words_of_keras_1(node: Node) -> None:
    """Keras 1: ``nb_filter``, ``border_mode`` and others."""
    words = _settings(node)
    if "nb_filter" in words and "nb_row" in words:
        words["filters"] = words.pop("nb_filter")
        words["kernel_size"] = [words.pop("nb_row"), words.pop("nb_col")]
    for old, new in (
        ("border_mode", "padding"),
        ("subsample", "strides"),
        ("atrous_rate", "dilation_rate"),
        ("output_dim", "units"),
        ("bias", "use_bias"),
        ("p", "rate"),
    ):
        if old in words:
            words[new] = words.pop(old)
    if "dim_ordering" in words:
        words["data_format"] = {"tf": "channels_last", "th": "channels_first"}.get(words.pop("dim_ordering"))
    for old in ("init", "gamma_init", "beta_init", "W_regularizer", "b_regularizer", "W_constraint", "b_constraint"):
        words.pop(old, None)


def numbers_in_arrays(node: Node) -> None:
    """Keras 2.1 to 2.3: NumPy's numbers as ``{"type": "ndarray", "value": 0.3}``."""
    words = _settings(node)
    for key, value in words.items():
        if isinstance(value, dict) and value.get("type") == "ndarray" and "value" in value:
            words[key] = value["value"]


def words_for_training_left_out(node: Node) -> None:
    """tf.keras 1.13 to 2.0 gave initializers a dtype, later ones a module: a model that answers needs none of them."""
    words = _settings(node)
    for key in [key for key in words if key.endswith(ONLY_FOR_TRAINING)]:
        del words[key]


def words_without_effect_left_out(node: Node) -> None:
    """tf.keras 2.2 and later, and Keras 1: words that change no answer and that Keras 3 refuses."""
    words = _settings(node)
    for word in (*OBSOLETE.get(node["class_name"], ()), *OBSOLETE_EVERYWHERE):
        words.pop(word, None)
    if str(node["class_name"]).startswith(PICTURE_CHANGES):
        words.pop("trainable", None)


def dtypes_by_name(node: Node) -> None:
    """tf.keras 2.1 to 2.15: a policy as an object; its names ``infer`` and ``_infer`` meant float32."""
    words = _settings(node)
    policy = words.get("dtype")
    if isinstance(policy, dict):
        policy = (
            policy.get("config", {}).get("name", "float32") if isinstance(policy.get("config"), dict) else "float32"
        )
        words["dtype"] = "float32" if str(policy).strip("_").startswith("infer") else policy


def single_axes(node: Node) -> None:
    """tf.keras 1.13 and later: the axis of a normalisation as a list of one."""
    words = _settings(node)
    if isinstance(words.get("axis"), list) and len(words["axis"]) == 1:
        words["axis"] = words["axis"][0]


def hard_sigmoids(node: Node) -> None:
    """Keras 1 to 2.15: another function than the one that Keras 3 calls ``hard_sigmoid``."""
    words = _settings(node)
    for key in ("activation", "recurrent_activation"):
        if words.get(key) == "hard_sigmoid":
            words[key] = {"module": "builtins", "class_name": "function", "registered_name": "function"}
            words[key]["config"] = "lightbox>hard_sigmoid_of_keras_2"


def functions_by_name(node: Node) -> None:
    """Keras 2.12 to 2.15 in ``.keras`` files: an activation as an object around its name."""
    words = _settings(node)
    for key, value in words.items():
        if isinstance(value, dict) and value.get("class_name") == "function" and isinstance(value.get("config"), str):
            words[key] = value["config"]


def gates_before_reset_after(node: Node) -> None:
    """Keras 1 to 2.1: a GRU without ``reset_after``, whose default is another today."""
    if node["class_name"] == "GRU":
        _settings(node).setdefault("reset_after", False)


def frozen_layers_one_by_one(node: Node) -> None:
    """tf.keras 2.9 and later, and Keras 3: a model's own ``trainable`` goes over that of each layer in it.

    The order of weights in an ``.h5`` file follows what each layer says.
    """
    if "layers" in _settings(node):
        node["config"].pop("trainable", None)


def inputs_on_the_first_layer(node: Node) -> None:
    """Keras 1 to 2.2.4, tf.keras to 2.1: the shape of the input as a word of the first layer."""
    words = _settings(node)
    if node["class_name"] == "InputLayer" and "batch_input_shape" in words:
        words["batch_shape"] = words.pop("batch_input_shape")
    if node["class_name"] == "Sequential" and words.get("layers"):
        shape = _batch_shape(words["layers"][0])
        if words["layers"][0]["class_name"] != "InputLayer" and shape:
            first = {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": f"{words['name']}_input"}}
            words["layers"].insert(0, first)
    if node["class_name"] != "Sequential" and "layers" not in words:
        words.pop("batch_input_shape", None)


def modules_of_keras_3(node: Node) -> None:
    """Keras 2.12 to 2.15 and tf_keras name their own modules, the others none; an activation may be such a layer."""
    from xai.backend import keras

    module, kind = node.get("module"), node["class_name"]
    node.pop("build_config", None)
    if module is not None and str(module).split(".")[0] not in MODULES_OF_KERAS:
        return
    if ">" in str(node.get("registered_name")) or ">" in str(kind):
        return
    if kind in ("Functional", "Sequential"):
        node |= {"module": "keras", "class_name": kind, "registered_name": None}
        if kind == "Functional":
            node |= {"module": "keras.src.models.functional", "registered_name": "Functional"}
    elif kind in ("LayerScale", "StochasticDepth"):
        node |= {"module": "keras.src.applications.convnext", "registered_name": kind}
    elif isinstance(kind, str) and isinstance(getattr(keras.layers, kind, None), type):
        node |= {"module": "keras.layers", "registered_name": None}


RULES: tuple[Callable[[Node], None], ...] = (
    layers_in_a_bare_list,
    classes_under_other_names,
    words_of_keras_1,
    numbers_in_arrays,
    words_for_training_left_out,
    words_without_effect_left_out,
    dtypes_by_name,
    single_axes,
    functions_by_name,
    hard_sigmoids,
    gates_before_reset_after,
    frozen_layers_one_by_one,
    inputs_on_the_first_layer,
    operation_layers,
    calls_with_arguments,
    modules_of_keras_3,
)


def _settings(node: Node) -> Node:
    """Words of an object; an empty, unconnected one where it has none."""
    words = node.get("config")
    return words if isinstance(words, dict) else {}


def _batch_shape(layer: Node) -> Any:
    """Shape of what a layer, or the first layer of a model, says that it takes; None where it says nothing."""
    words = _settings(layer)
    own = words.get("batch_shape") or words.get("batch_input_shape")
    inner = words.get("layers")
    return own or (_batch_shape(inner[0]) if isinstance(inner, list) and inner else None)


def _replaced(node: Any, words: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _replaced(value, words) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, words) for value in node]
    return words.get(node, node) if isinstance(node, str) else node
