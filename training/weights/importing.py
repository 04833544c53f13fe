"""From a published checkpoint to a Keras model with a card, in one call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.networks.classifier import HEAD
from training.weights.checkpoint import read_checkpoint
from training.weights.describing import (
    THRESHOLDS_TENSOR,
    Wishes,
    account,
    provenance,
    summarise,
    tell_outputs,
)
from training.weights.placing import Placed, fill, place_keras, place_torch
from training.weights.published import GREY, XRV_OUTPUTS, Published, recognise
from training.weights.tensors import Checkpoint, WeightsError
from training.weights.writing import check_target, write_model
from xai.cards.input_spec import MAX_SIDE
from xai.cards.model_card import LINKS, ModelCard

LEAST_SIDE = 32  # the last feature map is a 32nd of it


@dataclass(frozen=True)
class Imported:
    """A checkpoint that became a model.

    Attributes
    ----------
    path : Path
        The model; its card lies beside it.
    card : ModelCard
    notes : tuple of str
        Sentences for people: what became of every tensor and output.
    """

    path: Path
    card: ModelCard
    notes: tuple[str, ...]


def import_weights(
    file: Path,
    layout: str,
    out: Path,
    outputs: Sequence[str] | None = None,
    source: str | None = None,
    on_step: Callable[[str], None] = lambda step: None,
    size: int | None = None,
    link: str | None = None,
    prefix: str | None = None,
) -> Imported:
    """Write a checkpoint of a DenseNet, ResNet or EfficientNet as ``.keras`` with a card.

    Parameters
    ----------
    file : Path
        ``.safetensors``, ``.npz``, ``.h5`` or a torch file; nothing in it is run.
    layout : {"torchvision", "torchxrayvision", "chexnet-keras"}
        Whose preprocessing it has, and whether its tensors have a PyTorch library's names or Keras's.
    out : Path
        Model to write; must not be there yet.
    outputs : sequence of str, optional
        Names of the outputs in the file's order, ``-`` for one to leave out.
    source : str, optional
        Which published checkpoint it is; see `training.weights.published`. Told from the file's name where it can be.
    on_step : callable
        Called with a few words before each step.
    size : int, optional
        Side of the input in pixels, where it is not the layout's.
    link : {"sigmoid", "softmax"}, optional
        How logits become probabilities, where it is not as the layout has it.
    prefix : str, optional
        What the names of the wanted network begin with, where the file holds several.

    Raises
    ------
    WeightsError, WriteError
        In one sentence; nothing is written then.
    """
    file, out = Path(file), check_target(out)
    source, published = recognise(file, layout, source)
    wishes = Wishes(layout, outputs, source, size, link, prefix)
    on_step("reading the checkpoint")
    checkpoint = read_checkpoint(file)
    try:
        is_keras = layout == "chexnet-keras"
        placed = place_keras(checkpoint) if is_keras else place_torch(checkpoint, file.name, prefix)
        published = _as_wished(_with_channels(published, placed, checkpoint), wishes)
        told = tell_outputs(checkpoint, published, wishes, placed.outputs)
        _check_link(published.link, len(told.kept))
        on_step("building the network")
        wanted = _with_outputs(placed, told.kept)
        model = wanted.build(published.input.shape[0], np.random.default_rng(0))
        unused = fill(model, wanted)
    except WeightsError as error:
        raise WeightsError(f"{file.name} cannot be imported: {error}.") from error
    notes = account(placed, checkpoint, unused, told, published)
    card = ModelCard(
        name=out.stem[:80],
        summary=summarise(source, layout, placed.title, file),
        outputs=tuple(told.names[number] for number in told.kept),
        link=published.link,
        emits="logits",
        input=published.input,
        thresholds=told.thresholds,
        performance={"note": "Not measured here: predict a dataset with it and evaluate."},
        provenance=provenance(file, out, wishes, published, placed, notes, model.count_params()),
        feature_layer=placed.feature_layer,
    )
    on_step("writing the model")
    return Imported(out, write_model(model, card, out), notes)


def _with_channels(published: Published, placed: Placed, checkpoint: Checkpoint) -> Published:
    """Give what is known of a checkpoint with so many channels."""
    channels, wanted = placed.channels, published.input.channels
    if channels == wanted:
        return published
    tensors = {name.split(".")[-1] for name in (*checkpoint.tensors, *checkpoint.facts)}
    is_xrv = placed.outputs == len(XRV_OUTPUTS) or THRESHOLDS_TENSOR in tensors
    if channels == 1 and published.layout == "torchvision" and not is_xrv:
        return GREY
    other = "torchvision" if published.layout == "torchxrayvision" else "torchxrayvision"
    raise WeightsError(
        f"its first convolution takes {channels} channels, but {published.layout} networks take {wanted} "
        f"(is it a {other} checkpoint?)"
    )


def _as_wished(published: Published, wishes: Wishes) -> Published:
    if wishes.size is not None and not LEAST_SIDE <= wishes.size <= MAX_SIDE:
        raise WeightsError(f"its input must have a side of {LEAST_SIDE} to {MAX_SIDE} px, not {wishes.size}")
    if wishes.link is not None and wishes.link not in LINKS:
        raise WeightsError(f"its link must be one of {', '.join(LINKS)}, not {wishes.link}")
    sized = published if wishes.size is None else published.at(wishes.size)
    return sized if wishes.link is None else dataclasses.replace(sized, link=wishes.link)


def _check_link(link: str, outputs: int) -> None:
    if link == "softmax" and outputs < 2:
        raise WeightsError("it has one output, and a softmax needs two")


def _with_outputs(placed: Placed, kept: list[int]) -> Placed:
    """Give a checkpoint with some of its outputs only."""
    weights = dict(placed.weights)
    for name in (f"{HEAD}/kernel", f"{HEAD}/bias"):
        if name in weights and weights[name].shape[-1] == placed.outputs:
            weights[name] = weights[name][..., kept]
    head = (*placed.head[:-1], placed.head[-1]._replace(width=len(kept)))
    return dataclasses.replace(placed, weights=weights, head=head)
