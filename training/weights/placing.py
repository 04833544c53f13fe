"""Put the tensors of a checkpoint where they belong in a network of Keras, and account for every one of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.networks.classifier import HEAD, Body, Step, build_classifier, linear_head
from training.networks.densenet import DENSENETS, LAST_NORM, LAST_RELU, densenet
from training.networks.layers import EPSILON
from training.weights.finding import COUNTER, Found, find_network, listed
from training.weights.head import Head, find_head
from training.weights.slots import Slot
from training.weights.tensors import Checkpoint, WeightsError

if TYPE_CHECKING:
    from keras import Model

KERAS_EPSILON = 1.001e-5
HEAD_KERNEL, STEM_KERNEL = f"{HEAD}/kernel", "conv1_conv/kernel"
NO_LAST_RELU = "No ReLU after the last batch normalisation: {} had none."
ASSUMED_LAST_RELU = (
    "Whether a ReLU follows the last batch normalisation is not in the file: it is taken to be there, as it is in "
    "torchvision's network."
)
# Names, in parts, of numbers that training keeps and no film is ever judged by: of a loss, a metric, a running mean of
# the weights, counters, and the thresholds that torchxrayvision stores.
HARMLESS = re.compile(
    r"(?:^|[._])(?:loss(?:es)?|criteri(?:on|a)|pos_?weights?|class_?weights?|ema|decay|num_(?:updates|averaged|batches_"
    r"tracked)|n_averaged|(?:global_)?steps?|epochs?|count(?:er)?|metrics?|acc(?:uracy)?|auc|auroc|f1|confmat|lr|"
    r"op_threshs)(?:$|[._])",
    re.IGNORECASE,
)
NORMALISES = re.compile(r"(?:^|[._])(?:mean|std)$", re.IGNORECASE)  # a film; of whole numbers, too


@dataclass(frozen=True, eq=False)
class Placed:
    """A checkpoint's tensors by their place in a Keras model, and what that model is.

    Attributes
    ----------
    name, title : str
        Of the network, such as ``densenet121`` and ``DenseNet-121``.
    body : callable
        (film, generator) to its last feature map.
    feature_layer : str
        Layer that gives it.
    head : tuple of Step
        From pooled features to logits.
    maxima : bool
        Whether the head reads the highest value of every channel beside the mean.
    stem : str
        Place of the kernel that reads the film.
    weights : dict of str to ndarray
        By ``layer/weight``, in Keras's axis order.
    names : dict of str to str
        What the file calls each of them.
    unused : tuple of str
        Names of tensors that have no place in the network.
    notes : tuple of str
        What the names leave open, and what was assumed; sentences.
    """

    name: str
    title: str
    body: Body
    feature_layer: str
    head: tuple[Step, ...]
    maxima: bool
    stem: str
    weights: dict[str, np.ndarray]
    names: dict[str, str]
    unused: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """Number of outputs of the head."""
        return self.head[-1].width

    @property
    def channels(self) -> int:
        """Number of channels of the input."""
        return self.weights[self.stem].shape[2]

    def build(self, size: int, rng: np.random.Generator) -> Model:
        """Build the network, untrained, for square films of ``size`` px."""
        return build_classifier(self.name, self.body, size, self.channels, self.head, rng, self.maxima)


def place_torch(checkpoint: Checkpoint, file: str = "", prefix: str | None = None) -> Placed:
    """Place tensors that are named as one of PyTorch's libraries names them, behind any prefix.

    Parameters
    ----------
    checkpoint : Checkpoint
    file : str
        Name of the file.
    prefix : str, optional
        What the names of the wanted network begin with, where there are several.

    Raises
    ------
    WeightsError
        If there is no known network, or one that is not whole or has layers more than the known one.
    """
    names = _dotted(checkpoint)
    tensors = {name: checkpoint.tensors[theirs] for name, theirs in names.items()}
    found = find_network(tensors, file, prefix)
    layout = found.layout
    slots = {found.prefix + name: slot for name, slot in layout.slots.items()}
    rest = {name: values for name, values in tensors.items() if name not in slots and not name.endswith(COUNTER)}
    ours = {name: values for name, values in rest.items() if not found.is_elsewhere(name)}
    head = find_head(ours, layout.features, found.prefix)
    slots |= head.slots
    _refuse_foreign({name: values for name, values in ours.items() if name not in slots}, found)
    cut = layout.cut if head.fastai else None
    return Placed(
        name=layout.name,
        title=layout.title,
        body=cut or layout.body,
        feature_layer=LAST_NORM if cut else layout.feature_layer,
        head=head.steps,
        maxima=head.maxima,
        stem=layout.slots[layout.stem].place,
        weights={slot.place: _keras_axes(tensors[name], slot, names[name]) for name, slot in slots.items()},
        names={slot.place: names[name] for name, slot in slots.items()},
        unused=tuple(theirs for name, theirs in names.items() if name not in slots),
        notes=_notes(found, head),
    )


def _dotted(checkpoint: Checkpoint) -> dict[str, str]:
    """Give the file's names by what they are with dots."""
    names: dict[str, str] = {}
    for name in checkpoint.tensors:
        dotted = name.replace("/", ".")
        if dotted in names:
            raise WeightsError(f"{names[dotted]} and {name} belong in the same place")
        names[dotted] = name
    return names


