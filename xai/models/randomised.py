"""A model made random layer by layer, from its head down, on copies: for the check whether maps depend on its weights.

Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018 (cascading randomisation). The weights of a layer are
shuffled, so that they stay as large as they were. Batch normalisation knows the mean and spread of what it is given;
behind random weights these would be wrong, and activations vanish or explode. So they are measured anew on some films.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from xai.backend import keras, tf
from xai.cards.model_card import ModelCard, card_path, read_card
from xai.models.classifier import Classifier
from xai.models.closed import closed_in
from xai.models.engine import DEFAULT_ENGINE
from xai.models.errors import ModelError
from xai.models.loading import file_sha256, load_model
from xai.models.units import model_units


def cascade(
    path: Path, canvases: np.ndarray, stages: int = 5, seed: int = 0, engine: str = DEFAULT_ENGINE
) -> Iterator[tuple[int, Classifier]]:
    """Give copies of a model with more and more layers at random, from the head alone to all.

    Parameters
    ----------
    path : Path
        A Keras model file with its card; it is read anew for each stage, and never changed.
    canvases : ndarray of float32, shape (N, height, width)
        Films in the model's geometry, on which batch normalisation measures anew; 32 are enough.
    stages : int, default 5
        As even in layers as can be.
    seed : int, default 0
        A layer is shuffled in the same way at every stage.
    engine : str
        As `Classifier.load` takes it.

    Yields
    ------
    layers : int
        How many of the layers that hold weights are at random.
    classifier : Classifier

    Raises
    ------
    ModelError
        If the model is no Keras model.
    """
    card, sha256 = read_card(card_path(path)), file_sha256(path)
    total = len(_weighted(_leaves(_opened(path))))
    for count in np.unique(np.linspace(1, total, stages).round().astype(int)):
        model = _opened(path)
        _shuffle(model, int(count), seed)
        _measure_anew(model, int(count), canvases, card)
        yield int(count), Classifier(model, card, f"{sha256} with {count} layers at random, seed {seed}", engine)


def _opened(path: Path) -> keras.Model:
    model = load_model(path)
    if closed_in(model) is not None:
        raise ModelError(f"{Path(path).name} is no Keras model: its weights cannot be made random.")
    return model


def _leaves(layer: keras.Layer) -> list[keras.Layer]:
    """Give the layers that are made of no others, from the input on, each once."""
    inner = getattr(layer, "layers", None)
    if not inner:
        return [layer]
    return list({id(leaf): leaf for one in inner for leaf in _leaves(one)}.values())


def _weighted(leaves: Sequence[keras.Layer]) -> list[int]:
    """Give the places of layers with weights of their own, but for batch normalisation, the head first."""
    return [place for place in reversed(range(len(leaves))) if leaves[place].weights and not _is_norm(leaves[place])]


def _is_norm(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _shuffle(model: keras.Model, count: int, seed: int) -> None:
    """Shuffle the weights of the last layers with weights, and of the batch normalisation behind the first of them."""
    leaves = _leaves(model)
    for place in range(_weighted(leaves)[count - 1], len(leaves)):
        rng = np.random.default_rng([seed, place])
        for variable in leaves[place].trainable_variables:
            values = np.asarray(variable)
            variable.assign(rng.permutation(values.ravel()).reshape(values.shape))


def _measure_anew(model: keras.Model, count: int, canvases: np.ndarray, card: ModelCard) -> None:
    """Have batch normalisation behind random weights take mean and spread of what some films give it now."""
    leaves = _leaves(model)
    first = _weighted(leaves)[count - 1]
    for place, layer in enumerate(leaves):
        if _is_norm(layer):
            layer.trainable, layer.momentum = (
                place > first,
                0.0,
            )  # one that is not trainable answers as it has learned to
        if hasattr(layer, "rate"):
            layer.rate = 0.0  # dropout is for training alone
    if any(_is_norm(layer) for layer in leaves[first:]):
        model(model_units(tf.constant(np.asarray(canvases, np.float32)), card.input), training=True)
