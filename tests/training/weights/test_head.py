"""The layers behind the pooled features, however many they are and whatever they are called."""

from __future__ import annotations

import pytest

from tests.training.weights.states import dense, norm, zeros
from training.weights.head import ASSUMED_RELU, find_head
from training.weights.tensors import WeightsError

FEATURES = 64
MLP = dense("classifier.0", 64, 32) | dense("classifier.3", 32, 5)
FASTAI = norm("1.2", 128) | dense("1.4", 128, 32, bias=False) | norm("1.6", 32) | dense("1.8", 32, 5, bias=False)


def kinds(tensors: dict, body: str = "features.") -> list[str]:
    return [step.kind for step in find_head(tensors, FEATURES, body).steps]


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        (dense("fc", 64, 5), "dense"),
        (dense("head.fc", 64, 5, bias=False), "dense"),
        (MLP, "dense relu dense"),
        (dense("fc.0", 64, 32) | dense("fc.1", 32, 5), "dense dense"),  # no room for anything between
        (dense("fc1", 64, 32) | dense("fc2", 32, 5), "dense relu dense"),
        (dense("a.hidden", 64, 32) | dense("b.out", 32, 5), "dense relu dense"),
        (norm("fc.0", 64) | dense("fc.2", 64, 5), "norm dense"),
        (dense("fc.0", 64, 32) | norm("fc.1", 32) | dense("fc.4", 32, 5), "dense norm relu dense"),
        (dense("fc.0", 64, 32) | norm("fc.2", 32) | dense("fc.4", 32, 5), "dense relu norm dense"),
        (dense("fc1", 64, 32) | norm("bn", 32) | dense("fc2", 32, 5), "dense norm relu dense"),
        # As safetensors sorts them: by text.
        (dense("classifier", 32, 5) | dense("hidden", 64, 32), "dense relu dense"),
        (dense("h.10", 32, 5) | dense("h.4", 64, 48) | dense("h.7", 48, 32), "dense relu dense relu dense"),
    ],
)
def test_layers_follow_one_another_with_a_relu_where_there_is_room(tensors, expected):
    assert kinds(tensors) == expected.split()


def test_every_tensor_of_a_head_has_a_place():
    head = find_head(MLP, FEATURES, "features.")
    assert {name: slot.place for name, slot in head.slots.items()} == {
        "classifier.0.weight": "head1_dense/kernel",
        "classifier.0.bias": "head1_dense/bias",
        "classifier.3.weight": "predictions/kernel",
        "classifier.3.bias": "predictions/bias",
    }
    assert [step.width for step in head.steps] == [32, 0, 5]
    assert head.assumptions == (ASSUMED_RELU,) and find_head(dense("fc", 64, 5), FEATURES, "").assumptions == ()


def test_fastais_head_reads_maxima_before_means():
    head = find_head({f"model.{name}": values for name, values in FASTAI.items()}, FEATURES, "model.0.0.")
    assert head.maxima and head.fastai
    assert [step.kind for step in head.steps] == ["norm", "dense", "relu", "norm", "dense"]
    assert [step.bias for step in head.steps if step.kind == "dense"] == [False, False]
    plain = find_head(dense("1.8", 64, 5), FEATURES, "0.0.")
    assert not plain.maxima and not plain.fastai


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "a body but no last layer, .* beside the body there are no tensors"),
        ({"a.scale": zeros(3)}, r"beside the body there are a\.scale"),
        (dense("sex", 64, 2) | dense("race", 64, 3), r"head cannot be told: .* sex \(64 to 2\), race \(64 to 3\)"),
        (dense("fc", 63, 5), r"from 64 features, or twice as many, .* there are fc \(63 to 5\)"),
        (dense("fc.0", 64, 5) | norm("fc.1", 5), r"fc\.0 \(64 to 5\), fc\.1 \(5 to 5\)"),
        (dense("fc", 128, 5), "its head reads 128 values of 64 features, and only of fastai's networks it is known"),
    ],
)
def test_a_head_that_cannot_be_told_is_refused_in_a_sentence(tensors, message):
    with pytest.raises(WeightsError, match=message):
        find_head(tensors, FEATURES, "features.")