def _refuse_foreign(left: Mapping[str, np.ndarray], found: Found) -> None:
    """Refuse what the network does not have and would need: without it the logits would be others."""
    parts = {found.prefix + name.partition(".")[0] for name in found.layout.slots}
    layers = {f"{name.removesuffix('.bias')}.weight" for name in left if name.endswith(".bias")}

    def is_needed(name: str) -> bool:
        part = ".".join(name.split(".")[: found.prefix.count(".") + 1])
        known = _is_kernel(left[name]) or name in layers or part in parts or "pool" in name
        return known or _is_felt(_own_name(name, found.prefix), left[name])

    if foreign := [name for name in left if is_needed(name)]:
        raise WeightsError(_no_place(found.layout.title, foreign))


def _no_place(title: str, foreign: list[str]) -> str:
    more = f", nor {listed(foreign[1:])}" if len(foreign) > 1 else ""
    such = f"({len(foreign)} such tensors)"
    return f"it is no {title}: nothing there takes {foreign[0]} {such}{more}; without them its logits would be others"


def _own_name(name: str, prefix: str) -> str:
    """Give a name without the parts that it shares with the network: ``ema.scale`` of a network ``ema.`` is its own."""
    parts = name.split(".")
    while len(parts) > 1 and prefix.startswith(f"{parts[0]}."):
        prefix = prefix.removeprefix(f"{parts.pop(0)}.")
    return ".".join(parts)


def _is_felt(name: str, values: np.ndarray) -> bool:
    """Whether logits may depend on it: any number that is not known to be training's alone."""
    if NORMALISES.search(name):
        return True
    return values.dtype.kind == "f" and not HARMLESS.search(name)


def _is_kernel(values: np.ndarray) -> bool:
    return values.ndim > 1 and values.dtype.kind == "f"


def _notes(found: Found, head: Head) -> tuple[str, ...]:
    layout = found.layout
    notes = [layout.caution] if layout.caution else []
    if layout.cut and head.fastai:
        notes.append(NO_LAST_RELU.format("the network, which fastai cut off before it,"))
    elif layout.cut and not found.prefix.endswith("features."):
        notes.append(ASSUMED_LAST_RELU)
    if found.others:
        under = ", ".join(other or "no prefix" for other in found.others)
        notes.append(f"Another network, or a running mean of this one, is left out: {under}.")
    return (*notes, *head.assumptions)


def _keras_axes(values: np.ndarray, slot: Slot, name: str) -> np.ndarray:
    if not slot.fits(values.shape):
        wanted = ", ".join("channels" if extent is None else str(extent) for extent in slot.shape)
        raise WeightsError(f"{name} has the shape {values.shape}; expected ({wanted})")
    return values.transpose(slot.axes) if slot.axes else values


