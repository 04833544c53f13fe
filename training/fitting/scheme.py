"""Which networks are trained on which films, and what calibration rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from training.datasets.splits import split_by_patient
from training.datasets.table import DatasetError
from training.fitting.canvases import shades
from training.fitting.films import Films
from training.fitting.forward import Forward, forward, predict
from training.fitting.heads import calibrate, calibrated_model
from training.fitting.journal import Journal
from training.fitting.log import Row
from training.fitting.losses import Balance, balance, masked_loss
from training.fitting.problem import Problem, choose_problem
from training.fitting.recipe import Recipe
from training.fitting.start import Start
from training.fitting.targets import PATIENT_FACTS, blend, patient_targets
from training.fitting.train import Plan, TrainingData, train
from training.mending.calibrate import Calibration
from training.weights.half import round_weights
from xai.cards.model_card import InputSpec
from xai.findings import FINDINGS

if TYPE_CHECKING:
    from keras import Model
    from tensorflow.distribute import Strategy


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained model and what was predicted on the way to it.

    Attributes
    ----------
    model : keras.Model
        Emits logits, calibrated where films were held out.
    problem : Problem
        Its outputs.
    spec : InputSpec
        Its input.
    learned : int array
        Films that it learned from.
    held_out : int array
        Films that calibration and thresholds rest on; none where nothing was held out.
    held_out_logits : array (films, outputs)
        Calibrated logits of these, each by a network that has not seen its patient, where known.
    test, also_test : array (films, outputs)
        Logits of the test films by the model; `also_test` of the datasets that were mixed in.
    balance : Balance
        How the loss weighed the outputs.
    calibration : Calibration
        What was built into the head.
    mean_film : float array (size, size)
        Mean of the films learned from.
    rows : tuple of Row
        The log.
    """

    model: Model
    problem: Problem
    spec: InputSpec
    learned: np.ndarray
    held_out: np.ndarray
    held_out_logits: np.ndarray
    test: np.ndarray
    also_test: np.ndarray
    balance: Balance
    calibration: Calibration
    mean_film: np.ndarray
    rows: tuple[Row, ...]


@dataclass(frozen=True, eq=False)
class Helpers:
    """What a training is helped by without its result depending on it.

    Attributes
    ----------
    journal : Journal
    strategy : tf.distribute.Strategy or None
    worker, workers : int
        Which of several this one is.
    on_epoch : tuple of callables
        Are told each row of the log.
    """

    journal: Journal
    strategy: Strategy | None = None
    worker: int = 0
    workers: int = 1
    on_epoch: tuple[Callable[[Row], None], ...] = ()


