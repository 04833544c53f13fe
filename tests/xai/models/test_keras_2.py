"""What Keras 1 and 2 and tf.keras wrote, version by version: loads, and gives the numbers of a model that is known."""

from __future__ import annotations

import json
import zipfile

import h5py
import numpy as np
import pytest

from tests.xai import made_models as models
from tests.xai.old_models import assert_same_answers, input_layer, old_functional, old_layer, write_h5
from xai.backend import keras
from xai.models.card_check import starter_card
from xai.models.keras_2 import modernise, objects
from xai.models.loading import ModelError, load_model

L = keras.layers
PICTURES = np.random.default_rng(1).random((3, 24, 24, 1)).astype(np.float32)


def sequential_of(*layers, channels=1):
    return models.seeded(lambda: keras.Sequential([keras.Input((24, 24, channels)), *layers]))


def small():
    convolution = L.Conv2D(3, 3, activation="relu", name="conv2d_1")
    return sequential_of(
        convolution, L.LeakyReLU(0.3, name="leaky"), L.Flatten(name="flat"), L.Dense(2, name="dense_1")
    )


def old_layers(model):
    return [old_layer(layer) for layer in model.layers]


def first_takes(layers, channels=1):
    layers[0]["config"]["batch_input_shape"] = [None, 24, 24, channels]
    return layers


def keras_2_2_4(model):
    return {"class_name": "Sequential", "config": {"name": "sequential_1", "layers": first_takes(old_layers(model))}}


def keras_2_1(model):
    return {"class_name": "Sequential", "config": first_takes(old_layers(model))}


def keras_2_2_numpy(model):
    config = keras_2_2_4(model)
    words = config["config"]["layers"][1]["config"]
    words["alpha"] = {"type": "ndarray", "value": words.pop("negative_slope")}
    return config


def tf_1_13(model):
    config = keras_2_2_4(model)
    initial = {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}}
    config["config"]["layers"][0]["config"] |= {"kernel_initializer": initial, "kernel_regularizer": None}
    return config


def tf_2_1(model):
    config = keras_2_2_4(model)
    for layer in config["config"]["layers"]:
        layer["config"]["dtype"] = {"class_name": "PolicyV1", "config": {"name": "infer", "loss_scale": None}}
    return config


def keras_1(model):
    layers = first_takes(old_layers(model))
    words = layers[0]["config"]
    for word in ("filters", "kernel_size", "padding", "strides", "data_format", "dilation_rate", "groups", "use_bias"):
        del words[word]
    words |= {"nb_filter": 3, "nb_row": 3, "nb_col": 3, "border_mode": "valid", "subsample": [1, 1], "init": "uniform"}
    words |= {"dim_ordering": "tf", "bias": True, "W_regularizer": None, "b_constraint": None}
    dense = layers[-1]["config"]
    dense |= {"output_dim": dense.pop("units"), "bias": dense.pop("use_bias"), "input_dim": None, "init": "uniform"}
    return {"class_name": "Sequential", "config": layers}


@pytest.mark.parametrize("wording", [keras_2_2_4, keras_2_1, keras_2_2_numpy, tf_1_13, tf_2_1, keras_1])
def test_each_version_of_a_sequential_model_gives_its_numbers(wording, tmp_path):
    model = small()
    assert_same_answers(write_h5(tmp_path / "old.h5", model, wording(model), "2.2.4"), model, 1)


