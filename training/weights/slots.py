"""A network and one library's names for its tensors: what every layout is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from training.networks.classifier import Body

NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
LINEAR = {"weight": "kernel", "bias": "bias"}
CONVOLUTION = (2, 3, 1, 0)  # torch's axes in Keras's order
DEPTHWISE = (2, 3, 0, 1)


class Slot(NamedTuple):
    """Where a tensor belongs.

    Attributes
    ----------
    place : str
        ``layer/weight`` of the Keras model.
    shape : tuple of int or None
        As torch has it; None for the channels of the film.
    axes : tuple of int
        Torch's axes in Keras's order; empty where they are the same.
    """

    place: str
    shape: tuple[int | None, ...]
    axes: tuple[int, ...] = ()

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of that shape may belong there."""
        return len(shape) == len(self.shape) and all(b in (None, a) for a, b in zip(shape, self.shape, strict=True))


@dataclass(frozen=True, eq=False)
class Layout:
    """A network, and one library's names for its tensors.

    Attributes
    ----------
    name : str
        Of the network, such as ``densenet121``.
    title : str
        The same for people.
    library : str
        Whose names these are.
    slots : dict of str to Slot
        Of all tensors of the body, by name.
    features : int
        Channels of the last feature map.
    body : callable
        (film, generator) to the last feature map.
    feature_layer : str
        Layer that gives it.
    cut : callable or None
        The same as ``body`` without the ReLU at its end, where that is no part of the body in PyTorch.
    caution : str
        What its names leave open; a sentence, or nothing.
    """

    name: str
    title: str
    library: str
    slots: dict[str, Slot]
    features: int
    body: Body
    feature_layer: str
    cut: Body | None = None
    caution: str = ""

    @property
    def stem(self) -> str:
        """Name of its first tensor."""
        return next(iter(self.slots))

    @property
    def kernels(self) -> list[str]:
        """Names of its convolutions' kernels."""
        return [name for name, slot in self.slots.items() if slot.place.endswith("/kernel")]


def kernel(
    theirs: str, ours: str, shape: tuple[int | None, ...], axes: tuple[int, ...] = CONVOLUTION
) -> tuple[str, Slot]:
    """Give the name and the place of a convolution's kernel."""
    return f"{theirs}.weight", Slot(f"{ours}/kernel", shape, axes)


def norm(theirs: str, ours: str, width: int) -> Iterable[tuple[str, Slot]]:
    """Give the names and the places of a batch normalisation's weights and statistics."""
    return ((f"{theirs}.{one}", Slot(f"{ours}/{other}", (width,))) for one, other in NORM.items())
