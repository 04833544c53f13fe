"""A known network is found behind any prefix and beside anything; where it is not, the names say why."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.weights.states import body_of, dense, layout_of, norm, zeros
from training.weights.finding import find_network
from training.weights.layouts import layouts
from training.weights.placing import place_torch
from training.weights.tensors import Checkpoint, WeightsError

# What the libraries' own documentation counts, for 1000 outputs; that of EfficientNet-Lite is timm's.
PARAMETERS = {
    "densenet121": 7_978_856,
    "densenet161": 28_681_000,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "wide_resnet50_2": 68_883_240,
    "efficientnet_b0": 5_288_548,
    "efficientnet_b1": 7_794_184,
    "efficientnet_b2": 9_109_994,
    "efficientnet_b3": 12_233_232,
    "efficientnet_b4": 19_341_616,
    "efficientnet_lite0": 4_652_008,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_network_has_as_many_weights_as_its_library_counts(name):
    layout = next(one for one in layouts() if one.name == name)
    learned = [slot for slot in layout.slots.values() if "moving" not in slot.place]
    body = sum(np.prod([extent or 3 for extent in slot.shape], dtype=int) for slot in learned)
    assert body + 1000 * (layout.features + 1) == PARAMETERS[name]


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: f"{layout.name}, {layout.library}")
def test_every_naming_of_every_network_is_found(layout):
    tensors = body_of(layout.name, layout.library, "any.thing.")
    found = find_network(tensors, "tf_x.pth" if "TensorFlow" in layout.library else "x.pth")
    assert (found.layout, found.prefix, found.others) == (layout, "any.thing.", ())


PREFIXES = (
    *("", "net.", "backbone.", "encoder.", "model.", "module.", "features.", "net.features.", "model.model.model."),
    *("model.backbone.features.", "module.densenet121.features.", "0.0.", "_orig_mod.", "learner.0.model.", "x_y-z."),
)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", ["densenet121", "resnet34"])
def test_any_prefix_is_stripped(name, prefix):
    body = body_of(name, prefix=prefix)
    root = prefix.removesuffix("features.")
    features = layout_of(name).features
    for head in (f"{root}classifier", f"{root}fc", "head.fc", f"{root}head", "class_layers.out", "last_linear"):
        placed = place_torch(Checkpoint(body | dense(head, features, 5)))
        assert (placed.name, placed.outputs, placed.channels) == (name, 5, 3)
        assert placed.names["predictions/kernel"] == f"{head}.weight" and placed.unused == ()


def test_a_network_of_more_blocks_is_not_taken_for_one_of_fewer():
    """All names of a ResNet-18 are names of a ResNet-34 too."""
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "efficientnet_b0", "efficientnet_b1"):
        library = "timm" if "eff" in name else "torchvision"
        assert find_network(body_of(name, library), "x").layout.name == name


@pytest.mark.parametrize(
    ("chosen", "other"),
    [
        ("model.", "ema_model.module."),
        ("model.", "model_ema."),
        ("student.net.", "teacher.net."),
        ("net.online.", "net.target."),
        ("", "ema."),
        ("module.", "module.ema."),
    ],
)
def test_a_running_mean_beside_the_weights_is_left_out(chosen, other):
    both = body_of("resnet18", prefix=other) | dense(f"{other}fc", 512, 2)
    both |= body_of("resnet18", prefix=chosen) | dense(f"{chosen}fc", 512, 3)
    placed = place_torch(Checkpoint(both))
    assert placed.outputs == 3 and set(placed.unused) == {name for name in both if name.startswith(other)}
    assert placed.notes == (f"Another network, or a running mean of this one, is left out: {other}.",)
    assert place_torch(Checkpoint(both), prefix=other).outputs == 2


def test_of_two_networks_one_has_to_be_chosen():
    both = {}
    for name, outputs in (("left.", 2), ("right.", 3)):
        both |= body_of("resnet18", prefix=name) | dense(f"{name}fc", 512, outputs)
    with pytest.raises(WeightsError, match=r"there are 2 networks in it, under left\., right\.: choose one with --pre"):
        place_torch(Checkpoint(both))
    assert place_torch(Checkpoint(both), prefix="right.").outputs == 3
    with pytest.raises(WeightsError, match=r"no network that is known here behind middle\.: its 204 tensors are call"):
        place_torch(Checkpoint(both), prefix="middle.")


def test_a_refusal_names_what_came_what_was_expected_and_what_is_nearest():
    strange = {
        "conv1.weight": zeros(64, 3, 7, 7),
        "layer1.0.conv1.weight": zeros(64, 64, 1, 1),
        "fc.weight": zeros(2, 9),
    }
    with pytest.raises(WeightsError) as refused:
        place_torch(Checkpoint(strange))
    message = str(refused.value)
    assert "its 3 tensors are called conv1.weight, layer1.0.conv1.weight, fc.weight;" in message
    assert "expected, behind any prefix: conv0.weight, denseblock1.denselayer1.conv1.weight, " in message
    assert "(DenseNet-121); conv1.weight, layer1.0.conv1.weight, layer1.0.conv2.weight, … (ResNet-50);" in message
    assert message.endswith(
        "nearest is ResNet-50 as torchvision names it: 2 of its 265 names are there, but not bn1.weight, bn1.bias, "
        "bn1.running_mean, bn1.running_var, …"
    )


@pytest.mark.parametrize("tensors", [{}, {"blocks.0.attn.qkv.weight": zeros(9, 3), "cls_token": zeros(1, 1, 3)}])
def test_a_network_that_nobody_knows_is_said_to_be_none(tensors):
    with pytest.raises(WeightsError, match=r"none of the names of any known network is there$"):
        place_torch(Checkpoint(tensors))


def test_a_network_for_volumes_is_refused_by_its_shape():
    body = {name: values[..., None] if values.ndim == 4 else values for name, values in body_of("resnet18").items()}
    with pytest.raises(WeightsError, match=r"conv1\.weight has the shape \(64, 3, 7, 7, 1\); expected \(64, channels"):
        place_torch(Checkpoint(body | dense("fc", 512, 2)))


def test_a_part_that_is_missing_is_called_as_the_file_would_call_it():
    body = body_of("resnet18", prefix="net.")
    del body["net.layer3.1.conv2.weight"]
    with pytest.raises(WeightsError, match=r"no whole ResNet-18: no tensor net\.layer3\.1\.conv2\.weight$"):
        place_torch(Checkpoint(body))


@pytest.mark.parametrize(
    "more",
    [
        {"attention.conv.weight": zeros(1, 2, 7, 7)},
        {"layer1.0.downsample.0.bias": zeros(256)},  # MONAI's ResNets, whose first convolution may not stride
        {"layer5.0.scale": zeros(1, 64)},
        norm("neck", 64),
        {"global_pool.p": zeros(1)},  # generalised-mean pooling
    ],
    ids=lambda more: next(iter(more)),
)
def test_layers_that_the_known_network_lacks_are_refused(more):
    """Left out in silence they would change every logit."""
    with pytest.raises(
        WeightsError, match=rf"it is no ResNet-18: nothing there takes {next(iter(more))}|head cannot be"
    ):
        place_torch(Checkpoint(body_of("resnet18") | more | dense("fc", 512, 2)))


def test_what_stands_beside_a_network_in_training_is_left_out():
    beside = {"criterion.pos_weight": zeros(14), "val_auc.confmat": np.zeros((2, 2, 2), np.int64), "steps": np.array(3)}
    placed = place_torch(Checkpoint(body_of("resnet18", prefix="model.") | dense("model.fc", 512, 2) | beside))
    assert placed.unused == tuple(beside)
