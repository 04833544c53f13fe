"""From a published checkpoint to a Keras model with a card, in one call."""

from __future__ import annotations

import dataclasses
import math
import platform
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.networks.densenet import HEAD, LAST_NORM, LAST_RELU, build_densenet121
from training.weights.checkpoint import read_checkpoint
from training.weights.placing import COUNTER, Placed, fill, place_keras, place_torch
from training.weights.published import UNTRAINED, Published, recognise
from training.weights.registry import registry
from training.weights.tensors import Checkpoint, WeightsError
from training.weights.writing import check_target, write_model
from xai.cards.model_card import ModelCard, Threshold
from xai.models.loading import file_sha256

OPERATING_POINT = (
    "Operating point published with the weights: where sensitivity + specificity was highest on its authors' films. "
    "Their software stretches the scores so that this value shows as 0.5; that is no probability, and is left out here."
)
ASSUMED_OUTPUTS = (
    "The outputs are taken to be in {layout}'s usual order, because the file does not say: check it, or name them with "
    "--outputs."
)
NO_OPERATING_POINT = (
    "Which of torchxrayvision's models this is cannot be told from the file's name, so it has no thresholds and all "
    "its outputs are kept, trained or not: name it with --source."
)
THRESHOLDS_TENSOR = "op_threshs"


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
) -> Imported:
    """Write a checkpoint of DenseNet-121 as ``.keras`` with a card.

    Parameters
    ----------
    file : Path
        ``.safetensors``, ``.npz``, ``.h5`` or a torch file; nothing in it is run.
    layout : {"torchvision", "torchxrayvision", "chexnet-keras"}
        Whose names and preprocessing it has.
    out : Path
        Model to write; must not be there yet.
    outputs : sequence of str, optional
        Names of the outputs in the file's order, ``-`` for one to leave out.
    source : str, optional
        Which published checkpoint it is; see `training.weights.published`. Told from the file's name where it can be.
    on_step : callable
        Called with a few words before each step.

    Raises
    ------
    WeightsError, WriteError
        In one sentence; nothing is written then.
    """
    file, out = Path(file), check_target(out)
    source, published = recognise(file, layout, source)
    on_step("reading the checkpoint")
    checkpoint = read_checkpoint(file)
    try:
        placed = place_keras(checkpoint) if layout == "chexnet-keras" else place_torch(checkpoint)
        _check_channels(placed.channels, published)
        points = _operating_points(checkpoint, published, placed.outputs)
        names = _output_names(outputs, published, points, placed.outputs)
        kept = [number for number, name in enumerate(names) if name != UNTRAINED]
        on_step("building the network")
        model = build_densenet121(
            published.input.shape[0], placed.channels, len(kept), np.random.default_rng(0), placed.final_relu
        )
        unused = fill(model, _with_outputs(placed, kept))
    except WeightsError as error:
        raise WeightsError(f"{file.name} cannot be imported: {error}.") from error
    notes = _notes(placed, checkpoint, unused, names, published)
    if source is None:
        notes += _assumptions(published, outputs is not None, points is not None)
    card = ModelCard(
        name=out.stem[:80],
        summary=_summary(source, layout, file),
        outputs=tuple(names[number] for number in kept),
        link="sigmoid",
        emits="logits",
        input=published.input,
        thresholds=_thresholds(names, points),
        performance={"note": "Not measured here: predict a dataset with it and evaluate."},
        provenance=_provenance(file, layout, source, published, outputs, out, notes, model.count_params()),
        feature_layer=LAST_RELU if placed.final_relu else LAST_NORM,
    )
    on_step("writing the model")
    return Imported(out, write_model(model, card, out), notes)


def _check_channels(channels: int, published: Published) -> None:
    wanted = published.input.channels
    if channels != wanted:
        other = "torchvision" if published.layout == "torchxrayvision" else "torchxrayvision"
        raise WeightsError(
            f"its first convolution takes {channels} channels, but {published.layout} networks take {wanted} "
            f"(is it a {other} checkpoint?)"
        )


def _operating_points(checkpoint: Checkpoint, published: Published, count: int) -> tuple[float, ...] | None:
    """Give the authors' thresholds: those in the file, else those known of the published checkpoint."""
    named = [values for name, values in checkpoint.tensors.items() if name.split(".")[-1] == THRESHOLDS_TENSOR]
    found = named[0].tolist() if named else checkpoint.facts.get(THRESHOLDS_TENSOR)
    points = published.operating_points if found is None else found
    if points is None:
        return None
    if len(points) != count or not all(isinstance(p, float) and (math.isnan(p) or 0 < p < 1) for p in points):
        raise WeightsError(f"its operating points must be {count} numbers between 0 and 1")
    return tuple(points)


