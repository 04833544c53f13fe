"""Train a network on a dataset and write it with its card.

Films are split by patient. First, one network a fold is trained on the other folds of the training and validation
films; a film's prediction by the network that has not seen its patient (its held-out prediction) is what
calibration and thresholds rest on. Then the model itself is trained on all of these films, partly on what the fold
networks agree on, and measured once on the test films. The learning rate falls to 0 over a fixed number of epochs,
so no film is spent on choosing when to stop.

Films of other datasets (``--also``) are mixed in: their training films are drawn from in every epoch, their
validation films join the calibration, their test films are measured on their own.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tqdm import tqdm

from training.architectures import POOLED
from training.calibrate import Calibration, fit_calibration
from training.datasets.splits import split_by_patient
from training.datasets.table import Dataset, DatasetError, labels, read_dataset
from training.input import load_canvases
from training.recipe import Recipe, add_recipe_arguments, recipe_from
from training.report import make_card, soft_label_facts
from training.targets import PATIENT_FACTS, blend, patient_targets, read_soft_labels
from training.train import HEAD, Forward, Lesson, Start, forward, predict, train
from xai.findings import FINDINGS
from xai.model_card import InputSpec, card_path, read_card, write_card

if TYPE_CHECKING:
    from keras import Model


@dataclass(frozen=True, eq=False)
class Films:
    """Films that could be read.

    Attributes
    ----------
    datasets : tuple of Dataset
        Where they come from.
    table : DataFrame
        Their rows, all in a split.
    canvases : float32 array (films, size, size)
        In [0, 1].
    """

    datasets: tuple[Dataset, ...]
    table: pd.DataFrame
    canvases: np.ndarray

    def part(self, *splits: str) -> np.ndarray:
        """Rows of the films in these splits."""
        return np.flatnonzero(self.table["split"].isin(splits))


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained model and what was predicted on the way to it.

    Attributes
    ----------
    model : keras.Model
        Emits logits, calibrated where there were folds.
    findings : tuple of str
        Its outputs.
    spec : InputSpec
        Its input.
    held_out : array (films, outputs) or None
        Calibrated logits of the training and validation films, each by a network that has not seen its patient;
        None without folds.
    test, also_test : array (films, outputs)
        Logits of the test films by the model; `also_test` of the datasets that were mixed in.
    positive_weights : array (outputs,) or None
        Weight of each finding's positives in the loss.
    """

    model: Model
    findings: tuple[str, ...]
    spec: InputSpec
    held_out: np.ndarray | None
    test: np.ndarray
    also_test: np.ndarray
    positive_weights: np.ndarray | None


def fit(films: Films, also: Films, soft: np.ndarray | None, recipe: Recipe, start: Start | None = None) -> Fitted:
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
    start : Start, optional
        A trained model to start from.

    Raises
    ------
    DatasetError
        If a part is empty, or no finding has films of both kinds.
    """
    developed, tested = films.part("train", "validation"), films.part("test")
    findings = _learnable(films.table, developed, tested)
    outputs = (*findings, *PATIENT_FACTS)
    known = labels(films.table, findings)
    opinion = np.full_like(known, np.nan)
    if soft is not None:
        opinion = soft[:, [FINDINGS.index(name) for name in findings]]
    own = np.hstack([blend(known, opinion, recipe.soft_weight), patient_targets(films.table)])
    others = np.hstack([labels(also.table, findings), patient_targets(also.table)])
    canvases, targets = np.concatenate([films.canvases, also.canvases]), np.concatenate([own, others])
    replayed = len(own) + also.part("train")
    spec = _input_spec(films.canvases[developed], recipe.size)
    weights = _positive_weights(known[developed], recipe.positive_power)
    loss_weights = None if weights is None else np.append(weights, np.ones(len(PATIENT_FACTS))).astype(np.float32)

    patients = films.table["patient"].to_numpy()[developed]
    equal = (1.0,) * recipe.folds
    fold = split_by_patient(patients, known[developed] == 1, equal, recipe.seed) if equal else None
    lessons = [developed[fold != k] for k in range(recipe.folds)] + [developed]
    lessons = [Lesson(canvases, targets, rows, replayed, recipe.replay) for rows in lessons]
    streams = np.random.default_rng(recipe.seed).spawn(recipe.folds + 1)
    held_out = np.empty((len(developed), len(findings)), np.float32)
    teachers: list[Forward] = []
    total = recipe.epochs * sum(lesson.steps_an_epoch(recipe.batch_size) for lesson in lessons)
    options = {"start": start, "positive_weights": loss_weights}
    with tqdm(total=total, desc="Training", unit="step", disable=None) as progress:
        for k, lesson in enumerate(lessons[:-1]):
            teachers.append(forward(train(lesson, outputs, spec, recipe, streams[k], progress, **options)))
            held_out[fold == k] = predict(teachers[k], canvases[developed[fold == k]], spec)[:, : len(findings)]
        network = train(lessons[-1], outputs, spec, recipe, streams[-1], progress, teachers=tuple(teachers), **options)

    calibration = Calibration(1.0, np.zeros(len(findings)))
    if recipe.folds:
        checked = also.part("validation")
        extra = predict(forward(network), also.canvases[checked], spec)[:, : len(findings)]
        truth = np.concatenate([known[developed], labels(also.table.iloc[checked], findings)])
        calibration = fit_calibration(truth, np.concatenate([held_out, extra]))
    model = _with_calibrated_head(network, len(findings), calibration)
    answer = forward(model)
    return Fitted(
        model,
        findings,
        spec,
        calibration.slope * held_out + calibration.intercepts if recipe.folds else None,
        predict(answer, films.canvases[tested], spec),
        predict(answer, also.canvases[also.part("test")], spec),
        weights,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training fit``."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder made by `python -m training dataset`")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL.keras", help="model file to write")
    parser.add_argument("--name", help="what people will call the model (default: the file's name)")
    parser.add_argument("--also", type=Path, action="append", default=[], metavar="DATASET", help="mix in; repeatable")
    parser.add_argument("--start", type=Path, metavar="MODEL.keras", help="start from this model's weights")
    parser.add_argument("--soft-labels", type=Path, metavar="CSV", help="another model's probabilities, to learn from")
    parser.add_argument("--soft-source", default="not stated", metavar="TEXT", help="whose they are, for the card")
    add_recipe_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train, measure, and write the model and its card."""
    recipe = recipe_from(args)
    if args.out.suffix != ".keras":
        raise ValueError(f"--out must end in .keras; it is {args.out.name}.")
    start = Start(args.start, read_card(card_path(args.start))) if args.start else None
    films = readable_films([read_dataset(args.dataset)], recipe.size)
    also = readable_films([read_dataset(folder) for folder in args.also], recipe.size)
    soft = soft_facts = None
    if args.soft_labels:
        soft = read_soft_labels(args.soft_labels, films.table)
        soft_facts = soft_label_facts(args.soft_labels, soft, films.table, args.soft_source)

    fitted = fit(films, also, soft, recipe, start)

    args.out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = args.out.with_name(f".{args.out.name}")  # Keras wants the ending .keras
    fitted.model.save(unfinished)
    unfinished.replace(args.out)
    card = make_card(args.name or args.out.stem, args.out, fitted, films, also, recipe, soft_facts, start)
    write_card(card, card_path(args.out))
    print(card.summary)
    return 0


