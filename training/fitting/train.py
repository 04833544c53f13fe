"""Train one network on canvases and targets, epoch by epoch, and run it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from training.evaluate import mean_auroc
from training.fitting.canvases import Canvases
from training.fitting.forward import Forward, forward, predict
from training.fitting.input import ahead, batches, standardise
from training.fitting.journal import FitError, Journal, State, Weights
from training.fitting.log import Row, validation_losses
from training.fitting.losses import Loss, mean_loss
from training.fitting.problem import Problem
from training.fitting.recipe import Recipe
from training.fitting.schedule import best_epoch, is_over, learning_rate, plateaus
from training.fitting.start import Start, freeze, start_from
from training.fitting.step import Step, learner, make_optimizer, scope
from training.fitting.targets import blend
from training.networks.architectures import HEAD, build
from xai.cards.model_card import InputSpec

if TYPE_CHECKING:
    from keras import Model
    from tensorflow.distribute import Strategy


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a network learns from.

    Attributes
    ----------
    canvases : Canvases or float32 array (films, size, size)
        In [0, 1].
    targets : float32 array (films, outputs)
        1, 0, a probability between them, or NaN.
    rows : int array
        Films that each epoch goes through.
    replayed : int array
        Films of which each epoch draws a share, without putting back.
    share : float
        How many are drawn, as a share of ``len(rows)``.
    validation : int array
        Films that are not learned from; they are predicted after each epoch.
    """

    canvases: Canvases | np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    replayed: np.ndarray
    share: float = 0.0
    validation: np.ndarray | None = None

    @property
    def films_an_epoch(self) -> int:
        """Films that one epoch goes through."""
        return len(self.rows) + min(len(self.replayed), round(self.share * len(self.rows)))

    def steps_an_epoch(self, batch_size: int) -> int:
        """Batches of one epoch."""
        return max(1, self.films_an_epoch // batch_size)

    def epoch(
        self, recipe: Recipe, seed: np.random.SeedSequence, worker: int = 0, workers: int = 1
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Go through one epoch's films in random order, each changed at random."""
        drawn, rest = seed.spawn(2)
        extra = self.films_an_epoch - len(self.rows)
        rows = np.concatenate([self.rows, np.random.default_rng(drawn).choice(self.replayed, extra, replace=False)])
        size, changes = recipe.batch_size, recipe.augmentation
        return ahead(batches(self.canvases, self.targets, rows, size, changes, rest, worker, workers))


@dataclass(frozen=True, eq=False)
class Plan:
    """What all networks of a training share.

    Attributes
    ----------
    recipe : Recipe
    spec : InputSpec
        The input.
    problem : Problem
        The outputs of the model.
    outputs : tuple of str
        Names of the targets' columns: those of the problem first.
    loss, validation_loss : callable
        Over all columns, and over those of the problem.
    start : Start or None
        Where the weights come from; drawn at random without it.
    strategy : tf.distribute.Strategy or None
        How several workers share the work.
    worker, workers : int
        Which of them this one is.
    on_epoch : callables
        Are told each row of the log.
    """

    recipe: Recipe
    spec: InputSpec
    problem: Problem
    outputs: tuple[str, ...]
    loss: Loss
    validation_loss: Loss
    start: Start | None = None
    strategy: Strategy | None = None
    worker: int = 0
    workers: int = 1
    on_epoch: tuple[Callable[[Row], None], ...] = ()

    def network(self, number: int = 0, training: bool = False) -> Model:
        """Build a network of this plan; for training as the recipe computes, else in float32."""
        recipe, rng = self.recipe, np.random.default_rng(self.seed(number, 0))
        dtype = "float32" if not training or recipe.mixed_precision == "none" else f"mixed_{recipe.mixed_precision}"
        together = training and self.workers > 1
        return build(
            recipe.architecture, recipe.size, len(self.outputs), recipe.dropout, rng, recipe.channels, dtype, together
        )

    def seed(self, number: int, epoch: int) -> np.random.SeedSequence:
        """Seed of a network's epoch, from 1; epoch 0 is its initial weights."""
        return np.random.SeedSequence(self.recipe.seed, spawn_key=(number, epoch))


def train(
    data: TrainingData,
    plan: Plan,
    number: int,
    name: str,
    journal: Journal,
    progress: tqdm,
    teachers: tuple[Forward, ...] = (),
) -> tuple[Weights, tuple[Row, ...]]:
    """Train one network, or go on with it where the journal has it.

    With teachers, the target of a changed film is a blend of its own and the teachers' mean probability for the
    film as it was changed (Beyer et al., Knowledge distillation: a good teacher is patient and consistent, CVPR
    2022): what several networks agree on is smoother than noisy labels.

    Parameters
    ----------
    data : TrainingData
        Films and targets.
    plan : Plan
    number, name : int, str
        The network's number, which decides its seed, and its name in the log.
    journal : Journal
        Is told after every epoch.
    progress : tqdm
        Is moved on by one a step.
    teachers : tuple of callables
        Trained networks.

    Returns
    -------
    weights : list of arrays
        Of the last epoch; with a patience, of the one with the lowest validation loss.
    rows : tuple of Row
        The log.

    Raises
    ------
    FitError
        If the loss stops being a number, or the journal cannot be written.
    """
    recipe, steps = plan.recipe, data.steps_an_epoch(plan.recipe.batch_size)
    known = journal.finished(number)
    if known is not None:
        _skip(progress, recipe.epochs * steps)
        return known
    with scope(plan.strategy):
        network = plan.network(number, training=True)
        if recipe.freeze:
            freeze(network, recipe.freeze)
        optimizer = make_optimizer(network, recipe.weight_decay, recipe.mixed_precision)
    begun = journal.state(number)
    if begun.rows:
        _assign(network.variables, begun.variables)
        _assign(optimizer.variables, begun.optimizer)
    elif plan.start is None:
        _start_at_prevalence(network, data.targets[data.rows])
    else:
        start_from(network, plan.outputs, plan.start)
    _skip(progress, len(begun.rows) * steps)
    step = learner(network, optimizer, plan.loss, plan.strategy)
    answer = None if data.validation is None or not len(data.validation) else forward(network)
    rows, best = list(begun.rows), begun.best
    while len(rows) < recipe.epochs and not is_over(validation_losses(rows), recipe.patience):
        row = _epoch(data, plan, step, answer, rows, number, name, progress, teachers)
        rows.append(row)
        if recipe.patience and best_epoch(validation_losses(rows)) == len(rows) - 1:
            best = network.get_weights()
        journal.save(number, State(tuple(rows), _values(network.variables), _values(optimizer.variables), best))
        for told in plan.on_epoch:
            told(row)
    _skip(progress, (recipe.epochs - len(rows)) * steps)  # those that patience has spared
    weights = best or network.get_weights()
    journal.finish(number, weights, tuple(rows))
    return weights, tuple(rows)


def _epoch(
    data: TrainingData,
    plan: Plan,
    step: Step,
    answer: Forward | None,
    before: list[Row],
    number: int,
    name: str,
    progress: tqdm,
    teachers: tuple[Forward, ...],
) -> Row:
    recipe, epoch = plan.recipe, len(before) + 1
    steps, lowered = data.steps_an_epoch(recipe.batch_size), 0
    if recipe.schedule == "plateau":
        lowered = plateaus(validation_losses(before))
    losses: list = []
    began, rate = time.perf_counter(), 0.0
    seed = plan.seed(number, epoch)
    for k, (changed, target) in enumerate(data.epoch(recipe, seed, plan.worker, plan.workers)):
        films = standardise(changed, plan.spec)
        if teachers:
            soft = np.mean([_soft_targets(teacher(films), plan.problem) for teacher in teachers], axis=0)
            target = blend(target, soft, recipe.distil_weight)
        done = (epoch - 1) * steps + k
        rate = learning_rate(recipe.schedule, recipe.learning_rate, done, steps, recipe.epochs, lowered)
        losses.append(step(films, target, rate))
        if k:  # wait for the step before, not for this one: the next batch is laid out meanwhile
            losses[-2] = float(losses[-2])
        progress.update()
    step.settle()
    loss = float(np.mean([float(one) for one in losses]))
    if not math.isfinite(loss):
        raise FitError(f"The loss of {name} is no number any more in epoch {epoch}: try a lower --learning-rate.")
    seconds = time.perf_counter() - began
    seen = steps * min(recipe.batch_size, data.films_an_epoch)
    validated = _validate(data, plan, answer)
    return Row(name, epoch, round(loss, 6), rate, *validated, round(seconds, 3), round(seen / seconds, 2))


def _validate(data: TrainingData, plan: Plan, answer: Forward | None) -> tuple[float | None, float | None]:
    """Give loss and mean AUROC of the validation films."""
    if answer is None or data.validation is None:
        return None, None
    outputs = len(plan.problem.outputs)
    truth = plan.problem.truth[data.validation]  # what is so, also where something softer is learned
    logits = predict(answer, data.canvases.view(data.validation), plan.spec)[:, :outputs]
    auroc = mean_auroc(truth, plan.problem.probabilities(logits))
    return round(mean_loss(plan.validation_loss, truth, logits), 6), None if math.isnan(auroc) else round(auroc, 4)


def _soft_targets(logits: np.ndarray, problem: Problem) -> np.ndarray:
    """Turn logits of all columns into probabilities; what follows the problem's outputs is sigmoid."""
    outputs = len(problem.outputs)
    return np.hstack([problem.probabilities(logits[:, :outputs]), 1 / (1 + np.exp(-logits[:, outputs:]))])


def _start_at_prevalence(network: Model, targets: np.ndarray) -> None:
    """Set the head's bias so that the untrained network gives each output its mean target."""
    known = np.maximum(np.sum(~np.isnan(targets), axis=0), 1)
    share = np.clip(np.nansum(targets, axis=0) / known, 0.01, 0.99)
    network.get_layer(HEAD).bias.assign(np.log(share / (1 - share)))


def _skip(progress: tqdm, steps: int) -> None:
    """Count steps as done that took no time now, so that the time left is right."""
    progress.initial = getattr(progress, "initial", 0) + steps  # a silent bar has none
    progress.update(steps)


def _values(variables: list) -> Weights:
    return [np.asarray(variable) for variable in variables]


def _assign(variables: list, values: Weights) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
