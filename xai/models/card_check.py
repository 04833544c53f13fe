"""Hold a model against its card, or write down for a new card what the model itself tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xai.backend import keras
from xai.cards.input_spec import InputSpec, Size, sides
from xai.cards.model_card import ModelCard, ModelCardError, is_output_name
from xai.findings import FINDINGS
from xai.models.feature_maps import find_feature_maps
from xai.models.graph import FlatGraph, flatten, scaled_input
from xai.models.hints import resample_hint, scaling_hint
from xai.models.loading import ModelError, file_sha256, load_model
from xai.models.output_names import stored_names

USUAL_SIZE = 224  # of models that take any


def checked_graph(model: keras.Model, card: ModelCard) -> FlatGraph:
    """Flatten a model and hold it against its card.

    Raises
    ------
    ModelCardError
        If they disagree about the input, the number of outputs or the head.
    """
    spec = card.input
    _check_input(model, card)
    graph = _flat(model, spec.size, spec.channels, card.name)
    count = graph.outputs.shape[-1]
    if count != len(card.outputs):
        raise ModelCardError(f"the card of {card.name} names {len(card.outputs)} outputs, the model gives {count}.")
    names = graph.names or ()
    if names != card.outputs and sorted(names) == sorted(card.outputs):
        raise ModelCardError(
            f"the card of {card.name} names its outputs {', '.join(card.outputs)}, in another order than the "
            f"model, which gives {', '.join(names)}."
        )
    if graph.link and card.emits == "logits":
        raise ModelCardError(
            f"the card of {card.name} says that it emits logits, but it ends in a {graph.link}: "
            'set head.emits to "probabilities".'
        )
    if graph.link and graph.link != card.link:
        raise ModelCardError(f"the card of {card.name} says {card.link}, but the model ends in a {graph.link}.")
    if graph.logits is not None and not graph.link and card.emits == "probabilities":
        raise ModelCardError(
            f"the card of {card.name} says that it emits probabilities, but it ends in a linear layer: "
            'set head.emits to "logits".'
        )
    return graph


def starter_card(path: Path, outputs: tuple[str, ...] | None = None) -> ModelCard:
    """Write down what can be read from a model file, for a person to check and complete.

    Parameters
    ----------
    path : Path
        Model file.
    outputs : tuple of str, optional
        Names of the outputs; without it those that the model has, or a tool stored with it. Else 14 outputs are taken
        for the 14 findings in CheXNet's order, and any other number is numbered.

    Raises
    ------
    ModelError
        If the model cannot be loaded or is no classifier of grey or RGB pictures.
    """
    path = Path(path)
    model = load_model(path)
    size, channels = _size_and_channels(model, path.name)
    graph = _flat(model, size, channels, path.name)
    count = graph.outputs.shape[-1]
    multiply = 255.0 if _takes_shades_to_255(graph) else 1.0
    link, emits = _head(graph, multiply)
    resample, why = resample_hint(path, multiply > 1)
    found, source = _own_names(graph, path, count)
    to_check = _to_check(model, graph, resample, why, "" if outputs else source)
    return ModelCard(
        name=(path.name if path.is_dir() else path.stem)[:80],
        outputs=outputs or found,
        link=link,
        emits=emits,
        input=InputSpec(size=size, channels=channels, multiply=multiply, resample=resample),
        summary=f"Starter card. Check against the training of the model: {'; '.join(to_check)}.",
        sha256=file_sha256(path),
    )


def _own_names(graph: FlatGraph, path: Path, count: int) -> tuple[tuple[str, ...], str]:
    """Names that the outputs have already, and where they come from; made up, from nowhere, where they have none."""
    if graph.names and all(map(is_output_name, graph.names)):
        return graph.names, "the model"
    stored = stored_names(path, count)
    if stored:
        return stored
    return (FINDINGS if count == len(FINDINGS) else tuple(f"output_{k + 1}" for k in range(count))), ""


def _to_check(model: keras.Model, graph: FlatGraph, resample: str, why: str, source: str) -> tuple[str, ...]:
    """What a person must check in a starter card."""
    shape, hint = _input_shape(model), scaling_hint(model)
    joined = find_feature_maps(graph).joined
    return (
        f"outputs (names{f' from {source}' if source else ''}, in the order of training)",
        *(() if shape and all(shape[1:3]) else ("input.size (guessed, the model takes any)",)),
        f"input.multiply, mean and std (x = (film * multiply - mean) / std, film in [0, 1]{hint and f'; {hint}'})",
        "input.fit",
        f"input.resample ({resample} is guessed: {why})",
        "input.bits and contrast (none, unless films were made so)",
        *(() if graph.link else ("head.link and emits (guessed, the model does not show them)",)),
        "thresholds (0.5 until you name them)",
        *((f"feature_layer (Grad-CAM adds up {', '.join(joined)} unless it names one)",) if len(joined) > 1 else ()),
    )


def _size_and_channels(model: keras.Model, name: str) -> tuple[Size, int]:
    """Size and channels of the pictures that a model takes."""
    if len(getattr(model, "inputs", None) or ()) > 1:
        raise ModelError(f"{name} takes {len(model.inputs)} inputs; Lightbox feeds one picture.")
    shape = _input_shape(model)
    if shape is None or len(shape) != 4:
        raise ModelError(
            f"{name} takes {shape or 'an input of unknown shape'}; Lightbox feeds one picture (height, width, "
            "channels). If that is what it takes, write its card by hand."
        )
    _, height, width, channels = shape
    if height in (1, 3) and width == channels:
        raise ModelError(
            f"{name} takes pictures of {height} x {width} x {channels}, channels first; Lightbox feeds channels last."
        )
    if channels not in (1, 3):
        raise ModelError(f"{name} takes {channels} channels; Lightbox feeds 1 or 3.")
    rows, columns = height or width or USUAL_SIZE, width or height or USUAL_SIZE
    return (rows if rows == columns else (rows, columns)), channels


def _check_input(model: keras.Model, card: ModelCard) -> None:
    """Refuse a size or a number of channels other than the model's own, even where it would run with them."""
    spec = card.input
    shape = _input_shape(model)
    if shape is None or len(shape) != 4:
        return  # the model does not say; trying it will
    expected = (*spec.shape, spec.channels)
    if any(own not in (None, ours) for own, ours in zip(shape[1:], expected, strict=True)):
        raise ModelCardError(
            f"the card of {card.name} says an input of {' x '.join(map(str, expected))}, "
            f"but the model takes {' x '.join(str(own or 'any') for own in shape[1:])}."
        )


