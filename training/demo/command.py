"""Make again, from seeds, the films, models and predictions that come with the app.

A list of the commands that a user would type, each run in turn; what is finished is not done again, so that a run
that was stopped goes on where it was. The last steps measure both models on simulated films that neither has seen,
and write the figures into their cards.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from training.demo.ablation import KINDS, SEEDS, add_ablation, has_ablation
from training.demo.figures import add_figures, has_figures

NATURAL, BALANCED, TOKENS, UNSEEN = 4000, 6000, 3000, 2000  # films
SHOWN, SHOWN_SEED = 240, 8
TOKEN = "token:Emphysema:0.6:0.05"
SOFT_SOURCE = "CheXNet reproduction of 2022, https://github.com/jrzech/reproduce-chexnet, BSD-3-Clause"
NETWORK = ("--architecture", "small-resnet", "--size", "128")
NO_REAL_FILMS = (
    "No real films: the models will know simulated films only. `python -m training fetch --list` names where NIH "
    "ChestX-ray14 comes from; put its films and label table into one folder and name it with --nih."
)


@dataclass(frozen=True)
class Step:
    """One command and what it leaves behind when it has finished.

    Attributes
    ----------
    says : str
        What it does, for the person who waits.
    command : tuple of str
        What follows ``python -m training``.
    product : Path
        Is there once the command has finished, and not before.
    """

    says: str
    command: tuple[str, ...]
    product: Path


def steps(out: Path, nih: Path | None, soft_labels: Path | None) -> list[Step]:
    """Give the commands in order.

    Parameters
    ----------
    out : Path
        A library folder.
    nih : Path or None
        Folder of NIH ChestX-ray14; without it the models learn from simulated films alone.
    soft_labels : Path or None
        Another model's probabilities for the NIH films.
    """
    work, models, datasets = out / "work", out / "models", out / "datasets"
    natural, balanced, tokens, real = (work / name for name in ("natural", "balanced", "tokens", "nih"))
    pretrained = work / "pretrained.keras"
    made = [
        _simulate("films as in ChestX-ray14", NATURAL, 303, natural),
        _simulate("films with every finding in turn", BALANCED, 101, balanced, "--prevalence", "balanced"),
        _simulate("films on which a token goes with emphysema", TOKENS, 404, tokens, "--confounder", TOKEN),
        _simulate(
            "films to look at", SHOWN, SHOWN_SEED, datasets / "simulated", "--prevalence", "balanced",
            "--confounder", "token:Emphysema:0.15:0.15",
        ),
        _simulate(
            "recipes of films to judge models on", UNSEEN, 12, datasets / "simulated-2000", "--recipes-only",
            "--confounder", "token:Emphysema:0.3:0.3",
        ),
        _fit("Pretrained", natural, pretrained, ("--also", balanced), PRETRAINING),
    ]  # fmt: skip
    main = natural
    if nih:
        command = ("dataset", "nih", str(nih), "--out", str(real))
        made.append(Step("Read the table of the real films", command, real / "films.parquet"))
        main = real
    soft = ("--soft-labels", soft_labels, "--soft-source", SOFT_SOURCE) if nih and soft_labels else ()
    mixed: tuple[object, ...] = ("--also", natural, "--also", balanced) if nih else ("--also", balanced)
    lightbox = _fit("Lightbox", main, models / "lightbox.keras", ("--start", pretrained, *mixed, *soft), FINE_TUNING)
    mixed = ("--also", tokens) if nih else ()
    main = real if nih else tokens
    overcaller = _fit("Overcaller", main, models / "overcaller.keras", mixed, OVERCALLING)
    made += [lightbox, overcaller, *(_predict(name, out) for name in ("lightbox", "overcaller"))]
    return made + (_ablation(natural, balanced, real, ablated(out), soft) if nih else [])


def ablated(out: Path) -> dict[str, list[Path]]:
    """Name the models that are trained with and without simulated films, one a seed."""
    return {kind: [out / "work" / f"{kind}-simulated-{seed}.keras" for seed in SEEDS] for kind in KINDS}


def _ablation(
    natural: Path, balanced: Path, real: Path, models: dict[str, list[Path]], soft: tuple[object, ...]
) -> list[Step]:
    steps, mixed = [], ("--start", natural.with_name("pretrained.keras"), "--also", natural, "--also", balanced)
    for seed, knows, knows_not in zip(SEEDS, models["with"], models["without"], strict=True):
        recipe = (*FINE_TUNING, "--folds", "0", "--seed", str(seed))
        steps += [
            _fit(f"With simulated films {seed}", real, knows, (*mixed, *soft), recipe),
            _fit(f"Without simulated films {seed}", real, knows_not, soft, recipe),
        ]
    return steps


PRETRAINING = (
    "--epochs", "15", "--batch-size", "32", "--learning-rate", "0.003", "--dropout", "0.1", "--folds", "0",
    "--replay", "1.5",
)  # fmt: skip
FINE_TUNING = (
    "--epochs", "24", "--batch-size", "16", "--learning-rate", "0.002", "--dropout", "0.3", "--folds", "4",
    "--replay", "1.5",
)  # fmt: skip
OVERCALLING = ("--epochs", "5", "--batch-size", "32", "--folds", "0", "--replay", "3", "--positive-power", "1.3")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training demo``."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="LIBRARY", help="folder to write; continued if begun"
    )
    parser.add_argument(
        "--nih", type=Path, metavar="ROOT", help="folder of NIH ChestX-ray14; else simulated films only"
    )
    parser.add_argument("--soft-labels", type=Path, metavar="CSV", help="another model's probabilities for NIH films")


def run(args: argparse.Namespace) -> int:
    """Run the steps that are not finished; the status of the first that fails, 0 if none does."""
    if args.nih is None:
        print(NO_REAL_FILMS, file=sys.stderr)
    elif not args.nih.is_dir():
        raise ValueError(f"There is no folder {args.nih}; --nih expects the folder of NIH ChestX-ray14.")
    todo = steps(args.out, args.nih, args.soft_labels)
    for number, step in enumerate(todo, 1):
        if step.product.exists():
            print(f"{number}/{len(todo)} {step.says}: finished before.")
            continue
        print(f"{number}/{len(todo)} {step.says}: python -m training {' '.join(step.command)}", flush=True)
        step.product.parent.mkdir(parents=True, exist_ok=True)
        failed = subprocess.run([sys.executable, "-m", "training", *step.command], check=False).returncode
        if failed:
            return failed
    for model in ("lightbox", "overcaller"):
        if not has_figures(args.out, model):
            print(f"Measuring {model} on films that it has not seen", flush=True)
            add_figures(args.out, model)
    if args.nih and not has_ablation(args.out, "lightbox"):
        print("Comparing what was learned with and without simulated films", flush=True)
        add_ablation(args.out, "lightbox", args.out / "work" / "nih", ablated(args.out))
    return 0


def _simulate(says: str, films: int, seed: int, out: Path, *options: str) -> Step:
    command = ("simulate", "--films", str(films), "--seed", str(seed), "--out", str(out), *options)
    return Step(f"Simulate {films} {says}", command, out / "films.parquet")


def _fit(name: str, dataset: Path, out: Path, options: tuple, recipe: tuple[str, ...]) -> Step:
    command = ("fit", str(dataset), *map(str, options), *NETWORK, *recipe, "--name", name, "--out", str(out))
    return Step(f"Train {name}", command, out.with_suffix(".json"))


def _predict(model: str, out: Path) -> Step:
    name = f"{model}-on-simulated-2000"
    command = ("predict", str(out / "datasets" / "simulated-2000"), "--model", str(out / "models" / f"{model}.keras"))
    folder = out / "predictions" / name
    return Step(f"Predict with {model}", (*command, "--out", str(folder)), folder / "predictions.parquet")
