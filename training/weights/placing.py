"""Put the tensors of a checkpoint where they belong in a DenseNet-121, and account for every one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.networks.densenet import EPSILON, HEAD, LAST_RELU
from training.weights.tensors import Checkpoint, WeightsError

if TYPE_CHECKING:
    from keras import Model

WRAPPERS = re.compile(r"^(?:module\.|model\.|densenet121\.)+")
# torchvision before 0.3: denselayer1.norm.1.weight, now denselayer1.norm1.weight
OLD_NUMBER = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])(?=\.)")
TORCH_LAYERS = (
    (re.compile(r"features\.conv0"), "conv1_conv"),
    (re.compile(r"features\.norm0"), "conv1_bn"),
    (re.compile(r"features\.denseblock(\d)\.denselayer(\d+)\.norm1"), "conv{}_block{}_0_bn"),
    (re.compile(r"features\.denseblock(\d)\.denselayer(\d+)\.conv1"), "conv{}_block{}_1_conv"),
    (re.compile(r"features\.denseblock(\d)\.denselayer(\d+)\.norm2"), "conv{}_block{}_1_bn"),
    (re.compile(r"features\.denseblock(\d)\.denselayer(\d+)\.conv2"), "conv{}_block{}_2_conv"),
    (re.compile(r"features\.transition(\d)\.norm"), "pool{}_bn"),
    (re.compile(r"features\.transition(\d)\.conv"), "pool{}_conv"),
    (re.compile(r"features\.norm5"), "bn"),
    (re.compile(r"classifier(?:\.0)?"), HEAD),
)
TORCH_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
TORCH_LINEAR = {"weight": "kernel", "bias": "bias"}
COUNTER = "num_batches_tracked"
KERAS_EPSILON = 1.001e-5


@dataclass(frozen=True, eq=False)
class Placed:
    """A checkpoint's tensors by their place in the Keras model.

    Attributes
    ----------
    weights : dict of str to ndarray
        By ``layer/weight``, in Keras's axis order.
    names : dict of str to str
        What the file calls each of them.
    unused : tuple of str
        Names of tensors that have no place in the network.
    final_relu : bool
        Whether the network has a ReLU after its last batch normalisation.
    """

    weights: dict[str, np.ndarray]
    names: dict[str, str]
    unused: tuple[str, ...]
    final_relu: bool

    @property
    def outputs(self) -> int:
        """Number of outputs of the head."""
        return self._wide(f"{HEAD}/kernel", 2, "classifier")

    @property
    def channels(self) -> int:
        """Number of channels of the input."""
        return self._wide("conv1_conv/kernel", 4, "first convolution")

    def _wide(self, place: str, axes: int, what: str) -> int:
        if place not in self.weights:
            raise WeightsError(f"it is no DenseNet-121: it has no weights of the {what}")
        kernel = self.weights[place]
        if kernel.ndim != axes:
            raise WeightsError(f"{self.names[place]} must have {axes} axes; it has the shape {kernel.shape}")
        return kernel.shape[-1] if axes == 2 else kernel.shape[2]


def place_torch(checkpoint: Checkpoint) -> Placed:
    """Place tensors that are named as torchvision names them, in its old or new way.

    Raises
    ------
    WeightsError
        If two tensors belong in the same place.
    """
    weights: dict[str, np.ndarray] = {}
    names: dict[str, str] = {}
    unused = []
    for name, values in checkpoint.tensors.items():
        place = torch_place(name)
        if place is None:
            unused.append(name)
            continue
        _refuse_second(place, name, names)
        weights[place], names[place] = _keras_axes(place, values), name
    return Placed(weights, names, tuple(unused), final_relu=True)


def torch_place(name: str) -> str | None:
    """Give ``layer/weight`` for a tensor of torchvision's DenseNet-121, None where it has no place."""
    name = OLD_NUMBER.sub(r"\1\2", WRAPPERS.sub("", name.replace("/", ".")))
    layer, _, last = name.rpartition(".")
    for pattern, template in TORCH_LAYERS:
        if found := pattern.fullmatch(layer):
            numbers = [int(number) for number in found.groups()]
            if numbers:
                numbers[0] += 1  # Keras counts the stem as block 1
            target = template.format(*numbers)
            weight = (TORCH_NORM if target.endswith("bn") else TORCH_LINEAR).get(last)
            return f"{target}/{weight}" if weight else None
    return None