def _input_shape(model: keras.Model) -> tuple[int | None, ...] | None:
    """Shape of a model's only input, or None where the model does not say."""
    try:
        shape = model.input_shape
    except (AttributeError, ValueError):  # never called, or subclassed
        shapes = getattr(model, "_build_shapes_dict", None)
        shape = next(iter(shapes.values()), None) if shapes else None
    return tuple(shape) if isinstance(shape, (tuple, list)) and _is_shape(shape) else None


def _is_shape(shape: Sequence[object]) -> bool:
    return all(extent is None or isinstance(extent, int) for extent in shape)


def _flat(model: keras.Model, size: Size, channels: int, name: str) -> FlatGraph:
    try:
        return flatten(model, size, channels)
    except Exception as error:  # Keras names a shape that does not fit in many different exceptions
        reason = " ".join(re.sub(r"\x1b\[[\d;]*m", "", str(error)).split())[:300]
        extent = " x ".join(map(str, (*sides(size), channels)))
        sentence = f"{name} cannot be used with an input of {extent}: {reason}"
        raise ModelCardError(sentence if sentence.endswith(".") else f"{sentence}.") from error


def _takes_shades_to_255(graph: FlatGraph) -> bool:
    """Whether a model scales shades of 0 to 255 itself: told from what it makes of black and of white in [0, 1].

    Scaled down, the two hardly differ; with the mean of such shades taken off, both are far from 0.
    """
    films = np.stack([np.zeros(graph.inputs.shape[1:], np.float32), np.ones(graph.inputs.shape[1:], np.float32)])
    black, white = keras.ops.convert_to_numpy(keras.Model(graph.inputs, scaled_input(graph))(films, training=False))
    span = np.abs(white - black).max()
    return bool(span < 0.1 or min(np.abs(black).max(), np.abs(white).max()) > 10 * span)


def _head(graph: FlatGraph, multiply: float) -> tuple[str, str]:
    """Tell link and emits from the graph, or where it hides them from the scores of three plain pictures."""
    count = graph.outputs.shape[-1]
    if graph.link:
        return graph.link, "probabilities"
    if graph.logits is None:
        ramp = np.linspace(0, multiply, graph.inputs.shape[1], dtype=np.float32)
        ramp = np.broadcast_to(ramp[:, None, None], graph.inputs.shape[1:])
        scores = keras.Model(graph.inputs, graph.outputs)(np.stack([ramp, ramp[::-1], 0 * ramp]), training=False)
        scores = keras.ops.convert_to_numpy(scores)
        if ((scores >= 0) & (scores <= 1)).all():
            exclusive = count > 1 and np.allclose(scores.sum(axis=1), 1, atol=1e-3)
            return ("softmax" if exclusive else "sigmoid"), "probabilities"
    return ("softmax" if 1 < count < 5 else "sigmoid"), "logits"
