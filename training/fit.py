"""Train a network on a dataset and write it with its card.

Films are split by patient. First, one network a fold is trained on the other folds of the training and validation
films; a film's prediction by the network that has not seen its patient (its held-out prediction) is what
calibration and thresholds rest on. Then the model itself is trained on all of these films, partly on what the fold
networks agree on, and measured once on the test films. The learning rate falls to 0 over a fixed number of epochs,
so no film is spent on choosing when to stop.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit
from tqdm import tqdm

from training.architectures import POOLED, build
from training.calibrate import Calibration, fit_calibration
from training.datasets.table import Dataset, DatasetError, labels, read_dataset, split_by_patient
from training.input import batches, load_canvases, standardise
from training.recipe import Recipe, add_recipe_arguments, recipe_from
from training.report import make_card, soft_label_facts
from training.targets import blend, patient_targets, read_soft_labels
from xai.findings import FINDINGS
from xai.model_card import InputSpec, card_path, write_card

if TYPE_CHECKING:
    from keras import Model

Forward = Callable[[np.ndarray], np.ndarray]  # float32 (films, size, size, 1) to logits (films, outputs)
PREDICTION_BATCH = 64
RISING_EPOCHS = 3


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained model and what was predicted on the way to it.

    Attributes
    ----------
    model : keras.Model
        Emits calibrated logits.
    findings : tuple of str
        Its outputs.
    spec : InputSpec
        Its input.
    held_out : array (films, outputs)
        Calibrated logits of the training and validation films, each by a network that has not seen its patient.
    test : array (films, outputs)
        Logits of the test films by the model.
    """

    model: Model
    findings: tuple[str, ...]
    spec: InputSpec
    held_out: np.ndarray
    test: np.ndarray


def fit(films: pd.DataFrame, canvases: np.ndarray, soft: np.ndarray | None, recipe: Recipe) -> Fitted:
    """Train and calibrate a model.

    Parameters
    ----------
    films : DataFrame
        Rows of a dataset's table that are in a split.
    canvases : float32 array (films, size, size)
        The same films, in [0, 1].
    soft : float array (films, 14) or None
        Probabilities by another model, NaN where it has none; used for training only.
    recipe : Recipe

    Returns
    -------
    Fitted

    Raises
    ------
    DatasetError
        If a part is empty, or no finding has films of both kinds.
    """
    in_test = (films["split"] == "test").to_numpy()
    developed, tested = films[~in_test], films[in_test]
    findings = _learnable(developed, tested)
    known, seen = labels(developed, findings), canvases[~in_test]
    opinion = np.full_like(known, np.nan)
    if soft is not None:
        opinion = soft[~in_test][:, [FINDINGS.index(name) for name in findings]]
    targets = np.hstack([blend(known, opinion, recipe.soft_weight), patient_targets(developed)])
    mean, deviation = round(float(seen.mean()), 4), round(float(seen.std()), 4)
    spec = InputSpec(recipe.size, channels=1, mean=(mean,), std=(deviation,))

    patients = developed["patient"].to_numpy()
    fold = split_by_patient(patients, known == 1, (1 / recipe.folds,) * recipe.folds, recipe.seed)
    *fold_streams, stream = np.random.default_rng(recipe.seed).spawn(recipe.folds + 1)
    held_out = np.empty(known.shape, np.float32)
    teachers = []
    sizes = [int((fold != k).sum()) for k in range(recipe.folds)] + [len(seen)]
    total = recipe.epochs * sum(_steps_an_epoch(size, recipe) for size in sizes)
    with tqdm(total=total, desc="Training", unit="step", disable=None) as progress:
        for k in range(recipe.folds):
            rest = fold != k
            teachers.append(forward(train(seen[rest], targets[rest], [], spec, recipe, fold_streams[k], progress)))
            held_out[~rest] = predict(teachers[k], seen[~rest], spec)[:, : len(findings)]
        network = train(seen, targets, teachers, spec, recipe, stream, progress)

    calibration = fit_calibration(known, held_out)
    model = _with_calibrated_head(network, len(findings), calibration)
    calibrated = calibration.slope * held_out + calibration.intercepts
    return Fitted(model, findings, spec, calibrated, predict(forward(model), canvases[in_test], spec))


