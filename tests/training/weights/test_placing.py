"""Every tensor of a checkpoint has one place in the Keras network, whatever its layout calls it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.training.weights.checkpoints import old_names, random_state, shapes
from training.networks.classifier import build_classifier, linear_head
from training.networks.densenet import densenet121
from training.weights.placing import fill, place_keras, place_torch
from training.weights.tensors import Checkpoint, WeightsError


@pytest.fixture(scope="module")
def state():
    return random_state(np.random.default_rng(0))


@pytest.fixture(scope="module")
def model():
    return network(0)


def network(seed: int):
    return build_classifier("densenet121", densenet121, 32, 3, linear_head(14), np.random.default_rng(seed))


def counted(state: dict) -> dict:
    norms = [name.removesuffix("running_var") for name in state if name.endswith("running_var")]
    return state | {f"{norm}num_batches_tracked": np.array(5) for norm in norms}


def wrapped(prefix: str):
    return lambda state: {f"{prefix}{name}": values for name, values in state.items()}


def headed(state: dict) -> dict:
    return {name.replace("classifier.", "classifier.0."): values for name, values in state.items()}


STYLES = {
    "new names": dict,
    "old names": old_names,
    "with counters": counted,
    "module.": wrapped("module."),
    "densenet121.": wrapped("densenet121."),
    "model.": wrapped("model."),
    "classifier.0": headed,
    "arnoweng": lambda state: wrapped("module.densenet121.")(headed(old_names(state))),
    "paths": lambda state: {name.replace(".", "/"): values for name, values in state.items()},
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_names_is_the_same_network(state, style):
    plain = place_torch(Checkpoint(state)).weights
    found = place_torch(Checkpoint(STYLES[style](state)))
    assert found.weights.keys() == plain.keys() and len(plain) == 606
    assert all(found.weights[place] is plain[place] or (found.weights[place] == plain[place]).all() for place in plain)
    assert len(found.unused) == (121 if style == "with counters" else 0)


def test_a_filled_model_holds_the_checkpoint(state, model):
    assert fill(model, place_torch(Checkpoint(counted(state)))) == tuple(
        name for name in counted(state) if name.endswith("num_batches_tracked")
    )
    kernel = model.get_layer("conv3_block2_2_conv").get_weights()[0]
    np.testing.assert_array_equal(
        kernel[1, 2, 3, 4], state["features.denseblock2.denselayer2.conv2.weight"][4, 3, 1, 2]
    )
    np.testing.assert_array_equal(model.get_layer("predictions").get_weights()[0], state["classifier.weight"].T)
    total = sum(np.prod(shape, dtype=int) for shape in shapes().values())
    assert model.count_params() == total == 7_051_854


T1 = "features.transition1.conv.weight"
BROKEN = {
    r"no whole DenseNet-121: no tensor features\.norm0\.bias$": lambda s: s.pop("features.norm0.bias"),
    r"no tensor features\.norm5\.weight and 1 others of 604": lambda s: (
        s.pop("features.norm5.weight"),
        s.pop("features.norm5.bias"),
    ),
    r"transition1\.conv\.weight has the shape \(256, 128, 1, 1\); expected \(128, 256, 1, 1\)": lambda s: s.update(
        {T1: s[T1].transpose(1, 0, 2, 3)}
    ),
    r"norm5\.bias holds numbers that are not finite": lambda s: s.update(
        {"features.norm5.bias": np.full(1024, np.nan, np.float32)}
    ),
    r"norm5\.running_var holds a variance below 0": lambda s: s.update(
        {"features.norm5.running_var": np.full(1024, -1, np.float32)}
    ),
    r"norm5\.bias holds whole numbers \(int8\)": lambda s: s.update({"features.norm5.bias": np.zeros(1024, np.int8)}),
    r"nothing there takes features\.denseblock4\.denselayer17\.norm1\.weight \(1 such": lambda s: s.update(
        {"features.denseblock4.denselayer17.norm1.weight": np.zeros(1024, np.float32)}
    ),
    r"its head cannot be told: .* classifier \(1024 to 14\), module\.classifier \(1024 to 14\)": lambda s: s.update(
        {"module.classifier.weight": s["classifier.weight"]}
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_checkpoint_is_refused_in_a_sentence(state, model, message):
    broken = dict(state)
    BROKEN[message](broken)
    with pytest.raises(WeightsError, match=message):
        fill(model, place_torch(Checkpoint(broken)))


def test_a_tensor_without_a_place_is_named(state, model):
    extra = {"op_threshs": np.zeros(18, np.float32), "ema.decay": np.ones(1, np.float32)}
    assert fill(model, place_torch(Checkpoint(state | extra))) == tuple(extra)


FELT = {
    "relu.weight": (1024,),  # a PReLU
    "head.0.running_mean": (1024,),  # a batch normalisation without scale and shift
    "rms.weight": (1024,),
    "temperature": (),
    "logit_scale": (1,),
    "logit_bias": (14,),
    "mean": (3,),
    "ema.scale": (1,),
}


@pytest.mark.parametrize("name", FELT)
def test_a_tensor_that_changes_logits_is_refused_by_name(state, name):
    """However few numbers it has; the network stands behind ``ema.``, so that its name excuses nothing."""
    stranger = {f"ema.{name.removeprefix('ema.')}": np.ones(FELT[name], np.float32)}
    with pytest.raises(WeightsError, match=next(iter(stranger))):
        place_torch(Checkpoint(wrapped("ema.")(state) | stranger))


def test_what_only_training_needs_is_left_out(state):
    names = (
        "criterion.weight",
        "criterion.pos_weight",
        "pos_weight",
        "ema.num_updates",
        "loss_fn.weight",
        "n_averaged",
    )
    extra = {name: np.ones(14, np.float32) for name in names}
    assert place_torch(Checkpoint(state | extra)).unused == names


def keras_names(model, rename=lambda name: name):
    weights = {
        f"{rename(layer.name)}/{weight.name}": np.asarray(weight) for layer in model.layers for weight in layer.weights
    }
    return Checkpoint(weights, {"layers": tuple(layer.name for layer in model.layers)})


def test_keras_names_of_both_versions(state, model):
    fill(model, place_torch(Checkpoint(state)))
    new = keras_names(model)
    old = keras_names(model, lambda name: name.replace("conv1_", "conv1/").replace("predictions", "dense_1"))
    for checkpoint in (new, old):
        placed = place_keras(checkpoint)
        assert placed.feature_layer == "relu" and placed.outputs == 14 and placed.channels == 3
        other = network(1)
        assert fill(other, placed) == ()
        for ours, theirs in zip(model.layers, other.layers, strict=True):
            for weight, copied in zip(ours.weights, theirs.weights, strict=True):
                # The variance makes up for Keras's larger epsilon.
                shift = 1e-8 if weight.name == "moving_variance" else 0
                np.testing.assert_allclose(np.asarray(copied), np.asarray(weight) + shift, rtol=1e-7)
    without = place_keras(dataclasses.replace(new, facts={"layers": ("bn", "avg_pool")}))
    assert without.feature_layer == "bn" and without.build(32, np.random.default_rng(0)).get_layer("bn")


def test_two_heads_are_refused(state, model):
    extra = keras_names(model).tensors | {"hidden/kernel": np.zeros((4, 4), np.float32)}
    with pytest.raises(WeightsError, match="2 dense layers"):
        place_keras(Checkpoint(extra))