def _output_names(
    asked: Sequence[str] | None, published: Published, points: tuple[float, ...] | None, count: int
) -> tuple[str, ...]:
    """Name every output of the checkpoint, `UNTRAINED` for those to leave out."""
    if asked is not None:
        names = tuple(UNTRAINED if name in ("", "-") else name for name in asked)
        if len(names) != count:
            raise WeightsError(f"it has {count} outputs, but {len(names)} were named")
    elif len(published.outputs) != count:
        raise WeightsError(
            f"it has {count} outputs, not the {len(published.outputs)} of {published.layout}: "
            "name them in order with --outputs"
        )
    else:
        trained = [True] * count if points is None else [not math.isnan(point) for point in points]
        names = tuple(name if known else UNTRAINED for name, known in zip(published.outputs, trained, strict=True))
    if not any(names):
        raise WeightsError("none of its outputs would be left")
    return names


def _with_outputs(placed: Placed, kept: list[int]) -> Placed:
    weights = dict(placed.weights)
    for name in ("kernel", "bias"):
        if f"{HEAD}/{name}" in weights and weights[f"{HEAD}/{name}"].shape[-1] == placed.outputs:
            weights[f"{HEAD}/{name}"] = weights[f"{HEAD}/{name}"][..., kept]
    return dataclasses.replace(placed, weights=weights)


def _thresholds(names: tuple[str, ...], points: tuple[float, ...] | None) -> dict[str, Threshold]:
    if points is None:
        return {}
    pairs = zip(names, points, strict=True)
    return {name: Threshold(point, OPERATING_POINT) for name, point in pairs if name and not math.isnan(point)}


def _notes(
    placed: Placed,
    checkpoint: Checkpoint,
    unused: tuple[str, ...],
    names: tuple[str, ...],
    published: Published,
) -> tuple[str, ...]:
    """Say what became of every tensor and output."""
    counters = sum(name.endswith(COUNTER) for name in unused)
    others = [name for name in unused if not name.endswith(COUNTER)]
    left_out = [published.outputs[k] if len(names) == len(published.outputs) else str(k + 1) for k in range(len(names))]
    left_out = [name for name, kept in zip(left_out, names, strict=True) if kept == UNTRAINED]
    notes = [f"{len(placed.names) - len(unused) + len(placed.unused)} tensors are in the model."]
    if counters:
        notes.append(f"{counters} counters of training batches ({COUNTER}) are left out: nothing here reads them.")
    if THRESHOLDS_TENSOR in {name.split(".")[-1] for name in others}:
        notes.append(f"{THRESHOLDS_TENSOR} became the card's thresholds.")
    others = [name for name in others if name.split(".")[-1] != THRESHOLDS_TENSOR]
    if others:
        notes.append(f"{len(others)} tensors have no place in the network and are left out: {', '.join(others[:20])}.")
    if checkpoint.aside:
        notes.append(f"Beside the weights the file holds {', '.join(checkpoint.aside[:20])}; none of it is used.")
    if left_out:
        notes.append(f"Outputs left out because nothing was trained on them: {', '.join(left_out)}.")
    if not placed.final_relu:
        notes.append("No ReLU after the last batch normalisation: the Keras that trained it had none.")
    if published.caution:
        notes.append(published.caution)
    return tuple(notes)


def _assumptions(published: Published, named: bool, has_points: bool) -> tuple[str, ...]:
    """Say what was taken for granted of a checkpoint that nobody named."""
    notes = () if named else (ASSUMED_OUTPUTS.format(layout=published.layout),)
    return (*notes, NO_OPERATING_POINT) if published.layout == "torchxrayvision" and not has_points else notes


def _summary(source: str | None, layout: str, file: Path) -> str:
    if source is None:
        return (
            f"A DenseNet-121 from {file.name} ({layout}), as its authors trained it. Its outputs are named by the "
            "layout, and nothing about it was measured here. Not for diagnosis."
        )
    entry = registry()[source]
    return f"{entry.title}. Brought in from its authors' checkpoint; nothing measured here. Not for diagnosis."


def _provenance(
    file: Path,
    layout: str,
    source: str | None,
    published: Published,
    outputs: Sequence[str] | None,
    out: Path,
    notes: tuple[str, ...],
    parameters: int,
) -> dict[str, Any]:
    from xai.backend import keras, tf

    entry = registry().get(source or "")
    not_told = "Not known: the file does not say whose it is; --source names it."
    command = ["python", "-m", "training", "import-weights", file.name, "--layout", layout]
    command += ["--source", source] if source else []
    command += ["--outputs", *outputs] if outputs else []
    return {
        "source": entry.title if entry else not_told,
        "address": entry.page if entry else not_told,
        "licence": entry.licence if entry else not_told,
        "citation": entry.citation if entry else not_told,
        "caution": entry.note if entry else "",
        "preprocessing": published.preprocessing,
        "checkpoint": {"file": file.name, "sha256": file_sha256(file), "layout": layout},
        "notes": list(notes),
        "architecture": "densenet121",
        "parameters": parameters,
        "command": shlex.join([*command, "--out", out.name]),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