def train(
    canvases: np.ndarray,
    targets: np.ndarray,
    teachers: list[Forward],
    spec: InputSpec,
    recipe: Recipe,
    rng: np.random.Generator,
    progress: tqdm,
) -> Model:
    """Train one network from nothing.

    With teachers, the target of a changed film is a blend of its own and the teachers' mean probability for the
    film as it was changed (Beyer et al., Knowledge distillation: a good teacher is patient and consistent, CVPR
    2022): what several networks agree on is smoother than noisy labels.
    """
    from training.losses import masked_cross_entropy
    from xai.backend import keras

    network = build(recipe.architecture, recipe.size, targets.shape[1], recipe.dropout, rng)
    _start_at_prevalence(network, targets)
    steps = _steps_an_epoch(len(canvases), recipe)
    rising = min(RISING_EPOCHS, recipe.epochs) * steps
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, recipe.epochs * steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(optimizer, masked_cross_entropy)
    for _ in range(recipe.epochs):
        for changed, target in batches(canvases, targets, recipe.batch_size, recipe.augmentation, rng):
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
    starts = range(0, len(canvases), PREDICTION_BATCH)
    parts = [standardise(canvases[start : start + PREDICTION_BATCH], spec) for start in starts]
    return np.concatenate([network(part) for part in parts])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training fit``."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder made by `python -m training dataset`")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL.keras", help="model file to write")
    parser.add_argument("--name", help="what people will call the model (default: the file's name)")
    parser.add_argument("--soft-labels", type=Path, metavar="CSV", help="another model's probabilities, to learn from")
    parser.add_argument("--soft-source", default="not stated", metavar="TEXT", help="whose they are, for the card")
    add_recipe_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train, measure, and write the model and its card."""
    recipe = recipe_from(args)
    if args.out.suffix != ".keras":
        raise ValueError(f"--out must end in .keras; it is {args.out.name}.")
    dataset = read_dataset(args.dataset)
    films, canvases = readable_films(dataset, recipe.size)
    soft = soft_facts = None
    if args.soft_labels:
        soft = read_soft_labels(args.soft_labels, films)
        soft_facts = soft_label_facts(args.soft_labels, soft, films, args.soft_source)

    fitted = fit(films, canvases, soft, recipe)

    args.out.parent.mkdir(parents=True, exist_ok=True)
    fitted.model.save(args.out)
    card = make_card(args.name or args.out.stem, args.out, fitted, dataset, films, canvases, recipe, soft_facts)
    write_card(card, card_path(args.out))
    print(card.summary)
    return 0


def readable_films(dataset: Dataset, size: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Give the films that are on disk, in a split, and can be read; name those that cannot."""
    films = dataset.films[dataset.films["on_disk"] & dataset.films["split"].notna()]
    films = films[[dataset.path(path).is_file() for path in films["path"]]]
    if films.empty:
        raise DatasetError(f"{dataset.folder} has {len(dataset.films)} films in its table, but none on disk.")
    canvases, refused = load_canvases(dataset, films, InputSpec(size, channels=1))
    for film, reason in refused.items():
        print(f"{film} is left out: {reason}", file=sys.stderr)
    readable = ~films["film"].isin(list(refused)).to_numpy()
    return films[readable].reset_index(drop=True), canvases[readable]


def _steps_an_epoch(films: int, recipe: Recipe) -> int:
    return max(1, films // recipe.batch_size)


def _learnable(developed: pd.DataFrame, tested: pd.DataFrame) -> tuple[str, ...]:
    for name, part in (("training or validation", developed), ("test", tested)):
        if part.empty:
            raise DatasetError(f"The dataset has no {name} films on disk; both parts are needed.")
    findings = tuple(name for name in FINDINGS if {0.0, 1.0} <= set(developed[name].dropna().unique()))
    if not findings:
        raise DatasetError("The dataset has one class only: no finding has films both with and without it.")
    return findings


def _start_at_prevalence(network: Model, targets: np.ndarray) -> None:
    """Set the head's bias so that the untrained network gives each output its mean target."""
    known = np.maximum(np.sum(~np.isnan(targets), axis=0), 1)
    share = np.clip(np.nansum(targets, axis=0) / known, 0.01, 0.99)
    network.get_layer("logits").bias.assign(np.log(share / (1 - share)))


def _with_calibrated_head(network: Model, outputs: int, calibration: Calibration) -> Model:
    """Keep the first outputs, calibrated; optimizer and patient facts stay behind."""
    from xai.backend import keras

    kernel, bias = network.get_layer("logits").get_weights()
    head = keras.layers.Dense(outputs, name="logits")
    model = keras.Model(network.input, head(network.get_layer(POOLED).output), name=network.name)
    scaled = bias[:outputs] * calibration.slope + calibration.intercepts
    head.set_weights([kernel[:, :outputs] * calibration.slope, scaled])
    return model