def test_a_sequential_model_that_starts_with_a_model_takes_its_shape(tmp_path):
    inner = sequential_of(L.Conv2D(3, 3, name="conv"))
    model = models.seeded(lambda: keras.Sequential([keras.Input((24, 24, 1)), inner, L.Flatten(), L.Dense(1)]))
    config = {
        "class_name": "Sequential",
        "config": {"name": "outer", "layers": [keras_2_2_4(inner), *old_layers(model)[1:]]},
    }
    assert_same_answers(write_h5(tmp_path / "old.h5", model, config), model, 1)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (L.LeakyReLU(0.2), {"alpha": 0.2}),
        (L.ReLU(max_value=0.5), {"max_value": 0.5, "negative_slope": 0.0, "threshold": 0.0}),
        (L.ELU(0.4), {"alpha": 0.4}),
        (
            L.PReLU(shared_axes=[1, 2]),
            {"shared_axes": [1, 2], "alpha_initializer": {"class_name": "Zeros", "config": {}}},
        ),
    ],
)
def test_a_layer_as_an_activation_is_built_and_gets_its_weights(layer, words, tmp_path):
    apart = sequential_of(L.Conv2D(3, 3, name="conv"), layer, L.Flatten(), L.Dense(1))
    config = keras_2_2_4(apart)
    activation = {"class_name": type(layer).__name__, "config": {"name": "activation", "trainable": True, **words}}
    config["config"]["layers"][0]["config"]["activation"] = activation
    del config["config"]["layers"][1]
    path = write_h5(tmp_path / "old.h5", apart, config)
    if layer.weights:  # Keras 2 wrote them after those of the layer that they belong to
        with h5py.File(path, "a") as file:
            group = file["model_weights"]
            group["conv"].create_dataset("alpha:0", data=layer.get_weights()[0])
            group["conv"].attrs["weight_names"] = [*group["conv"].attrs["weight_names"], "alpha:0"]
            group.attrs["layer_names"] = [name for name in group.attrs["layer_names"] if name != layer.name]
    assert_same_answers(path, apart, 1)


def test_hard_sigmoid_is_keras_2s_and_not_keras_3s(tmp_path):
    model = sequential_of(L.Flatten(), L.Dense(2, name="dense"))
    config = keras_2_2_4(model)
    config["config"]["layers"][-1]["config"]["activation"] = "hard_sigmoid"
    found = load_model(write_h5(tmp_path / "old.h5", model, config))(PICTURES)
    np.testing.assert_allclose(found, np.clip(0.2 * np.asarray(model(PICTURES)) + 0.5, 0, 1), atol=1e-6)


def test_a_gate_without_reset_after_is_the_one_before_it_was_known():
    config = {"class_name": "Sequential", "config": [{"class_name": "GRU", "config": {"units": 2, "name": "gru"}}]}
    assert modernise(config)["config"]["layers"][0]["config"]["reset_after"] is False


def test_a_thresholded_relu_still_computes(tmp_path):
    model = sequential_of(L.Identity(name="threshold"), L.Flatten(), L.Dense(1, name="dense"))
    config = keras_2_2_4(model)
    config["config"]["layers"][0] |= {"class_name": "ThresholdedReLU"}
    config["config"]["layers"][0]["config"]["theta"] = 0.6
    found = load_model(write_h5(tmp_path / "old.h5", model, config))(PICTURES)
    np.testing.assert_allclose(found, model(np.where(PICTURES > 0.6, PICTURES, 0)), atol=1e-6)


@pytest.mark.parametrize("frozen", ["all", "first", "normalisation"])
def test_weights_of_a_frozen_backbone_are_not_mixed_up(frozen, tmp_path):
    """The order of weights in the file follows which layers were trained; two of a normalisation look alike."""
    inner = sequential_of(L.Conv2D(2, 3, name="a"), L.BatchNormalization(name="b"), L.BatchNormalization(name="c"))
    for layer in inner.layers:
        layer.trainable = {"all": False, "first": layer.name != "a", "normalisation": layer.name == "a"}[frozen]
    pool, dense = L.GlobalAveragePooling2D(name="pool"), L.Dense(2, name="dense")
    inputs = keras.Input((24, 24, 1))
    model = models.seeded(lambda: keras.Model(inputs, dense(pool(inner(inputs)))))
    backbone = keras_2_2_4(inner)
    backbone["config"] |= {"name": inner.name, "trainable": True}
    config = old_functional("model", 1, [backbone, old_layer(pool), old_layer(dense)])
    assert_same_answers(write_h5(tmp_path / "old.h5", model, config, "2.15.0"), model, 1)


