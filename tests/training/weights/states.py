"""State dicts of any known network, named as any library names it, without numbers that matter."""

from __future__ import annotations

import numpy as np

from training.weights.layouts import layouts
from training.weights.slots import Layout


def layout_of(name: str, library: str = "torchvision") -> Layout:
    """Find a network in a naming."""
    return next(layout for layout in layouts() if (layout.name, layout.library) == (name, library))


def zeros(*shape: int) -> np.ndarray:
    """Give zeros that take no room."""
    return np.broadcast_to(np.float32(0), shape)


def body_of(name: str, library: str = "torchvision", prefix: str = "", channels: int = 3) -> dict[str, np.ndarray]:
    """Give the tensors of a network without its head."""
    slots = layout_of(name, library).slots
    return {prefix + one: zeros(*(extent or channels for extent in slot.shape)) for one, slot in slots.items()}


def dense(name: str, before: int, after: int, bias: bool = True) -> dict[str, np.ndarray]:
    """Give the tensors of a dense layer."""
    return {f"{name}.weight": zeros(after, before)} | ({f"{name}.bias": zeros(after)} if bias else {})


def norm(name: str, width: int) -> dict[str, np.ndarray]:
    """Give the tensors of a batch normalisation."""
    return {f"{name}.{one}": zeros(width) for one in ("weight", "bias", "running_mean", "running_var")}
