"""Start a network from a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.networks.architectures import HEAD, ArchitectureError
from xai.cards.model_card import ModelCard

if TYPE_CHECKING:
    from keras import Model

COLOURS = 3


@dataclass(frozen=True, eq=False)
class Start:
    """A trained model that a network starts from.

    Attributes
    ----------
    path : Path
        Its file.
    card : ModelCard
        Its card; its outputs may be others, or in another order.
    """

    path: Path
    card: ModelCard


def start_from(network: Model, outputs: tuple[str, ...], start: Start) -> None:
    """Copy a trained model's weights; outputs that it does not have keep their random ones.

    A network of one channel takes the sum of what the trained one does to its three, which is what that does to a grey
    film in all three but for their scales.

    Raises
    ------
    ArchitectureError
        If it is another network, or of another size.
    """
    from xai.models.loading import load_model

    trained = load_model(start.path)
    ours, theirs = ([layer for layer in model.layers if layer.weights] for model in (network, trained))
    weights = [layer.get_weights() for layer in theirs[:-1]]
    if network.input_shape[-1] == 1 and trained.input_shape[-1] == COLOURS:
        weights[0] = [np.sum(weights[0][0], axis=2, keepdims=True), *weights[0][1:]]
    shapes = [[weight.shape for weight in one] for one in weights]
    if _shapes(ours[:-1]) != shapes or not _is_head(theirs[-1], ours[-1], start.card):
        raise ArchitectureError(
            f"{start.path.name} cannot be started from: it is not a {network.name} of {network.input_shape[1]} px."
        )
    for mine, other in zip(ours[:-1], weights, strict=True):
        mine.set_weights(other)
    kernel, bias = network.get_layer(HEAD).get_weights()
    trained_kernel, trained_bias = theirs[-1].get_weights()
    for k, name in enumerate(outputs):
        if name in start.card.outputs:
            kernel[:, k] = trained_kernel[:, start.card.index(name)]
            bias[k] = trained_bias[start.card.index(name)]
    network.get_layer(HEAD).set_weights([kernel, bias])


def freeze(network: Model, name: str) -> None:
    """Have all layers up to this one keep their weights and statistics; what a network sees first is not learned anew.

    Parameters
    ----------
    network : keras.Model
    name : str
        Of a layer; of those that several ways lead past, all that were made before it are meant.

    Raises
    ------
    ArchitectureError
        If there is no such layer, or nothing would be left to learn.
    """
    names = [layer.name for layer in network.layers]
    if name not in names or name == HEAD:
        raise ArchitectureError(f"--freeze {name}: {network.name} has no such layer to keep, but {names[1]} and so on.")
    for layer in network.layers[: names.index(name) + 1]:
        layer.trainable = False


def _is_head(layer: Any, ours: Any, card: ModelCard) -> bool:
    """Whether a layer gives one number an output from the same features, whatever it is called."""
    shapes = [tuple(weight.shape) for weight in layer.weights]
    return shapes == [(ours.kernel.shape[0], len(card.outputs)), (len(card.outputs),)]


def _shapes(layers: list) -> list[list[tuple[int, ...]]]:
    return [[tuple(weight.shape) for weight in layer.weights] for layer in layers]