def place_keras(checkpoint: Checkpoint) -> Placed:
    """Place tensors of a DenseNet-121 that are named as ``keras.applications`` of Keras 2 or 3 names them.

    The head may have any name.

    Raises
    ------
    WeightsError
        If two tensors belong in the same place, or the first or the last layer is missing.
    """
    weights: dict[str, np.ndarray] = {}
    names: dict[str, str] = {}
    heads = {name.rpartition("/")[0] for name, values in checkpoint.tensors.items() if _is_dense(name, values)}
    if len(heads) > 1:
        raise WeightsError(f"it has {len(heads)} dense layers ({', '.join(sorted(heads))[:80]}), but a CheXNet has one")
    for name, values in checkpoint.tensors.items():
        layer, _, weight = name.rpartition("/")
        place = f"{HEAD if layer in heads else layer.replace('/', '_')}/{weight.split(':')[0]}"
        if place in names:
            raise WeightsError(f"{names[place]} and {name} belong in the same place")
        if place.endswith("moving_variance"):
            values = values + np.float32(KERAS_EPSILON - EPSILON)  # the same sum under the root with torch's epsilon
        weights[place], names[place] = values, name
    for place, axes, what in ((HEAD_KERNEL, 2, "classifier"), (STEM_KERNEL, 4, "first convolution")):
        if place not in weights:
            raise WeightsError(f"it is no DenseNet-121: it has no weights of the {what}")
        if weights[place].ndim != axes:
            raise WeightsError(f"{names[place]} must have {axes} axes; it has the shape {weights[place].shape}")
    has_relu = LAST_RELU in checkpoint.facts.get("layers", ())
    return Placed(
        name="densenet121",
        title="DenseNet-121",
        body=functools.partial(densenet, shape=DENSENETS["densenet121"], final_relu=has_relu),
        feature_layer=LAST_RELU if has_relu else LAST_NORM,
        head=linear_head(weights[HEAD_KERNEL].shape[-1]),
        maxima=False,
        stem=STEM_KERNEL,
        weights=weights,
        names=names,
        unused=(),
        notes=() if has_relu else (NO_LAST_RELU.format("the Keras that trained it"),),
    )


def _is_dense(name: str, values: np.ndarray) -> bool:
    return name.rpartition("/")[2].startswith("kernel") and values.ndim == 2


def fill(model: Model, placed: Placed) -> tuple[str, ...]:
    """Set every weight of a model from a checkpoint.

    Returns
    -------
    tuple of str
        The checkpoint's tensors that have no place in the model.

    Raises
    ------
    WeightsError
        If a weight is missing, has another shape or is not finite, or a kernel has no place.
    """
    layers = [layer for layer in model.layers if layer.weights]
    wanted = {f"{layer.name}/{weight.name}": tuple(weight.shape) for layer in layers for weight in layer.weights}
    missing = [place for place in wanted if place not in placed.weights]
    if missing:
        more = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        raise WeightsError(f"it is no whole {placed.title}: no tensor for {missing[0]}{more}")
    left = [place for place in placed.weights if place not in wanted]
    felt = [place for place in left if _is_kernel(values := placed.weights[place]) or _is_felt(_dots(place), values)]
    if felt:
        raise WeightsError(_no_place(placed.title, [placed.names[place] for place in felt]))
    for place, shape in wanted.items():
        _check(placed.weights[place], shape, placed.names[place], place)
    for layer in layers:
        layer.set_weights([placed.weights[f"{layer.name}/{weight.name}"] for weight in layer.weights])
    return (*(placed.names[place] for place in left), *placed.unused)


def _dots(place: str) -> str:
    return place.replace("/", ".")


def _check(values: np.ndarray, shape: tuple[int, ...], name: str, place: str) -> None:
    if values.dtype.kind != "f":
        raise WeightsError(f"{name} holds whole numbers ({values.dtype}), not weights")
    if values.shape != shape:
        raise WeightsError(f"{name} fills {place}, which has the shape {shape} in Keras's order, not {values.shape}")
    if not np.isfinite(values).all():
        raise WeightsError(f"{name} holds numbers that are not finite")
    if place.endswith("moving_variance") and values.min() < 0:
        raise WeightsError(f"{name} holds a variance below 0")
