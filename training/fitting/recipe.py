"""Everything that decides a model's weights besides the films."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from training.evaluate.thresholds import RULES
from training.fitting.augment import Augmentation
from training.fitting.losses import STRATEGIES
from training.fitting.schedule import SCHEDULES
from training.networks.architectures import ARCHITECTURES, ArchitectureError

FOLDS = 4  # unless validation films are held out


@dataclass(frozen=True)
class Recipe:
    """How `fit` trains.

    Attributes
    ----------
    architecture : str
        One of `training.networks.architectures.ARCHITECTURES`.
    size : int
        Side of the square input in pixels.
    epochs : int
        Passes through the training films, for each network; at most, with a patience.
    batch_size : int
        Films a step, of all workers together.
    learning_rate, weight_decay : float
        Of AdamW (Loshchilov and Hutter, ICLR 2019); the rate rises for three epochs, then follows the schedule.
    dropout : float
        Share of the pooled features left out.
    folds : int
        Networks trained for held-out predictions; 0 for none.
    replay : float
        Films of the datasets that are mixed in, drawn anew for each epoch, for one film of the dataset itself.
    positive_power : float
        Positives of a finding weigh (negatives / positives) to this power in the loss; 0 weighs all films alike.
    soft_weight : float
        Share of a soft label in the target of a film that has one.
    distil_weight : float
        Share of the fold networks' mean probability in the model's targets; 0 trains on labels alone.
    seed : int
        Of everything drawn: folds, initial weights, order, augmentation, dropout.
    channels : int
        1, or 3: the grey film three times.
    hold_out : {"none", "validation"}
        ``validation``: nothing is trained on the validation films; calibration, thresholds and patience rest on
        them. ``none`` with 0 folds calibrates nothing, and every threshold is 0.5.
    patience : int
        Epochs without a lower validation loss after which training stops; the best epoch is kept. 0 trains to the
        end and keeps the last.
    schedule : str
        One of `training.fitting.schedule.SCHEDULES`.
    imbalance : str
        One of `training.fitting.losses.STRATEGIES`.
    focal_gamma, effective_beta, adjustment : float
        Strength of ``focal``, ``class-balanced`` and ``logit-adjustment``.
    head : {"auto", "sigmoid", "softmax", "findings"}
        What the outputs are; see `training.fitting.problem.choose_problem`.
    threshold_rule : str
        Rule of `training.evaluate.thresholds` that chooses thresholds on the held-out predictions.
    mixed_precision : {"none", "bfloat16", "float16"}
        What the layers compute in while training; the model that is written computes in float32.
    freeze : str
        The last layer, from the input on, that keeps the weights and statistics that it starts from; none if empty.
    half_weights : bool
        Whether the model's weights are rounded to float16 before it is measured and written.
    augmentation : Augmentation
        How training films are changed.

    Raises
    ------
    ArchitectureError
        If there is no architecture of that name.
    ValueError
        If a number lies outside what makes sense, or two options contradict each other; the message names them.
    """

    architecture: str
    size: int = 128
    epochs: int = 40
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    dropout: float = 0.3
    folds: int = FOLDS
    replay: float = 1.0
    positive_power: float = 0.0
    soft_weight: float = 0.5
    distil_weight: float = 0.5
    seed: int = 0
    channels: int = 1
    hold_out: str = "none"
    patience: int = 0
    schedule: str = "cosine"
    imbalance: str = "none"
    focal_gamma: float = 2.0
    effective_beta: float = 0.999
    adjustment: float = 1.0
    head: str = "auto"
    threshold_rule: str = "balanced"
    mixed_precision: str = "none"
    freeze: str = ""
    half_weights: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            names = ", ".join(ARCHITECTURES)
            raise ArchitectureError(f"There is no architecture {self.architecture}; there are {names}.")
        for name, (_, low, high) in OPTIONS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{flag(name)} must lie between {low} and {high}; it is {getattr(self, name)}.")
        for name, (_, choices) in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{flag(name)} must be one of {', '.join(choices)}; it is {getattr(self, name)}.")
        if self.folds == 1:
            raise ValueError("--folds must be 0 or at least 2; it is 1.")
        if self.channels == 2:
            raise ValueError("--channels must be 1 or 3; it is 2.")
        if self.folds and self.hold_out != "none":
            raise ValueError(f"--hold-out validation goes with --folds 0; it is {self.folds}.")
        if self.hold_out == "none" and (self.patience or self.schedule == "plateau"):
            name = "patience" if self.patience else "schedule plateau"
            raise ValueError(f"--{name} needs validation films that nothing is trained on: add --hold-out validation.")
        if self.positive_power and self.imbalance != "positive-weights":
            raise ValueError(f"--positive-power goes with --imbalance positive-weights; it is {self.imbalance}.")


# name -> (meaning, lowest, highest)
OPTIONS: dict[str, tuple[str, float, float]] = {
    "size": ("side of the square input in pixels", 32, 1024),
    "epochs": ("passes through the training films", 1, 10_000),
    "batch_size": ("films a step", 2, 4096),
    "learning_rate": ("highest learning rate", 0, 1),
    "weight_decay": ("weight decay of AdamW", 0, 1),
    "dropout": ("share of the pooled features left out", 0, 0.95),
    "folds": ("networks trained for held-out predictions, 0 or at least 2; 0 with --hold-out validation", 0, 20),
    "replay": ("films mixed in for one film of the dataset", 0, 100),
    "positive_power": ("positives weigh (negatives / positives) to this power", 0, 3),
    "soft_weight": ("share of a soft label in its film's target", 0, 1),
    "distil_weight": ("share of the fold networks' probability in the model's targets", 0, 1),
    "seed": ("seed of everything drawn", 0, 2**32 - 1),
    "channels": ("1, or 3: the grey film three times", 1, 3),
    "patience": ("stop after so many epochs without a lower validation loss, keep the best; 0 never stops", 0, 10_000),
    "focal_gamma": ("exponent of --imbalance focal", 0, 10),
    "effective_beta": ("beta of --imbalance class-balanced", 0, 0.999999),
    "adjustment": ("strength of --imbalance logit-adjustment", 0, 3),
}
# name -> (meaning, choice -> its meaning)
CHOICES: dict[str, tuple[str, Mapping[str, str]]] = {
    "hold_out": (
        "films that nothing is trained on, for calibration, thresholds and patience",
        {"none": "the folds do that", "validation": "the validation films"},
    ),
    "schedule": ("how the learning rate goes on", SCHEDULES),
    "imbalance": ("how the loss counts what is rare", STRATEGIES),
    "head": (
        "what the outputs are",
        {
            "auto": "classes where the dataset has them, else findings",
            "sigmoid": "of two classes the one that is not normal, of more each on its own",
            "softmax": "one of the classes",
            "findings": "findings, also where there are classes",
        },
    ),
    "threshold_rule": (
        "how the thresholds are chosen",
        {name: rule.meaning for name, rule in RULES.items() if name != "card"},
    ),
    "mixed_precision": ("what layers compute in while training", dict.fromkeys(("none", "bfloat16", "float16"), "")),
}


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--architecture`` and one option a field of the recipe."""
    parser.add_argument("--architecture", required=True, help=f"one of {', '.join(ARCHITECTURES)}")
    defaults: dict[str, Any] = {one.name: one.default for one in fields(Recipe)}
    for name, (meaning, *_) in OPTIONS.items():
        default = defaults[name]
        # None: not said, so that it can depend on other options.
        unsaid = None if name == "folds" else default
        parser.add_argument(flag(name), type=type(default), default=unsaid, help=f"{meaning} (default: {default})")
    for name, (meaning, choices) in CHOICES.items():
        default = None if name == "imbalance" else defaults[name]
        more: dict[str, Any] = {"nargs": "?", "const": "bfloat16"} if name == "mixed_precision" else {}
        text = f"{meaning} (default: {defaults[name]})"
        parser.add_argument(flag(name), default=default, metavar="|".join(choices), help=text, **more)
    parser.add_argument(
        "--freeze", default="", metavar="LAYER", help="keep the weights of --start up to this layer (default: none)"
    )
    parser.add_argument("--half-weights", action="store_true", help="keep the weights in float16: half the file")
    parser.add_argument("--flip", type=float, default=0.0, help="share of training films mirrored (default: 0)")


def recipe_from(args: argparse.Namespace) -> Recipe:
    """Build the recipe that the arguments ask for."""
    said = {name: getattr(args, name) for name in (*OPTIONS, *CHOICES)}
    if said["folds"] is None:
        said["folds"] = FOLDS if said["hold_out"] == "none" else 0
    if said["imbalance"] is None:
        said["imbalance"] = "positive-weights" if said["positive_power"] else "none"
    elif said["imbalance"] == "positive-weights":
        said["positive_power"] = said["positive_power"] or 1.0
    if not 0 <= args.flip <= 1:
        raise ValueError(f"--flip must lie between 0 and 1; it is {args.flip}.")
    return Recipe(
        args.architecture,
        **said,
        freeze=args.freeze,
        half_weights=args.half_weights,
        augmentation=Augmentation(flip=args.flip),
    )


def flag(name: str) -> str:
    """Spell a field as an option: ``batch_size`` becomes ``--batch-size``."""
    return "--" + name.replace("_", "-")