def _keras_axes(place: str, values: np.ndarray) -> np.ndarray:
    if place.endswith("kernel"):
        return values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T
    return values


def place_keras(checkpoint: Checkpoint) -> Placed:
    """Place tensors that are named as ``keras.applications`` of Keras 2 or 3 names them; the head may have any name.

    Raises
    ------
    WeightsError
        If two tensors belong in the same place.
    """
    weights: dict[str, np.ndarray] = {}
    names: dict[str, str] = {}
    heads = {name.rpartition("/")[0] for name, values in checkpoint.tensors.items() if _is_dense(name, values)}
    if len(heads) > 1:
        raise WeightsError(f"it has {len(heads)} dense layers ({', '.join(sorted(heads))[:80]}), but a CheXNet has one")
    for name, values in checkpoint.tensors.items():
        layer, _, weight = name.rpartition("/")
        place = f"{HEAD if layer in heads else layer.replace('/', '_')}/{weight.split(':')[0]}"
        _refuse_second(place, name, names)
        if place.endswith("moving_variance"):
            values = values + np.float32(KERAS_EPSILON - EPSILON)  # the same sum under the root with torch's epsilon
        weights[place], names[place] = values, name
    return Placed(weights, names, (), final_relu=LAST_RELU in checkpoint.facts.get("layers", ()))


def _is_dense(name: str, values: np.ndarray) -> bool:
    return name.rpartition("/")[2].startswith("kernel") and values.ndim == 2


def _refuse_second(place: str, name: str, names: dict[str, str]) -> None:
    if place in names:
        raise WeightsError(f"{names[place]} and {name} belong in the same place")


def fill(model: Model, placed: Placed) -> tuple[str, ...]:
    """Set every weight of a model from a checkpoint.

    Returns
    -------
    tuple of str
        The checkpoint's tensors that have no place in the model.

    Raises
    ------
    WeightsError
        If a weight is missing, has another shape, is not finite, or the checkpoint has layers more.
    """
    layers = [layer for layer in model.layers if layer.weights]
    wanted = {f"{layer.name}/{weight.name}": tuple(weight.shape) for layer in layers for weight in layer.weights}
    missing = [place for place in wanted if place not in placed.weights]
    if missing:
        more = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        raise WeightsError(f"it is no whole DenseNet-121: no tensor for {missing[0]}{more}")
    for place, shape in wanted.items():
        _check(placed.weights[place], shape, placed.names[place], place)
    for layer in layers:
        layer.set_weights([placed.weights[f"{layer.name}/{weight.name}"] for weight in layer.weights])
    left = [placed.names[place] for place in placed.weights if place not in wanted]
    unused = (*left, *placed.unused)
    foreign = [name for name in unused if not name.endswith(COUNTER) and _in_network(name)]
    if foreign:
        raise WeightsError(f"it is no DenseNet-121: nothing there takes {foreign[0]} ({len(foreign)} such tensors)")
    return unused


def _in_network(name: str) -> bool:
    return WRAPPERS.sub("", name.replace("/", ".")).startswith(("features.", "classifier", "conv", "pool"))


def _check(values: np.ndarray, shape: tuple[int, ...], name: str, place: str) -> None:
    if values.dtype.kind != "f":
        raise WeightsError(f"{name} holds whole numbers ({values.dtype}), not weights")
    if values.shape != shape:
        raise WeightsError(f"{name} fills {place}, which has the shape {shape} in Keras's order, not {values.shape}")
    if not np.isfinite(values).all():
        raise WeightsError(f"{name} holds numbers that are not finite")
    if place.endswith("moving_variance") and values.min() < 0:
        raise WeightsError(f"{name} holds a variance below 0")
