"""Train one network on canvases and targets, and run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit
from tqdm import tqdm

from training.architectures import ArchitectureError, build
from training.input import ahead, batches, standardise
from training.recipe import Recipe
from training.targets import blend
from xai.model_card import InputSpec, ModelCard

if TYPE_CHECKING:
    from keras import Model

Forward = Callable[[np.ndarray], np.ndarray]  # float32 (films, size, size, 1) to logits (films, outputs)
HEAD = "logits"
PREDICTION_BATCH = 64
RISING_EPOCHS = 3


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network learns from.

    Attributes
    ----------
    canvases : float32 array (films, size, size)
        In [0, 1].
    targets : float32 array (films, outputs)
        1, 0, a probability between them, or NaN.
    rows : int array
        Films that each epoch goes through.
    replayed : int array
        Films of which each epoch draws a share, without putting back.
    share : float
        How many are drawn, as a share of ``len(rows)``.
    """

    canvases: np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    replayed: np.ndarray
    share: float = 0.0

    @property
    def films_an_epoch(self) -> int:
        """Films that one epoch goes through."""
        return len(self.rows) + min(len(self.replayed), round(self.share * len(self.rows)))

    def steps_an_epoch(self, batch_size: int) -> int:
        """Batches of one epoch."""
        return max(1, self.films_an_epoch // batch_size)

    def epoch(self, recipe: Recipe, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Go through one epoch's films in random order, each changed at random."""
        drawn = rng.choice(self.replayed, self.films_an_epoch - len(self.rows), replace=False)
        rows = np.concatenate([self.rows, drawn])
        return ahead(batches(self.canvases, self.targets, rows, recipe.batch_size, recipe.augmentation, rng))


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


def train(
    lesson: Lesson,
    outputs: tuple[str, ...],
    spec: InputSpec,
    recipe: Recipe,
    rng: np.random.Generator,
    progress: tqdm,
    *,
    start: Start | None = None,
    teachers: tuple[Forward, ...] = (),
    positive_weights: np.ndarray | None = None,
) -> Model:
    """Train one network.

    With teachers, the target of a changed film is a blend of its own and the teachers' mean probability for the
    film as it was changed (Beyer et al., Knowledge distillation: a good teacher is patient and consistent, CVPR
    2022): what several networks agree on is smoother than noisy labels.

    Parameters
    ----------
    lesson : Lesson
        Films and targets.
    outputs : tuple of str
        Names of the targets' columns.
    spec, recipe, rng
        The input; how to train; what is drawn.
    progress : tqdm
        Is moved on by one a step.
    start : Start, optional
        Where the weights come from; drawn at random without it.
    teachers : tuple of callables
        Trained networks.
    positive_weights : array (outputs,), optional
        Weight of a positive target in the loss.
    """
    from training.losses import weighted_cross_entropy
    from xai.backend import keras

    network = build(recipe.architecture, recipe.size, len(outputs), recipe.dropout, rng)
    if start is None:
        _start_at_prevalence(network, lesson.targets[lesson.rows])
    else:
        _start_from(network, outputs, start)
    steps = lesson.steps_an_epoch(recipe.batch_size)
    rising = min(RISING_EPOCHS, recipe.epochs) * steps
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, recipe.epochs * steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(optimizer, weighted_cross_entropy(positive_weights))
    for _ in range(recipe.epochs):
        for changed, target in lesson.epoch(recipe, rng):
            films = standardise(changed, spec)
            if teachers:
                taught = np.mean([expit(teacher(films)) for teacher in teachers], axis=0)
                target = blend(target, taught, recipe.distil_weight)
            network.train_on_batch(films, target)
            progress.update()
    return network


def forward(network: Model) -> Forward:
    """Compile a network's way from inputs to logits, once for any number of films.

    Keras's own ``predict_on_batch`` compiles anew for each number of films, and TensorFlow complains of it.
    """
    from xai.backend import tf

    signature = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)]
    run_graph = tf.function(lambda films: network(films, training=False), input_signature=signature)
    return lambda films: run_graph(films).numpy()


def predict(network: Forward, canvases: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Give the logits of canvases, float32 (films, outputs)."""
    if not len(canvases):
        return predict(network, np.zeros((1, spec.size, spec.size), np.float32), spec)[:0]
    starts = range(0, len(canvases), PREDICTION_BATCH)
    parts = [standardise(canvases[start : start + PREDICTION_BATCH], spec) for start in starts]
    return np.concatenate([network(part) for part in parts])


def _start_at_prevalence(network: Model, targets: np.ndarray) -> None:
    """Set the head's bias so that the untrained network gives each output its mean target."""
    known = np.maximum(np.sum(~np.isnan(targets), axis=0), 1)
    share = np.clip(np.nansum(targets, axis=0) / known, 0.01, 0.99)
    network.get_layer(HEAD).bias.assign(np.log(share / (1 - share)))


def _start_from(network: Model, outputs: tuple[str, ...], start: Start) -> None:
    """Copy a trained model's weights; outputs that it does not have keep their random ones."""
    from xai.loading import load_model

    trained = load_model(start.path)
    ours, theirs = ([layer for layer in model.layers if layer.weights] for model in (network, trained))
    ours_body, theirs_body = _shapes(ours), _shapes(theirs)
    if ours_body != theirs_body or HEAD not in [layer.name for layer in theirs]:
        raise ArchitectureError(
            f"{start.path.name} cannot be started from: it is not a {network.name} of {network.input_shape[1]} px."
        )
    for mine, other in zip(ours, theirs, strict=True):
        if mine.name != HEAD:
            mine.set_weights(other.get_weights())
    kernel, bias = network.get_layer(HEAD).get_weights()
    trained_kernel, trained_bias = trained.get_layer(HEAD).get_weights()
    for k, name in enumerate(outputs):
        if name in start.card.outputs:
            kernel[:, k] = trained_kernel[:, start.card.index(name)]
            bias[k] = trained_bias[start.card.index(name)]
    network.get_layer(HEAD).set_weights([kernel, bias])


def _shapes(layers: list) -> list[list[tuple[int, ...]]]:
    return [[tuple(weight.shape) for weight in layer.weights] for layer in layers if layer.name != HEAD]
