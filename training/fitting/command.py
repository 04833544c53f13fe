"""Train a network on a dataset and write it with its card.

Films are split by patient where patients are known, else by film; the card says which. First, one network a fold is
trained on the other folds of the training and validation films; a film's prediction by the network that has not seen
its patient (its held-out prediction) is what calibration and thresholds rest on. Then the model itself is trained on
all of these films, partly on what the fold networks agree on, and measured once on the test films. The learning rate
falls to 0 over a fixed number of epochs, so no film is spent on choosing when to stop. With --hold-out validation one
network is trained on the training films alone, and the validation films decide when it stops, how it is calibrated and
which thresholds it gets.

Films of other datasets (--also) are mixed in: their training films are drawn from in every epoch, their validation
films join the calibration, their test films are measured on their own. Films of patients who are held out are left
out.

It can be stopped at any time. The same command goes on after the last whole epoch and ends with the same model.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from training.datasets.table import read_dataset
from training.fitting.films import MEMORY, apart, readable_films
from training.fitting.journal import check_same, close_journal, open_journal, speaking
from training.fitting.log import tensorboard
from training.fitting.provenance import Origin
from training.fitting.recipe import Recipe, add_recipe_arguments, recipe_from
from training.fitting.report import make_card, soft_label_facts
from training.fitting.scheme import Helpers, fit
from training.fitting.start import Start
from training.fitting.targets import read_soft_labels
from training.fitting.workers import join_team
from training.fitting.writing import place_model
from xai.backend_choice import BACKEND_VARIABLE, BACKENDS
from xai.cards.model_card import card_path, check_name, read_card


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training fit``."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder made by `python -m training dataset`")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL.keras", help="model file to write")
    parser.add_argument("--name", help="what people will call the model (default: the file's name)")
    parser.add_argument("--also", type=Path, action="append", default=[], metavar="DATASET", help="mix in; repeatable")
    parser.add_argument("--start", type=Path, metavar="MODEL.keras", help="start from this model's weights")
    parser.add_argument("--soft-labels", type=Path, metavar="CSV", help="another model's probabilities, to learn from")
    parser.add_argument("--soft-source", default="not stated", metavar="TEXT", help="whose they are, for the card")
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="write TensorBoard events here, too")
    parser.add_argument(
        "--memory",
        type=float,
        default=MEMORY,
        metavar="GIB",
        help=f"room for films in memory; more of them are kept on disk while training (default: {MEMORY:g})",
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default=BACKENDS[0], help=f"what computes (default: {BACKENDS[0]})"
    )
    add_recipe_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train, measure, and write the model and its card."""
    recipe = recipe_from(args)
    if args.backend == "jax":
        _refuse_on_jax(args, recipe)
    os.environ[BACKEND_VARIABLE] = args.backend  # before Keras is imported
    if args.out.suffix != ".keras":
        raise ValueError(f"--out must end in .keras; it is {args.out.name}.")
    if recipe.freeze and not args.start:
        raise ValueError("--freeze keeps the weights of --start, and there is none.")
    name = args.name or args.out.stem
    check_name(name)  # the card will: not only when everything is trained
    datasets = [read_dataset(folder) for folder in (args.dataset, *args.also)]
    start = Start(args.start, read_card(card_path(args.start))) if args.start else None
    if args.soft_labels and not args.soft_labels.is_file():
        raise ValueError(f"There is no file {args.soft_labels}; --soft-labels expects a CSV of probabilities.")
    team = join_team()
    folder = args.out.with_name(f".{args.out.stem}.fit")
    with open_journal(folder, writes=team.is_first) as journal:
        cache = folder if team.is_first else folder.with_name(f"{folder.name}-{team.worker}")
        with speaking(folder):
            films = readable_films(datasets[:1], recipe.size, cache, args.memory)
            also = readable_films(datasets[1:], recipe.size, cache, args.memory - films.canvases.memory)
            also = apart(also, films, "test", *(("validation",) if recipe.hold_out == "validation" else ()))
        soft = soft_facts = None
        if args.soft_labels:
            soft = read_soft_labels(args.soft_labels, films.table)
            soft_facts = soft_label_facts(args.soft_labels, soft, films.table, args.soft_source)
        origin = Origin(args.out.name, recipe, soft_facts, start, team.workers)
        check_same(journal, _identity(origin, films.version, also.version))
        told = (tensorboard(args.tensorboard),) if args.tensorboard and team.is_first else ()
        helpers = Helpers(journal, team.strategy, team.worker, team.workers, told)
        fitted = fit(films, also, soft, recipe, start, helpers)
        card = make_card(name, fitted, films, also, origin)
        if team.is_first:
            place_model(fitted.model, card, fitted.rows, folder, args.out, recipe.half_weights)
            close_journal(journal)
            print(card.summary)
    return 0


def _refuse_on_jax(args: argparse.Namespace, recipe: Recipe) -> None:
    """Refuse what TensorFlow alone can do."""
    wanted = {
        "--mixed-precision float16": recipe.mixed_precision == "float16",
        "--tensorboard": args.tensorboard is not None,
        "several workers (TF_CONFIG)": "TF_CONFIG" in os.environ,
    }
    for name, is_wanted in wanted.items():
        if is_wanted:
            raise ValueError(f"--backend jax does not go with {name}.")


def _identity(origin: Origin, films: dict, also: dict) -> dict:
    """Everything that decides the weights: what goes on must be what was begun."""
    recipe = {name.replace("_", "-"): value for name, value in asdict(origin.recipe).items()}
    start, soft = origin.start, origin.soft_labels
    return {
        "recipe": recipe,
        "data": films,
        "mixed-in data": also,
        "start": start and start.card.sha256,
        "soft labels": soft and soft["sha256"],
        "workers": origin.workers,
    }