def test_a_model_called_twice_ends_in_the_call_that_it_ended_in(tmp_path):
    inner_input = keras.Input((24, 24, 1))
    convolution = L.Conv2D(1, 3, padding="same", name="conv")
    inner = models.seeded(lambda: keras.Model(inner_input, convolution(inner_input), name="inner"))
    inputs = keras.Input((24, 24, 1))
    pool = L.GlobalAveragePooling2D(name="pool")
    model = keras.Model(inputs, [pool(inner(inner(inputs))), inner(inputs)])
    described = old_functional("inner", 1, [old_layer(convolution)])
    config = old_functional("model", 1, [described, old_layer(pool)])
    layers = config["config"]["layers"]
    layers[1]["inbound_nodes"] = [[["model_input", 0, 0, {}]], [["inner", 1, 0, {}]]]
    layers[2]["inbound_nodes"] = [[["inner", 2, 0, {}]]]
    config["config"]["output_layers"] = [["pool", 0, 0], ["inner", 1, 0]]
    found = load_model(write_h5(tmp_path / "old.h5", model, config))(PICTURES)
    for one, expected in zip(found, model(PICTURES), strict=True):
        np.testing.assert_allclose(one, expected, atol=1e-6)


def with_modules(config, package):
    """Name the modules that Keras 2.12 to 2.15, or tf_keras, wrote."""
    for node in list(objects(config)):
        kind = node["class_name"]
        home = {"Functional": f"{package}.src.engine.functional", "Sequential": package}.get(kind, f"{package}.layers")
        node |= {"module": home, "registered_name": "Functional" if kind == "Functional" else None}
        if kind not in ("Functional", "Sequential", "InputLayer"):
            node["build_config"] = {"input_shape": [None, 24, 24, 1]}
    return config


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_an_archive_of_keras_2_loads_with_its_weights(package, tmp_path):
    inner = sequential_of(L.Conv2D(3, 3, name="conv"), L.BatchNormalization(name="norm"))
    model = keras.Sequential([keras.Input((24, 24, 1)), inner, L.ReLU(name="relu"), L.Flatten(), L.Dense(2)])
    model.save(tmp_path / "new.keras")
    config = {
        "class_name": "Sequential",
        "config": {"name": "outer", "layers": [input_layer("x", 1), keras_2_2_4(inner)]},
    }
    config["config"]["layers"] += old_layers(model)[1:]
    path = tmp_path / "old.keras"
    with zipfile.ZipFile(tmp_path / "new.keras") as new, zipfile.ZipFile(path, "w") as old:
        old.writestr("config.json", json.dumps(with_modules(config, package)))
        old.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        old.writestr("model.weights.h5", new.read("model.weights.h5"))
    np.testing.assert_allclose(load_model(path)(PICTURES), model(PICTURES), atol=1e-6)


def function_layer(name, function, call, kind="TFOpLambda"):
    return {
        "class_name": kind,
        "config": {"name": name, "trainable": True, "dtype": "float32", "function": function},
        "name": name,
        "inbound_nodes": [call],
    }


def after_functions(tmp_path, functions, last, channels=3):
    """Load a model of TensorFlow's functions with a dense layer behind them; gives it and what the dense layer does."""
    flat, dense = L.Flatten(name="flat"), L.Dense(2, name="dense")
    model = models.seeded(lambda: keras.Sequential([keras.Input((24, 24, channels)), flat, dense]))
    config = old_functional("model", channels, [old_layer(flat), old_layer(dense)])
    layers = config["config"]["layers"]
    layers[1]["inbound_nodes"] = [[[last, 0, 0, {}]]]
    layers[1:1] = functions
    return write_h5(tmp_path / "old.h5", model, config, "2.15.0"), model