def fit(
    films: Films, also: Films, soft: np.ndarray | None, recipe: Recipe, start: Start | None, helpers: Helpers
) -> Fitted:
    """Train and calibrate a model.

    Parameters
    ----------
    films : Films
        What the model is for: the folds, the thresholds and the test are theirs.
    also : Films
        Films to mix in; may be none.
    soft : float array (films, 14) or None
        Probabilities by another model for ``films``, NaN where it has none; used for training only.
    recipe : Recipe
    start : Start or None
        A trained model to start from.
    helpers : Helpers

    Raises
    ------
    DatasetError
        If a split is empty, or there is one class only.
    """
    learned, validation = _learned_and_validation(films, recipe)
    problem = choose_problem(films.table, also.table, learned, recipe.head)
    targets = np.concatenate(
        [_targets(problem, films, soft, recipe), np.hstack([problem.also, patient_targets(also.table)])]
    )
    canvases, replayed = films.canvases + also.canvases, len(films.table) + also.in_splits("train")
    mean, deviation, mean_film = shades(films.canvases, learned)
    spec = InputSpec(recipe.size, recipe.channels, mean=(round(mean, 4),), std=(round(deviation, 4),))
    weighed = _balance(problem, learned, recipe)
    plan = Plan(
        recipe,
        spec,
        problem,
        (*problem.outputs, *PATIENT_FACTS),
        masked_loss(weighed, problem.head, len(PATIENT_FACTS)),
        masked_loss(weighed, problem.head),
        start,
        helpers.strategy,
        helpers.worker,
        helpers.workers,
        helpers.on_epoch,
    )
    fold = _folds(films, problem, learned, recipe)
    data = TrainingData(canvases, targets, learned, replayed, recipe.replay, validation)
    folds = [replace(data, rows=learned[fold != k], validation=learned[fold == k]) for k in range(recipe.folds)]
    steps = sum(one.steps_an_epoch(recipe.batch_size) for one in (*folds, data))
    teachers: list[Forward] = []
    rows: list[Row] = []
    with tqdm(total=recipe.epochs * steps, desc="Training", unit="step", disable=None) as progress:
        for k, one in enumerate(folds):
            weights, log = train(one, plan, k, f"fold-{k + 1}", helpers.journal, progress)
            teachers.append(forward(_with_weights(plan, weights)))
            rows += log
        weights, log = train(data, plan, recipe.folds, "model", helpers.journal, progress, tuple(teachers))
    network = _with_weights(plan, weights)

    outputs = len(problem.outputs)
    held_out = learned if recipe.folds else validation
    logits = np.empty((len(held_out), outputs), np.float32)
    for k, teacher in enumerate(teachers):
        logits[fold == k] = predict(teacher, films.canvases.view(learned[fold == k]), spec)[:, :outputs]
    if not teachers:
        logits = predict(forward(network), films.canvases.view(validation), spec)[:, :outputs]
    calibration = Calibration(1.0, np.zeros(outputs))
    if len(held_out):
        checked = also.in_splits("validation")
        extra = predict(forward(network), also.canvases.view(checked), spec)[:, :outputs]
        truth = np.concatenate([problem.truth[held_out], problem.also[checked]])
        calibration = calibrate(problem, truth, np.concatenate([logits, extra]))
    model = calibrated_model(network, outputs, calibration)
    if recipe.half_weights:
        round_weights(model)
    answer = forward(model)
    return Fitted(
        model,
        problem,
        spec,
        learned,
        held_out,
        calibration.slope * logits + calibration.intercepts,
        predict(answer, films.canvases.view(films.in_splits("test")), spec),
        predict(answer, also.canvases.view(also.in_splits("test")), spec),
        weighed,
        calibration,
        mean_film,
        (*rows, *log),
    )


def _learned_and_validation(films: Films, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Give the films to learn from and those that are held out beside the test films."""
    validation = films.in_splits("validation")
    learned = films.in_splits("train") if recipe.hold_out == "validation" else films.in_splits("train", "validation")
    needed = {"training or validation": learned, "test": films.in_splits("test")}
    if recipe.hold_out == "validation":
        needed = {"training": learned, "validation": validation, "test": films.in_splits("test")}
    for name, rows in needed.items():
        if not len(rows):
            raise DatasetError(f"The dataset has no {name} films on disk; each split is needed.")
    return learned, validation if recipe.hold_out == "validation" else validation[:0]


def _targets(problem: Problem, films: Films, soft: np.ndarray | None, recipe: Recipe) -> np.ndarray:
    soft_targets = np.full_like(problem.truth, np.nan)
    if soft is not None:
        if problem.head == "softmax":
            raise DatasetError("--soft-labels is about findings, each on its own; a softmax head has no use for it.")
        for k, name in enumerate(problem.outputs):
            soft_targets[:, k] = soft[:, FINDINGS.index(name)] if name in FINDINGS else np.nan
    return np.hstack([blend(problem.truth, soft_targets, recipe.soft_weight), patient_targets(films.table)])


def _balance(problem: Problem, learned: np.ndarray, recipe: Recipe) -> Balance:
    truth = problem.truth[learned]
    return balance(
        recipe.imbalance,
        (truth == 1).sum(axis=0),
        (truth == 0).sum(axis=0),
        problem.head,
        power=recipe.positive_power,
        gamma=recipe.focal_gamma,
        beta=recipe.effective_beta,
        strength=recipe.adjustment,
    )


def _folds(films: Films, problem: Problem, learned: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Give each film to learn from its fold, known patients whole; -1 without folds."""
    if not recipe.folds:
        return np.full(len(learned), -1)
    patients = films.table["patient"].to_numpy()[learned]
    return split_by_patient(patients, problem.truth[learned] == 1, (1.0,) * recipe.folds, recipe.seed)


def _with_weights(plan: Plan, weights: list[np.ndarray]) -> Model:
    network = plan.network()
    network.set_weights(weights)
    return network
