"""Everything that decides a model's weights besides the films."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields

from training.architectures import ARCHITECTURES, ArchitectureError
from training.augment import Augmentation


@dataclass(frozen=True)
class Recipe:
    """How `fit` trains.

    Attributes
    ----------
    architecture : str
        One of `training.architectures.ARCHITECTURES`.
    size : int
        Side of the square input in pixels.
    epochs : int
        Passes through the training films, for each network.
    batch_size : int
        Films a step.
    learning_rate, weight_decay : float
        Of AdamW (Loshchilov and Hutter, ICLR 2019); the rate rises for three epochs, then falls to 0 as a cosine.
    dropout : float
        Share of the pooled features left out.
    folds : int
        Networks trained for held-out predictions; 0 for none, and then nothing is calibrated and the cut is 0.5.
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
    augmentation : Augmentation
        How training films are changed.

    Raises
    ------
    ArchitectureError
        If there is no architecture of that name.
    ValueError
        If a number lies outside what makes sense; the message names the option.
    """

    architecture: str
    size: int = 128
    epochs: int = 40
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    dropout: float = 0.3
    folds: int = 4
    replay: float = 1.0
    positive_power: float = 0.0
    soft_weight: float = 0.5
    distil_weight: float = 0.5
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            names = ", ".join(ARCHITECTURES)
            raise ArchitectureError(f"There is no architecture {self.architecture}; there are {names}.")
        for name, (_, low, high) in OPTIONS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{flag(name)} must lie between {low} and {high}; it is {getattr(self, name)}.")
        if self.folds == 1:
            raise ValueError("--folds must be 0 or at least 2; it is 1.")


# name -> (meaning, lowest, highest)
OPTIONS: dict[str, tuple[str, float, float]] = {
    "size": ("side of the square input in pixels", 32, 1024),
    "epochs": ("passes through the training films", 1, 10_000),
    "batch_size": ("films a step", 2, 4096),
    "learning_rate": ("highest learning rate", 0, 1),
    "weight_decay": ("weight decay of AdamW", 0, 1),
    "dropout": ("share of the pooled features left out", 0, 0.95),
    "folds": ("networks trained for held-out predictions, 0 or at least 2", 0, 20),
    "replay": ("films mixed in for one film of the dataset", 0, 100),
    "positive_power": ("positives weigh (negatives / positives) to this power", 0, 3),
    "soft_weight": ("share of a soft label in its film's target", 0, 1),
    "distil_weight": ("share of the fold networks' opinion in the model's targets", 0, 1),
    "seed": ("seed of everything drawn", 0, 2**32 - 1),
}


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--architecture`` and one option a number of the recipe."""
    parser.add_argument("--architecture", required=True, help=f"one of {', '.join(ARCHITECTURES)}")
    defaults = {one.name: one.default for one in fields(Recipe)}
    for name, (meaning, *_) in OPTIONS.items():
        default = defaults[name]
        parser.add_argument(flag(name), type=type(default), default=default, help=f"{meaning} (default: {default})")


def recipe_from(args: argparse.Namespace) -> Recipe:
    """Build the recipe that the arguments ask for."""
    return Recipe(args.architecture, **{name: getattr(args, name) for name in OPTIONS})


def flag(name: str) -> str:
    """Spell a field as an option: ``batch_size`` becomes ``--batch-size``."""
    return "--" + name.replace("_", "-")
