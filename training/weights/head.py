"""Find the layers between a network's pooled features and its logits, and what they say about the pooling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.networks.classifier import HEAD, Step
from training.weights.finding import listed
from training.weights.slots import NORM, Slot
from training.weights.tensors import WeightsError

SECOND_PART = re.compile(r"((?:.*\.)?)1\.\d+$")  # in a Sequential of two parts, the first of which is the body
ASSUMED_RELU = (
    "What stands between the layers of its head is not in the file: a ReLU is taken to be there, and a dropout, which "
    "does nothing here."
)


@dataclass(frozen=True)
class Head:
    """What a network has behind its pooled features.

    Attributes
    ----------
    steps : tuple of Step
        Its layers in order.
    slots : dict of str to Slot
        Of its tensors, by their names in the file.
    maxima : bool
        Whether it reads the highest value of every channel beside the mean.
    fastai : bool
        Whether it is one that fastai made: it then begins with a batch normalisation.
    """

    steps: tuple[Step, ...]
    slots: dict[str, Slot]
    maxima: bool
    fastai: bool

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the file leaves open; sentences."""
        return (ASSUMED_RELU,) if any(step.kind == "relu" for step in self.steps) else ()


@dataclass(frozen=True)
class _Layer:
    """A dense layer (``before`` values to ``after``) or a batch normalisation (of as many)."""

    name: str
    kind: str
    before: int
    after: int
    bias: bool

    @property
    def place(self) -> tuple[str, int | None]:
        """Its parent, and its number in there where it has one."""
        parent, _, last = self.name.rpartition(".")
        return (parent, int(last)) if last.isdecimal() else (parent, None)


def find_head(tensors: Mapping[str, np.ndarray], features: int, body: str) -> Head:
    """Find the head among the tensors that are not the body's.

    Parameters
    ----------
    tensors : mapping of str to ndarray
    features : int
        Channels of the body's last feature map.
    body : str
        What stands before the body's names.

    Raises
    ------
    WeightsError
        If there is none, or its layers do not follow one another.
    """
    layers = _layers(tensors)
    if not any(layer.kind == "dense" for layer in layers):
        raise WeightsError(
            "it has a body but no last layer, which makes findings of its features; "
            f"beside the body there are {listed(list(tensors)) or 'no tensors'}"
        )
    in_order = next((order for order in _orders(layers, features) if _is_chain(order, features)), None)
    if in_order is None:
        shapes = [f"{layer.name} ({layer.before} to {layer.after})" for layer in layers]
        raise WeightsError(
            f"its head cannot be told: from {features} features, or twice as many, its layers should lead to the "
            f"outputs one after the other; there are {listed(shapes, 8)}"
        )
    doubled = in_order[0].before == 2 * features
    fastai = _is_fastai(in_order, body)
    if doubled and not fastai:
        raise WeightsError(
            f"its head reads {2 * features} values of {features} features, and only of fastai's networks it is known "
            "how they are pooled"
        )
    return Head(*_steps(in_order), doubled, fastai)


def _layers(tensors: Mapping[str, np.ndarray]) -> list[_Layer]:
    """Give the dense layers and batch normalisations in the file's order."""
    found = []
    for name, values in tensors.items():
        owner, _, last = name.rpartition(".")
        bias = f"{owner}.bias" in tensors
        if last == "weight" and values.ndim == 2:
            found.append(_Layer(owner, "dense", values.shape[1], values.shape[0], bias))
        elif last == "weight" and values.ndim == 1 and bias and f"{owner}.running_var" in tensors:
            found.append(_Layer(owner, "norm", len(values), len(values), bias))
    return found


def _orders(layers: list[_Layer], features: int) -> list[list[_Layer]]:
    """Give the orders that the layers may have.

    By their numbers in a Sequential; else as the file lists them, or, where it sorts names, as their widths follow.
    """
    places = [layer.place for layer in layers]
    if len({parent for parent, _ in places}) == 1 and all(number is not None for _, number in places):
        return [sorted(layers, key=lambda layer: layer.place[1] or 0)]
    left, by_width, width = list(layers), [], features
    while len(fitting := [layer for layer in left if layer.before == width]) == 1:
        left.remove(fitting[0])
        by_width.append(fitting[0])
        width = fitting[0].after
    return [layers, by_width + left]


def _is_chain(layers: list[_Layer], features: int) -> bool:
    follow = all(one.after == other.before for one, other in pairwise(layers))
    return follow and layers[0].before in (features, 2 * features) and layers[-1].kind == "dense"


def _is_fastai(layers: list[_Layer], body: str) -> bool:
    """Whether the names are those of fastai's two parts, and something is there that only its heads have."""
    root = SECOND_PART.match(layers[0].name)
    return root is not None and body.startswith(f"{root[1]}0.") and layers[0].kind == "norm"


def _steps(layers: list[_Layer]) -> tuple[tuple[Step, ...], dict[str, Slot]]:
    """Give the layers as steps, with activations where there is room for them, and the place of every tensor."""
    steps: list[Step] = []
    slots: dict[str, Slot] = {}
    waiting = False  # for the activation of a dense layer
    for number, layer in enumerate(layers):
        last = number == len(layers) - 1
        ours = HEAD if last else f"head{number + 1}_{layer.kind}"
        if layer.kind == "dense":
            steps.append(Step("dense", ours, layer.after, layer.bias))
            waiting = not last
            slots |= {f"{layer.name}.weight": Slot(f"{ours}/kernel", (layer.after, layer.before), (1, 0))}
            slots |= {f"{layer.name}.bias": Slot(f"{ours}/bias", (layer.after,))} if layer.bias else {}
        else:
            steps.append(Step("norm", ours))
            slots |= {f"{layer.name}.{one}": Slot(f"{ours}/{other}", (layer.after,)) for one, other in NORM.items()}
        if waiting and _has_room(layer, layers[number + 1]):
            steps.append(Step("relu", f"head{number + 1}_relu"))
            waiting = False
    return tuple(steps), slots


def _has_room(layer: _Layer, following: _Layer) -> bool:
    """Whether a layer without weights may stand between two.

    In a Sequential their numbers tell; elsewhere it is taken to stand before the next dense layer.
    """
    (parent, number), (other_parent, next_number) = layer.place, following.place
    if number is None or next_number is None or parent != other_parent:
        return following.kind == "dense"
    return next_number > number + 1