def readable_films(datasets: list[Dataset], size: int) -> Films:
    """Give the films that are on disk, in a split, and can be read; name those that cannot."""
    tables, squares = [pd.DataFrame(columns=["split", "view", "sex", "age", *FINDINGS])], [np.empty((0, size, size))]
    for dataset in datasets:
        films = dataset.films[dataset.films["on_disk"] & dataset.films["split"].notna()]
        films = films[[dataset.path(path).is_file() for path in films["path"]]]
        if films.empty:
            raise DatasetError(f"{dataset.folder} has {len(dataset.films)} films in its table, but none on disk.")
        canvases, refused = load_canvases(dataset, films, InputSpec(size, channels=1))
        for film, reason in refused.items():
            print(f"{film} is left out: {reason}", file=sys.stderr)
        readable = ~films["film"].isin(list(refused)).to_numpy()
        tables.append(films[readable])
        squares.append(canvases[readable])
    table = pd.concat(tables[1:], ignore_index=True) if datasets else tables[0]
    return Films(tuple(datasets), table, np.concatenate(squares).astype(np.float32, copy=False))


def _learnable(table: pd.DataFrame, developed: np.ndarray, tested: np.ndarray) -> tuple[str, ...]:
    for name, part in (("training or validation", developed), ("test", tested)):
        if not len(part):
            raise DatasetError(f"The dataset has no {name} films on disk; both parts are needed.")
    truth = table.iloc[developed]
    findings = tuple(name for name in FINDINGS if {0.0, 1.0} <= set(truth[name].dropna().unique()))
    if not findings:
        raise DatasetError("The dataset has one class only: no finding has films both with and without it.")
    return findings


def _input_spec(canvases: np.ndarray, size: int) -> InputSpec:
    mean, deviation = round(float(canvases.mean()), 4), round(float(canvases.std()), 4)
    return InputSpec(size, channels=1, mean=(mean,), std=(deviation,))


def _positive_weights(known: np.ndarray, power: float) -> np.ndarray | None:
    """Weigh each finding's positives by (negatives / positives) to a power."""
    if not power:
        return None
    return ((known == 0).sum(axis=0) / (known == 1).sum(axis=0)) ** power


def _with_calibrated_head(network: Model, outputs: int, calibration: Calibration) -> Model:
    """Keep the first outputs, calibrated; optimizer and patient facts stay behind."""
    from xai.backend import keras

    kernel, bias = network.get_layer(HEAD).get_weights()
    head = keras.layers.Dense(outputs, name=HEAD)
    model = keras.Model(network.input, head(network.get_layer(POOLED).output), name=network.name)
    scaled = bias[:outputs] * calibration.slope + calibration.intercepts
    head.set_weights([kernel[:, :outputs] * calibration.slope, scaled])
    return model