X = ["model_input", 0, 0]


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        (
            [
                function_layer("a", "math.truediv", [*X, {"y": 127.5, "name": None}]),
                function_layer("b", "math.subtract", ["a", 0, 0, {"y": 1.0, "name": None}]),
            ],
            lambda x: x / 127.5 - 1,
        ),
        ([function_layer("b", "math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": X}])], lambda x: 1 - x),
        ([function_layer("b", "__operators__.add", [*X, {"y": X, "name": None}])], lambda x: x + x),
        (
            [
                function_layer(
                    "a",
                    "__operators__.getitem",
                    [*X, {"slice_spec": [{"class_name": "__ellipsis__"}, {"start": None, "stop": None, "step": -1}]}],
                    "SlicingOpLambda",
                ),
                function_layer("b", "nn.bias_add", ["a", 0, 0, {"bias": [-1.0, -2.0, -3.0], "data_format": "NHWC"}]),
            ],
            lambda x: x[..., ::-1] - [1, 2, 3],
        ),
        (
            [
                function_layer("a", "stack", [[*X, {"axis": -1}], [*X, {"axis": -1}]]),
                function_layer("b", "math.reduce_sum", ["a", 0, 0, {"axis": -1}]),
            ],
            lambda x: 2 * x,
        ),
        (
            [
                {
                    "class_name": "TensorFlowOpLayer",
                    "config": {
                        "name": "truediv",
                        "node_def": {"name": "truediv", "op": "RealDiv", "input": ["x", "y"], "attr": {}},
                        "constants": {"1": 255.0},
                    },
                    "name": "b",
                    "inbound_nodes": [[[*X, {}]]],
                }
            ],
            lambda x: x / 255,
        ),
    ],
    ids=["preprocess_input", "constant first", "two tensors", "channels reversed", "list of tensors", "TensorFlow 2.0"],
)
def test_functions_between_layers_give_tensorflows_numbers(functions, expected, tmp_path):
    pictures = np.random.default_rng(2).random((2, 24, 24, 3)).astype(np.float32) * 255
    made = expected(pictures).astype(np.float32)
    path, model = after_functions(tmp_path, functions, "b", 3)
    np.testing.assert_allclose(load_model(path)(pictures), model(made), rtol=1e-5, atol=1e-4)


def test_shades_to_255_are_told_through_functions(tmp_path):
    functions = [function_layer("b", "math.truediv", [*X, {"y": 255.0, "name": None}])]
    path, _ = after_functions(tmp_path, functions, "b")
    assert starter_card(path).input.multiply == 255


@pytest.mark.parametrize("function", ["io.write_file", "py_function", "numpy_function", "io.read_file"])
def test_a_function_that_is_not_listed_is_named_and_never_looked_up(function, tmp_path):
    path, _ = after_functions(tmp_path, [function_layer("b", function, [*X, {}])], "b")
    with pytest.raises(ModelError, match=rf"calls tf\.{function} between its layers, which is not among the functions"):
        load_model(path)


def test_what_keras_refuses_is_said_by_its_last_words(tmp_path):
    model = small()
    config = keras_2_2_4(model)
    config["config"]["layers"][0]["config"]["kernel_size"] = [3, 3, 3]
    with pytest.raises(ModelError) as error:
        load_model(write_h5(tmp_path / "old.h5", model, config))
    assert "kernel_size" in str(error.value)
    assert "config=" not in str(error.value) and len(str(error.value)) < 350


def test_a_model_of_theano_is_refused_since_its_kernels_are_mirrored(tmp_path):
    model = small()
    path = write_h5(tmp_path / "old.h5", model, keras_2_2_4(model))
    with h5py.File(path, "a") as file:
        file.attrs["backend"] = "theano"
    with pytest.raises(ModelError, match="Theano, whose convolutions are mirrored"):
        load_model(path)
